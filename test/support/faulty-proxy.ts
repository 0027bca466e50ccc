import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'

/** An answer on its way back through the proxy. */
export interface PassingAnswer {
  status: number
  headers: OutgoingHttpHeaders
  body: string
}

/** What a proxy does wrong; nothing where nothing is named. */
export interface Fault {
  /** Changes the path of a request. */
  path?: (path: string) => string
  /** Changes the headers of a request. */
  headers?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders
  /** Answers itself. */
  answer?: (request: { path: string; method: string; length: number }) => PassingAnswer | undefined
  /** Changes an answer, which is held back until it is whole. */
  change?: (answer: PassingAnswer, path: string) => PassingAnswer
}

/** A reverse proxy as people set them up, with one mistake at a time. It names the client as proxies do. */
export async function startFaultyProxy({
  port,
  target,
  tls,
}: {
  port: number
  target: number
  tls?: { key: string; cert: string }
}) {
  let fault: Fault = {}
  const handle: Parameters<typeof createServer>[1] = (incoming, outgoing) => {
    const { url: path = '/', method = 'GET' } = incoming
    const length = Number(incoming.headers['content-length'] ?? 0)
    const own = fault.answer?.({ path, method, length })
    if (own) {
      incoming.resume()
      outgoing.writeHead(own.status, own.headers).end(own.body)
      return
    }
    const named = { 'x-forwarded-for': '203.0.113.9', ...incoming.headers }
    const headers = fault.headers?.(named) ?? named
    const upstream = request({
      host: '127.0.0.1',
      port: target,
      path: fault.path?.(path) ?? path,
      method,
      headers,
    })
    upstream.on('response', (answer) => {
      if (fault.change) return void passChanged(answer, outgoing, path, fault.change)
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(outgoing)
    })
    upstream.on('error', () => outgoing.destroy())
    incoming.pipe(upstream)
  }
  const server = tls ? createTlsServer(tls, handle) : createServer(handle)
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    /** Makes this mistake, and no other, from now on. */
    make(mistake: Fault) {
      fault = mistake
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function passChanged(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  path: string,
  change: NonNullable<Fault['change']>,
): Promise<void> {
  const body = Buffer.concat((await answer.toArray()) as Buffer[]).toString()
  const changed = change({ status: answer.statusCode ?? 502, headers: { ...answer.headers }, body }, path)
  const { 'content-length': _length, 'transfer-encoding': _encoding, ...headers } = changed.headers
  outgoing.writeHead(changed.status, headers).end(changed.body)
}
