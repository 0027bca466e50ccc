import { connect, type Socket } from 'node:net'

/** What came back on a socket. */
export interface RawAnswer {
  /** Absent when the server closed the connection without an answer. */
  status: number | undefined
  headers: Headers
  body: string
}

export interface RawOptions {
  /** Ends our side after sending, as a client does that breaks off. */
  hangUp?: boolean
}

/** Sends bytes as they are, for requests no HTTP client would make, and gives the first answer. */
export function sendRaw(
  port: number,
  bytes: string,
  { hangUp = false }: RawOptions = {},
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let received = ''
    const finish = () => {
      socket.destroy()
      resolve(parseAnswer(received))
    }
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      received += chunk
      if (isWhole(received)) finish()
    })
    // Refusing a request may reset the connection before all of it was sent; what was answered still counts.
    socket.on('error', finish)
    socket.on('close', finish)
    socket.write(bytes)
    if (hangUp) socket.end()
  })
}

/** A request line with headers and no body. */
export function requestText(line: string, headers: readonly string[]): string {
  return `${[line, ...headers].join('\r\n')}\r\n\r\n`
}

/** Opens a connection and leaves it to the test. */
export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket))
    socket.once('error', reject)
  })
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return false
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1]
  return length !== undefined && Buffer.byteLength(text.slice(end + 4)) >= Number(length)
}

function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]
  return {
    status: status === undefined ? undefined : Number(status),
    headers: new Headers(
      lines.map((line): [string, string] => [
        line.slice(0, line.indexOf(':')),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    ),
    body: rest.join('\r\n\r\n'),
  }
}
