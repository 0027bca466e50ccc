/**
 * A request refused before it reached any product rule: wrong host, malformed body, too large, too many.
 * `error` is a code in the style of RFC 6749 §5.2; the message is for people.
 */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
  readonly status: number
  readonly error: string
  readonly retryAfterSeconds: number | undefined
  constructor(status: number, error: string, message: string, options: { retryAfterSeconds?: number } = {}) {
    super(message)
    this.status = status
    this.error = error
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
