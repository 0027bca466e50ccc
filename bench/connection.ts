import { connect } from 'node:net'

/** One HTTP/1.1 connection that stays open, for one request after the other. */
export interface Connection {
  /** @returns the whole answer, with its head. @throws {Error} when it is not 200 */
  exchange: (request: string) => Promise<string>
  close: () => void
}

/** A whole request, as it goes over the wire. */
export function formatRequest(
  origin: string,
  request: { method: 'GET' | 'POST'; path: string; headers: Record<string, string>; body?: string },
): string {
  const { method, path, headers, body = '' } = request
  const all = { host: new URL(origin).host, ...headers, 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/**
 * Opens a connection that costs the client as little as can be: beside the server under test it shares the machine, and
 * Node's own client takes more of it than the server does.
 */
export function openConnection(port: number): Connection {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  let received = ''
  let settle: { resolve: (answer: string) => void; reject: (error: Error) => void } | undefined
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    received += chunk
    if (!isWhole(received)) return
    const [answer, waiting] = [received, settle]
    received = ''
    settle = undefined
    if (answer.startsWith('HTTP/1.1 200 ')) waiting?.resolve(answer)
    else waiting?.reject(new Error(`not the answer that was expected: ${answer.slice(0, 1000)}`))
  })
  const fail = () => settle?.reject(new Error('the connection ended'))
  socket.on('error', fail)
  socket.on('close', fail)
  return {
    exchange: (request) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}

function isWhole(received: string): boolean {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return false
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, end))?.[1]
  if (length === undefined) return received.endsWith('\r\n0\r\n\r\n')
  return received.length - end - 4 >= Number(length)
}
