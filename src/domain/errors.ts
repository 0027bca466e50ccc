/**
 * A refusal by our own rules. Its message is a sentence the person or model that asked may read and act on;
 * each face maps the code once (`satisfies Record<DomainErrorCode, …>`). Anything else that is thrown is a defect.
 */
export class DomainError extends Error {
  override readonly name = 'DomainError'
  readonly code: DomainErrorCode
  /** The form field or tool argument the refusal is about. */
  readonly field: string | undefined
  constructor(code: DomainErrorCode, message: string, options: { field?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.field = options.field
  }
}

export type DomainErrorCode =
  | 'not_found'
  | 'forbidden'
  | 'conflict'
  /** It was there, and is used up or out of date. */
  | 'gone'
  | 'invalid_input'
  | 'invalid_credentials'
  | 'rate_limited'
  | 'import_refused'
