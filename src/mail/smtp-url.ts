/** A mail server and how to speak to it. */
export interface SmtpServer {
  host: string
  port: number
  /** TLS from the first byte (RFC 8314 §3.3); otherwise STARTTLS. */
  implicitTls: boolean
  credentials: { user: string; pass: string } | undefined
}

/**
 * Reads `smtp://[user:password@]host[:port]` or `smtps://…`; user and password are percent-encoded.
 * @returns undefined for anything else
 */
export function parseSmtpUrl(value: string): SmtpServer | undefined {
  const url = URL.parse(value)
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') return undefined
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') return undefined
  const credentials = { user: decode(url.username), pass: decode(url.password) }
  if (credentials.user === undefined || credentials.pass === undefined) return undefined
  const { user, pass } = credentials
  // A user without a password, or the other way round, is a mistake in the address and not a way to sign in.
  if ((user === '') !== (pass === '')) return undefined
  const implicitTls = url.protocol === 'smtps:'
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    // RFC 8314 §3.3 and RFC 6409 §3.1.
    port: url.port === '' ? (implicitTls ? 465 : 587) : Number(url.port),
    implicitTls,
    credentials: user === '' ? undefined : { user, pass },
  }
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** `opentrace@example.com` or `OpenTrace <opentrace@example.com>`, on one line. */
export function parseSender(value: string): { name: string; address: string } | undefined {
  const [, name, named, bare] =
    /^(?:([^<>"\p{Cc}]*)<([^\s<>,;"]+@[^\s<>,;"@]+)>|([^\s<>,;"]+@[^\s<>,;"@]+))$/u.exec(value.trim()) ?? []
  const address = named ?? bare
  return address === undefined ? undefined : { name: name?.trim() ?? '', address }
}
