/** A message in plain text to one person. */
export interface Mail {
  to: string
  /** One line; whatever would break it is taken out. */
  subject: string
  text: string
}

/** Sends mail, where the operator said through which server. */
export interface Mailer {
  readonly isConfigured: boolean
  /** @throws {MailNotSent} always where it is not configured */
  readonly send: (mail: Mail) => Promise<void>
}

/** The mail server refused a message or did not take it in time. Its message names no address, so that it may be logged. */
export class MailNotSent extends Error {
  override readonly name = 'MailNotSent'
}
