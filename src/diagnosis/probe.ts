import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { TLSSocket } from 'node:tls'

/** One request of a check. GET, without body, unless told. */
export interface ProbeRequest {
  method?: 'GET' | 'POST' | 'OPTIONS'
  headers?: Record<string, string>
  body?: string
}

/** What came back. Redirects are not followed: clients do not follow most of them either. */
export interface Answer {
  url: string
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** From the first byte of the body to the last, in milliseconds. */
  bodyTook: number
  /** When the certificate ends, in epoch milliseconds; absent without TLS. */
  certificateEndsAt: number | undefined
}

/** Sends one request of a check. @throws {Unreachable} */
export type Probe = (url: string, request?: ProbeRequest) => Promise<Answer>

/** Nothing answered; `code` is the one of Node or OpenSSL, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

const timeout = 5_000
/** Every answer that is looked for is far smaller. */
const longestAnswer = 256 * 1024

/**
 * @returns a probe whose requests end within five seconds
 * @param ca certificate authorities to trust in place of the system's, as PEM
 */
export function createProbe({ ca }: { ca?: string | undefined } = {}): Probe {
  return (url, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException) => reject(unreachable(error))
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const options = {
        method,
        headers: {
          'user-agent': 'opentrace-doctor',
          // As clients do; a server that was told to close may reset while a large body is still on its way.
          connection: 'keep-alive',
          ...headers,
          ...length,
        },
        // A connection of its own for each request, so that one that was cut says nothing about the next.
        agent: false as const,
        signal: AbortSignal.timeout(timeout),
        ...(ca === undefined ? {} : { ca }),
      }
      const send = url.startsWith('https:') ? httpsRequest : httpRequest
      const request = send(url, options, (response) => {
        read(url, response).then(resolve, fail)
      })
      request.on('error', fail)
      request.end(body)
    })
}

async function read(url: string, response: IncomingMessage): Promise<Answer> {
  const { statusCode = 0, headers, socket } = response
  // Asked now: after the answer the socket may be gone.
  const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined
  const chunks: Buffer[] = []
  let length = 0
  let firstAt: number | undefined
  for await (const chunk of response as AsyncIterable<Buffer>) {
    firstAt ??= performance.now()
    chunks.push(chunk)
    length += chunk.length
    if (length > longestAnswer) break
  }
  return {
    url,
    status: statusCode,
    headers,
    text: Buffer.concat(chunks).toString('utf8'),
    bodyTook: firstAt === undefined ? 0 : performance.now() - firstAt,
    certificateEndsAt: certificate && Date.parse(certificate.valid_to),
  }
}

/** Where every address of a name refuses, Node wraps the refusals; they say the same. */
function unreachable(error: NodeJS.ErrnoException): Unreachable {
  const code = error.name === 'AbortError' || error.name === 'TimeoutError' ? 'ETIMEDOUT' : error.code
  return new Unreachable(code ?? 'UNKNOWN', error.message)
}

/** The JSON object of an answer, or undefined. */
export function parseDocument(answer: Answer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(answer.text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** An answer in a few words: its status, and what it says for itself where it says something. */
export function describeAnswer(answer: Answer): string {
  const document = parseDocument(answer)
  const words = document?.['error_description'] ?? document?.['error']
  const type = (answer.headers['content-type'] ?? '').split(';')[0]
  const what =
    typeof words === 'string'
      ? `: ${words.replace(/\.$/, '')}`
      : type === undefined || type === ''
        ? ''
        : ` (${type})`
  return `${answer.status}${what}`
}
