import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createTokenMails, type TokenMails } from '../../src/domain/token-mails.ts'
import { createSmtpMailer } from '../../src/mail/smtp.ts'
import { administrationOf, createAccount, issueToken } from '../support/api-tokens.ts'
import { startMailServer } from '../support/mail-server.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const day = 24 * 60 * 60 * 1000

for (const [engine, skip] of [
  ['SQLite', false],
  ['Redis', redisSkipReason()],
] as const) {
  describe(`Mails about API tokens, on ${engine}`, { skip }, () => {
    let mail: Awaited<ReturnType<typeof startMailServer>>
    let server: TestServer
    let people: Awaited<ReturnType<typeof populate>>
    let stopRedis: (() => Promise<void>) | undefined
    before(async () => {
      const redis = engine === 'Redis' ? await startRedis() : undefined
      stopRedis = redis?.stop
      mail = await startMailServer()
      server = await startServer({ redisUrl: redis?.url, environment: { SMTP_URL: mail.url } })
      people = await populate(server)
    })
    after(async () => {
      await server.stop()
      await mail.stop()
      await stopRedis?.()
    })

    /** As another process would do it, some days from now. */
    function mailsIn(daysAhead: number, url: string | undefined = mail.url): TokenMails {
      return createTokenMails({
        ...server.domain,
        mailer: createSmtpMailer(url === '' ? undefined : { url, from: 'opentrace@localhost' }),
        publicUrl: server.origin,
        now: () => Date.now() + daysAhead * day,
      })
    }

    function touch(tokenId: string, daysAhead: number): Promise<void> {
      return server.store.documents.touch('api-token', tokenId, { lastUsedAt: Date.now() + daysAhead * day })
    }

    it('tell administrators once that a token expires within seven days, however many processes look', async () => {
      const account = await createAccount(server, people)
      await issueToken(server, people, account)
      await issueToken(server, people, account, { name: 'Later', expiry: { choice: '90', date: '' } })
      await mailsIn(22).warnOfExpiries()
      assert.equal(mail.received.length, 0, 'too early')
      await mailsIn(24, '').warnOfExpiries()
      await mailsIn(24, 'smtp://127.0.0.1:1').warnOfExpiries()
      assert.equal(mail.received.length, 0, 'without a mail server it waits for one')
      await Promise.all([
        mailsIn(24).warnOfExpiries(),
        mailsIn(24).warnOfExpiries(),
        mailsIn(24).warnOfExpiries(),
      ])
      await mailsIn(25).warnOfExpiries()
      assert.deepEqual(
        mail.received.map(({ to }) => to),
        [['ada@example.com']],
        'not to members, not twice, not of the other token',
      )
      const [received] = mail.received
      assert.match(received?.header ?? '', /Subject: An API token of Acme expires soon/)
      assert.match(received?.text ?? '', /"GitHub Actions" of the service account ci in Acme expires on \d/)
      assert.ok(received?.text.includes(`${server.origin}/organizations/acme/service-accounts/${account.id}`))
    })

    it('tell administrators once that a token was not used for 90 days, and again when it was used in between', async () => {
      mail.received.length = 0
      const account = await createAccount(server, people, 'idle')
      const expiry = { choice: '365', date: '' }
      const { token: used } = await issueToken(server, people, account, { name: 'Nightly', expiry })
      await issueToken(server, people, account, { name: 'Forgotten', expiry })
      const { token: revoked } = await issueToken(server, people, account, { name: 'Revoked', expiry })
      await server.domain.apiTokenIssue.revoke(administrationOf(people), revoked.id)
      await touch(used.id, 30)
      await mailsIn(89).tellOfUnused()
      assert.equal(mail.received.length, 0, 'too early')
      await mailsIn(91, '').tellOfUnused()
      await mailsIn(91, 'smtp://127.0.0.1:1').tellOfUnused()
      assert.equal(mail.received.length, 0, 'without a mail server it waits for one')
      await Promise.all([mailsIn(91).tellOfUnused(), mailsIn(91).tellOfUnused(), mailsIn(91).tellOfUnused()])
      await mailsIn(119).tellOfUnused()
      const [received] = mail.received
      assert.deepEqual(
        mail.received.map(({ to }) => to),
        [['ada@example.com']],
        'not to members, not twice, not of those in use, revoked or expired',
      )
      assert.match(received?.header ?? '', /Subject: An API token of Acme is unused/)
      assert.match(
        received?.text ?? '',
        /"Forgotten" of the service account idle in Acme was made on .+ never used/,
      )
      assert.ok(received?.text.includes(`${server.origin}/organizations/acme/service-accounts/${account.id}`))

      await mailsIn(121).tellOfUnused()
      assert.match(mail.received[1]?.text ?? '', /"Nightly" .+ was last used on \d/)
      await touch(used.id, 122)
      await mailsIn(211).tellOfUnused()
      assert.equal(mail.received.length, 2, 'used meanwhile')
      await mailsIn(213).tellOfUnused()
      await mailsIn(214).tellOfUnused()
      assert.equal(mail.received.length, 3, 'unused again')
    })

    it('tell administrators that a leaked token was revoked, without the token', async () => {
      mail.received.length = 0
      const account = await createAccount(server, people, 'leaky')
      const { secret } = await issueToken(server, people, account)
      await fetch(`${server.origin}/.well-known/leak-report`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token: secret }),
      })
      for (let left = 200; mail.received.length === 0 && left > 0; left -= 1) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      const [received] = mail.received
      assert.deepEqual(received?.to, ['ada@example.com'])
      assert.match(received?.text ?? '', /presented it, which revoked it/)
      assert.ok(!received?.text.includes(secret))
    })
  })
}
