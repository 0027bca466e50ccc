import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Mail } from '../../src/domain/mail.ts'
import { operatorsResetLifetime, resetLink } from '../../src/domain/password-resets.ts'
import { createBrowser, type Page } from '../support/browser.ts'
import { callTool, refresh, signIn } from '../support/oauth-client.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'

const another = 'another battery, correct this time'
const chrome =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'

const stores: { name: string; skip: string | false; start: () => ReturnType<typeof startRedis> }[] = [
  { name: 'the embedded store', skip: false, start: async () => undefined },
  { name: 'Redis', skip: redisSkipReason(), start: () => startRedis() },
]

for (const store of stores) {
  describe(`One’s account (/account), on ${store.name}`, { skip: store.skip }, () => {
    let redis: Awaited<ReturnType<typeof startRedis>>
    let server: TestServer
    let people: Awaited<ReturnType<typeof populate>>
    const sent: Mail[] = []
    before(async () => {
      redis = await store.start()
      const mailer = {
        isConfigured: true,
        send: (mail: Mail) => {
          sent.push(mail)
          return Promise.resolve()
        },
      }
      server = await startServer({ redisUrl: redis?.url, mailer })
      people = await populate(server)
    })
    after(async () => {
      await server.stop()
      await redis?.stop()
    })

    const signInWith = async (email: string, secret: string): Promise<Page> => {
      const browser = createBrowser(server.origin)
      return browser.submit(await browser.open('/sign-in'), { email, password: secret })
    }
    const assertRecorded = async (organizationId: string, type: string) => {
      const entries = await server.domain.auditLog.page(organizationId, { limit: 20 })
      assert.ok(
        entries.some((entry) => entry.type === type),
        type,
      )
    }

    it('changes the name others see', async () => {
      const bob = await openAs(server.origin, 'bob')
      const refused = await bob.submit(await bob.open('/account'), { name: '  ' }, /profile$/)
      assert.equal(refused.status, 422)
      assert.match(refused.html, /id="name-note">Enter your name/)
      const saved = await bob.submit(refused, { name: 'Robert <b>' }, /profile$/)
      assert.match(saved.html, /role="status">Your name is saved[\s\S]*value="Robert &lt;b&gt;"/)
    })

    it('changes the password: other browsers are out, this one stays, clients as chosen', async () => {
      const clients = await signIn(server.origin, { email: 'mel@example.com' })
      const [here, there] = [await openAs(server.origin, 'mel'), await openAs(server.origin, 'mel')]
      await sleep(1000)
      const page = await here.open('/account')
      const change = (from: Page, fields: Record<string, string>) =>
        here.submit(
          from,
          { current_password: password, new_password: another, ...fields },
          /account\/password$/,
        )

      const wrong = await change(page, { current_password: 'guess' })
      assert.equal(wrong.status, 422)
      assert.match(wrong.html, /id="current_password-note">This is not your present password/)
      const short = await change(page, { new_password: 'short' })
      assert.match(short.html, /id="new_password-note">Use at least 10 characters/)

      const changed = await change(page, {})
      assert.match(changed.html, /role="status">Your password is changed/)
      assert.match((await there.open('/account')).url, /\/sign-in\?/)
      assert.equal((await callTool(server.origin, clients.access_token)).status, 200)
      await assertRecorded(people.acme.id, 'password.changed')
      assert.equal(sent.at(-1)?.to, 'mel@example.com')
      assert.match(sent.at(-1)?.subject ?? '', /was changed/)

      assert.equal((await signInWith('mel@example.com', password)).status, 422)
      assert.equal((await signInWith('mel@example.com', another)).status, 200)
      const again = { current_password: another, new_password: password, client_sessions: 'end' }
      assert.match((await change(changed, again)).html, /client sessions have ended/)
      assert.equal((await callTool(server.origin, clients.access_token)).status, 401)
    })

    it('lists sign-ins with device and place, and ends one of them', async () => {
      const here = await openAs(server.origin, 'bob')
      const there = createBrowser(server.origin)
      const form = await there.open('/sign-in')
      const fields = { csrf: /name="csrf" value="([^"]+)/.exec(form.html)?.[1] ?? '' }
      await there.open('/sign-in', {
        method: 'POST',
        headers: { 'user-agent': chrome },
        body: new URLSearchParams({ ...fields, email: 'bob@example.com', password }),
      })
      assert.equal((await there.open('/account')).status, 200)
      const page = await here.open('/account/sessions')
      assert.match(page.html, /<strong>Chrome on Linux<\/strong> at <span class="fixed">127\.0\.0\.1</)
      const [, uid] =
        /sign-ins\/([\w-]+)\/end"[\s\S]{0,300}Sign out<span[^>]*> Chrome on Linux/.exec(page.html) ?? []
      const ended = await here.submit(page, {}, new RegExp(`sign-ins/${uid}/end$`))
      assert.match(ended.html, /role="status">That browser is signed out/)
      assert.doesNotMatch(ended.html, /Chrome on Linux/)
      assert.match((await there.open('/account')).url, /\/sign-in\?/)
      assert.equal((await here.open('/account')).status, 200)

      const ada = await openAs(server.origin, 'ada')
      const foreign = await ada.submit(await ada.open('/account/sessions'), { browsers: 'others' }, /end$/)
      assert.equal(foreign.status, 200)
      assert.equal((await here.open('/account')).status, 200)
    })

    it('sets a forgotten password by a mailed link: once, ending what was signed in', async () => {
      const clients = await signIn(server.origin)
      const earlier = await openAs(server.origin, 'ada')
      sent.length = 0
      const browser = createBrowser(server.origin)
      const question = await browser.open('/forgot-password')
      const answers = [
        await browser.submit(question, { email: 'Ada@Example.com' }),
        await browser.submit(question, { email: 'nobody@example.com' }),
      ].map(({ status, html }) => ({
        status,
        html: html.replaceAll(/Ada@Example.com|nobody@example.com|nonce="[^"]*"/g, ''),
      }))
      assert.deepEqual(answers[0], answers[1])
      await untilMailed(sent)
      assert.deepEqual(
        sent.map(({ to }) => to),
        ['ada@example.com'],
      )
      const link = /^http\S+$/m.exec(sent[0]?.text ?? '')?.[0] ?? ''
      assert.ok(link.startsWith(`${server.origin}/reset-password?token=`), link)

      const form = await browser.open(link)
      assert.equal((await browser.submit(form, { password: 'short' })).status, 422)
      const done = await browser.submit(form, { password: another })
      assert.match(done.html, /Your password is set\. Sign in with it/)
      assert.match((await earlier.open('/account')).url, /\/sign-in\?/)
      assert.equal((await callTool(server.origin, clients.access_token)).status, 401)
      assert.equal((await refresh(server.origin, clients.clientId, clients.refresh_token)).status, 400)
      assert.match(sent.at(-1)?.subject ?? '', /was changed/)
      await assertRecorded(people.acme.id, 'password.reset')
      assert.equal((await signInWith('ada@example.com', another)).status, 200)

      assert.equal((await browser.open(link)).status, 404)
      assert.equal((await browser.submit(form, { password: 'yet another password' })).status, 404)
    })

    it('sends at most three links an hour to an address, and says so to nobody', async () => {
      sent.length = 0
      const browser = createBrowser(server.origin)
      const question = await browser.open('/forgot-password')
      for (let count = 0; count < 4; count += 1) {
        assert.equal((await browser.submit(question, { email: 'bob@example.com' })).status, 200)
      }
      await untilMailed(sent, 3)
      await sleep(50)
      assert.equal(sent.length, 3)
    })

    it('voids links made before the password was changed, and those of suspended users', async () => {
      const { passwordResets, accountSafety } = server.domain
      const [stale, live] = [
        await passwordResets.issue(people.bob, operatorsResetLifetime),
        await passwordResets.issue(people.mel, operatorsResetLifetime),
      ].map((token) => resetLink('', token))
      const bob = await server.domain.users.find(people.bob.id)
      assert.ok(bob)
      await accountSafety.changePassword(
        bob,
        { password, signInUid: '', endsClientSessions: false },
        '127.0.0.1',
      )
      const browser = createBrowser(server.origin)
      assert.equal((await browser.open(stale ?? '')).status, 404)
      assert.equal((await browser.open(live ?? '')).status, 200)
      await accountSafety.suspend(people.mel)
      assert.equal((await browser.open(live ?? '')).status, 404)
      await accountSafety.restore(people.mel)
    })

    it('keeps a suspended user out at once, and lets nothing of before live on when it is lifted', async () => {
      const clients = await signIn(server.origin, { email: 'mel@example.com' })
      const browser = await openAs(server.origin, 'mel')
      await server.domain.accountSafety.suspend(people.mel)
      assert.match((await browser.open('/account')).url, /\/sign-in\?/)
      const refused = await callTool(server.origin, clients.access_token)
      assert.equal(refused.status, 401)
      assert.match(await refused.text(), /Your user was suspended by the operator of this server on /)
      assert.equal((await signInWith('mel@example.com', password)).status, 422)
      await server.domain.accountSafety.restore(people.mel)
      assert.match((await browser.open('/account')).url, /\/sign-in\?/)
      assert.equal((await callTool(server.origin, clients.access_token)).status, 401)
      assert.equal((await signInWith('mel@example.com', password)).status, 200)
      await assertRecorded(people.acme.id, 'user.restored')
    })
  })
}

it('A server without SMTP_URL says whom to ask for another password (/forgot-password)', async () => {
  const server = await startServer()
  try {
    const page = await createBrowser(server.origin).open('/forgot-password')
    assert.match(page.html, /sends no mail[\s\S]*opentrace users reset-password/)
    assert.doesNotMatch(page.html, /<form/)
  } finally {
    await server.stop()
  }
})

/** Mail goes out after the answer. */
async function untilMailed(sent: Mail[], count = 1): Promise<void> {
  for (let waits = 0; sent.length < count && waits < 100; waits += 1) await sleep(20)
}
