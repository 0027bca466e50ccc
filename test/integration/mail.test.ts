import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { MailNotSent } from '../../src/domain/mail.ts'
import { createSmtpMailer } from '../../src/mail/smtp.ts'
import { parseSmtpUrl } from '../../src/mail/smtp-url.ts'
import { startMailServer } from '../support/mail-server.ts'

const from = 'OpenTrace <opentrace@trace.example>'
const mail = { to: 'bob@example.com', subject: 'Über uns', text: 'Öffne https://trace.example/i/x\n' }

describe('Mail through an SMTP server', () => {
  let server: Awaited<ReturnType<typeof startMailServer>>
  before(async () => {
    server = await startMailServer()
  })
  after(() => server.stop())

  it('arrives: one recipient, sender, subject and text in any script, marked as automatic (RFC 3834 §5)', async () => {
    const mailer = createSmtpMailer({ url: server.url, from })
    assert.equal(mailer.isConfigured, true)
    await mailer.send(mail)
    const [got] = server.received.splice(0)
    assert.deepEqual([got?.from, got?.to], ['opentrace@trace.example', ['bob@example.com']])
    assert.match(got?.header ?? '', /^From: OpenTrace <opentrace@trace\.example>$/m)
    assert.match(got?.header ?? '', /^Subject: =\?UTF-8\?Q\?=C3=9Cber_uns\?=$/m)
    assert.match(got?.header ?? '', /^Auto-Submitted: auto-generated$/m)
    assert.match(got?.text ?? '', /Öffne https:\/\/trace\.example\/i\/x/)
  })

  it('signs in with the credentials of SMTP_URL, percent-decoded', async () => {
    const url = server.url.replace('//', '//us%40er:pass%3Aword@')
    await createSmtpMailer({ url, from }).send(mail)
    assert.equal(server.received.splice(0)[0]?.user, 'us@er')
    const wrong = createSmtpMailer({ url: url.replace('word', ''), from })
    await assert.rejects(wrong.send(mail), { name: 'MailNotSent', message: /EAUTH/ })
  })

  it('carries no header or recipient that stood in a subject or an address', async () => {
    const mailer = createSmtpMailer({ url: server.url, from })
    await mailer.send({ ...mail, subject: 'Join\r\nBcc: eve@evil.example\r\n\r\nbody' })
    const [got] = server.received.splice(0)
    assert.deepEqual(got?.to, ['bob@example.com'])
    assert.match(got?.header ?? '', /^Subject: Join Bcc: eve@evil\.example body$/m)
    for (const to of ['bob@example.com, eve@evil.example', 'bob@example.com\r\nRCPT TO:<eve@evil.example>']) {
      await mailer.send({ ...mail, to }).catch((error: unknown) => assert.ok(error instanceof MailNotSent))
    }
    const recipients = server.received.splice(0).flatMap((sent) => sent.to)
    assert.deepEqual(
      recipients.filter((to) => to === 'eve@evil.example'),
      [],
    )
  })

  it('says why it was not sent without naming the recipient', async () => {
    const mailer = createSmtpMailer({ url: server.url, from })
    await assert.rejects(mailer.send({ ...mail, to: 'nobody@example.com' }), (error: Error) => {
      assert.ok(error instanceof MailNotSent)
      assert.match(error.message, /EENVELOPE, the server answered 550/)
      assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /nobody/)
      return true
    })
    const nothing = createSmtpMailer(undefined)
    assert.equal(nothing.isConfigured, false)
    await assert.rejects(nothing.send(mail), MailNotSent)
  })

  it('gives a silent server up within seconds', async () => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => sockets.push(socket))
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve)
    })
    const { port } = silent.address() as AddressInfo
    const started = Date.now()
    await assert.rejects(createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from }).send(mail), {
      name: 'MailNotSent',
      message: /ETIMEDOUT/,
    })
    assert.ok(Date.now() - started < 8_000)
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
})

describe('SMTP_URL', () => {
  it('means STARTTLS at 587, or TLS from the start at 465 (RFC 8314 §3.3)', () => {
    const plain = { host: 'mail.example', port: 587, implicitTls: false, credentials: undefined }
    assert.deepEqual(parseSmtpUrl('smtp://mail.example'), plain)
    assert.deepEqual(parseSmtpUrl('smtps://u:p@[::1]'), {
      host: '::1',
      port: 465,
      implicitTls: true,
      credentials: { user: 'u', pass: 'p' },
    })
  })
})
