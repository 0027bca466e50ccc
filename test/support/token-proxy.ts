import { createServer, request } from 'node:http'

/**
 * A reverse proxy that signs in for a client which cannot: it adds a bearer token to requests for one path. Host and
 * Origin pass unchanged, since what the server makes of them is under test.
 */
export async function startTokenProxy({
  port,
  target,
  path,
}: {
  port: number
  target: number
  path: string
}) {
  let token: string | undefined
  const server = createServer((incoming, outgoing) => {
    const outgoingRequest = request(
      {
        host: 'localhost',
        port: target,
        path: incoming.url,
        method: incoming.method,
        headers: {
          ...incoming.headers,
          ...(token !== undefined && incoming.url === path ? { authorization: `Bearer ${token}` } : {}),
        },
      },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders)
        response.pipe(outgoing)
      },
    )
    outgoingRequest.on('error', () => outgoing.destroy())
    outgoing.on('close', () => outgoingRequest.destroy())
    incoming.pipe(outgoingRequest)
  })
  await new Promise<void>((resolve) => {
    server.listen({ host: 'localhost', port }, resolve)
  })
  return {
    useToken(newToken: string) {
      token = newToken
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}
