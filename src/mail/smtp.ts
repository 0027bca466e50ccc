import { createTransport } from 'nodemailer'
import { type Mailer, MailNotSent } from '../domain/mail.ts'
import { parseSender, parseSmtpUrl } from './smtp-url.ts'

/** The checked variables `SMTP_URL` and `MAIL_FROM`. */
export interface MailSettings {
  url: string
  from: string
}

// Somebody waits for the page behind it, and what was done stands already.
const deadline = 10_000
const patience = {
  dnsTimeout: 4_000,
  connectionTimeout: 4_000,
  greetingTimeout: 4_000,
  socketTimeout: 8_000,
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '::1'])

const absent: Mailer = {
  isConfigured: false,
  send: () => Promise.reject(new MailNotSent('no mail server is configured')),
}

/**
 * Sends through the operator's mail server (RFC 6409), one connection for each message.
 * @param settings absent: nothing can be sent
 */
export function createSmtpMailer(settings: MailSettings | undefined): Mailer {
  const server = settings && parseSmtpUrl(settings.url)
  const from = settings && parseSender(settings.from)
  if (!server || !from) return absent
  const { host, port, implicitTls, credentials } = server
  const isLoopback = loopbackHosts.has(host)
  const transport = createTransport({
    host,
    port,
    secure: implicitTls,
    ...(credentials && { auth: credentials }),
    // A password crosses no network in the clear; on loopback nobody listens, and certificates there are seldom valid.
    requireTLS: credentials !== undefined && !isLoopback,
    ignoreTLS: isLoopback,
    ...patience,
    disableFileAccess: true,
    disableUrlAccess: true,
  })

  return {
    isConfigured: true,
    async send({ to, subject, text }) {
      const sent = transport.sendMail({
        from,
        // As a structure, not as a header to parse, or a comma in it would make several recipients.
        to: { name: '', address: to },
        subject: subject.replaceAll(/\p{Cc}+/gu, ' '),
        text,
        // RFC 3834 §5: nobody's absence notice is wanted in answer.
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
      await within(deadline, sent).catch((error: unknown) => {
        throw new MailNotSent(reasonOf(error))
      })
    },
  }
}

/** Timeouts above are for silence; a server that dribbles would never meet them. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new MailNotSent('the mail server took too long')), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What a log may say: the library's message can repeat the recipient's address. */
function reasonOf(error: unknown): string {
  if (error instanceof MailNotSent) return error.message
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  if (typeof code !== 'string') throw error
  const answer = typeof responseCode === 'number' ? `, the server answered ${responseCode}` : ''
  return `mail was not sent: ${code}${answer}`
}
