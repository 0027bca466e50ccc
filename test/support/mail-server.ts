import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A message as the server received it. */
export interface ReceivedMail {
  from: string
  /** Of the envelope. */
  to: string[]
  /** Who signed in, if anybody. */
  user: string | undefined
  /** Header and body, with the transfer encoding taken off the body. */
  header: string
  text: string
}

/** A real SMTP server on loopback that keeps what it is sent; it refuses whoever is called `nobody@…`. */
export async function startMailServer() {
  const received: ReceivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      password === 'pass:word' ? done(null, { user: username }) : done(new Error('wrong password')),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('nobody@') ? done(new Error(`no such user ${address}`)) : done(),
    onData(stream, { envelope, user }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const message = Buffer.concat(chunks).toString('utf8')
        const end = message.indexOf('\r\n\r\n')
        const header = message.slice(0, end).replaceAll(/\r\n[ \t]+/g, ' ')
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        received.push({
          from,
          to: envelope.rcptTo.map(({ address }) => address),
          user: typeof user === 'string' ? user : undefined,
          header,
          text: decode(message.slice(end + 4), header),
        })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.server.address() as AddressInfo
  return {
    received,
    port,
    url: `smtp://127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(resolve)
      }),
  }
}

function decode(body: string, header: string): string {
  if (/^content-transfer-encoding: base64/im.test(header)) return Buffer.from(body, 'base64').toString('utf8')
  if (!/^content-transfer-encoding: quoted-printable/im.test(header)) return body
  const bytes = body
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_match, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
