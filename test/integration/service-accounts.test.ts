import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from '../support/browser.ts'
import { answerOf, beginSession, mcpHeaders, post, toolCall } from '../support/mcp-endpoint.ts'
import { callTool } from '../support/oauth-client.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'

const base = '/organizations/acme/service-accounts'
const day = 24 * 60 * 60 * 1000

for (const [engine, skip] of [
  ['SQLite', false],
  ['Redis', redisSkipReason()],
] as const) {
  describe(`Service accounts on ${engine}`, { skip }, () => {
    let clock = 0
    let server: TestServer
    let ada: Browser
    let stopRedis: (() => Promise<void>) | undefined
    before(async () => {
      const redis = engine === 'Redis' ? await startRedis() : undefined
      stopRedis = redis?.stop
      server = await startServer({ redisUrl: redis?.url, now: () => Date.now() + clock })
      await populate(server)
      ada = await openAs(server.origin, 'ada')
    })
    after(async () => {
      await server.stop()
      await stopRedis?.()
    })

    /** Makes an account; gives its path. */
    async function create(name: string, description = ''): Promise<string> {
      const page = await ada.submit(
        await ada.open(`${base}/new`),
        { name, description },
        /\/service-accounts$/,
      )
      assert.equal(page.status, 200, page.html)
      return new URL(page.url).pathname
    }

    /** Generates a token in the browser; gives the page that shows it. */
    async function generate(account: string, fields: Record<string, string> = {}) {
      const form = await ada.open(`${account}/tokens/new`)
      const page = await ada.submit(form, { name: 'GitHub Actions', expiry: '90', ...fields }, /\/tokens$/)
      return { page, token: tokenOn(page) }
    }

    async function refusalOf(token: string): Promise<string> {
      const response = await callTool(server.origin, token)
      assert.equal(response.status, 401)
      return ((await response.json()) as { error_description: string }).error_description
    }

    it('are made, and their tokens shown once, with the commands that use them', async () => {
      assert.match((await ada.open(base)).html, /No service account/)
      const account = await create('ci-checkout', 'Asks before each deployment')
      const { page, token } = await generate(account)
      assert.match(token, /^ot_sat_[0-9A-Za-z]{46}$/)
      assert.equal(page.headers.get('cache-control'), 'no-store')
      assert.ok(!page.url.includes(token))
      assert.match(page.html, /Copy the token now\./)
      assert.ok(page.html.includes(`claude mcp add opentrace --transport http ${server.mcpUrl} --header`))
      assert.match(page.html, /Bearer \$\{OPENTRACE_API_TOKEN\}/)
      const answer = await answerOf(await callTool(server.origin, token))
      const { service_account: who } = answer.result?.structuredContent ?? {}
      assert.deepEqual(who, { name: 'ci-checkout' })
      await server.domain.auditLog.flush()
      const later = [account, base, '/organizations/acme/audit-log', '/organizations/acme/sessions']
      for (const path of later) {
        const { html } = await ada.open(path)
        assert.match(html, /ci-checkout/, path)
        assert.ok(!html.includes(token), path)
      }
      assert.ok(!server.log.join('\n').includes(token))
    })

    it('are for administrators: members get neither page nor form', async () => {
      const account = await create('guarded')
      const mel = await openAs(server.origin, 'mel')
      const form = await ada.open(`${account}/tokens/new`)
      for (const path of [base, `${base}/new`, account, `${account}/tokens/new`]) {
        assert.equal((await mel.open(path)).status, 403, path)
      }
      assert.doesNotMatch((await mel.open('/organizations/acme')).html, /service-accounts/)
      const { html } = await mel.open('/organizations/acme/sessions')
      const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
      for (const path of [
        base,
        `${account}/tokens`,
        `${account}/disable`,
        `${account}/delete`,
        `${base}/policy`,
      ]) {
        const body = new URLSearchParams({ csrf, name: 'mine', expiry: '30' })
        assert.equal((await mel.open(path, { method: 'POST', body })).status, 403, path)
      }
      assert.equal(form.status, 200)
    })

    it('keep what was typed when a form is refused, and say why beside the field', async () => {
      const account = await create('picky')
      const again = await ada.submit(
        await ada.open(`${base}/new`),
        { name: 'PICKY', description: 'kept' },
        /\/service-accounts$/,
      )
      assert.equal(again.status, 409)
      assert.match(again.html, /There is a service account PICKY already/)
      assert.match(again.html, /value="kept"/)
      const { page } = await generate(account, { name: 'kept', expiry: 'date', date: '2020-01-01' })
      assert.equal(page.status, 422)
      assert.match(page.html, /This date has passed/)
      assert.match(page.html, /value="kept"/)
      const { page: second } = await generate(account, { addresses: 'home' })
      assert.match(second.html, /&quot;home&quot; is no address|"home" is no address/)
    })

    it('are disabled, enabled and deleted, and each holds at the next request', async () => {
      const account = await create('switched')
      const { token } = await generate(account)
      const session = await beginSession(server.mcpUrl, token)
      await ada.submit(await ada.open(account), {}, /\/disable$/)
      assert.match(await refusalOf(token), /The service account switched was disabled by Ada Lovelace/)
      await ada.submit(await ada.open(account), {}, /\/enable$/)
      assert.equal((await post(server.mcpUrl, toolCall('whoami'), session)).status, 200)
      await ada.submit(await ada.open(account), {}, /\/delete$/)
      assert.match(await refusalOf(token), /when its service account was deleted by Ada Lovelace/)
      assert.equal((await ada.open(account)).status, 404)
    })

    it('have tokens that hold to their addresses', async () => {
      const account = await create('bound')
      const { token } = await generate(account, { addresses: '203.0.113.0/24 2001:db8::/32' })
      assert.match(await refusalOf(token), /may not be used from (127\.0\.0\.1|::1)/)
      const { token: local } = await generate(account, { addresses: '127.0.0.0/8, ::1' })
      assert.equal((await callTool(server.origin, local)).status, 200)
    })

    it('have tokens that are rotated under load, and no request fails that switches within the overlap', async () => {
      const account = await create('rotated')
      const { token: old } = await generate(account)
      let current = old
      const session = await beginSession(server.mcpUrl, old)
      const statuses: number[] = []
      const stopped = new AbortController()
      const load = Promise.all(
        Array.from({ length: 4 }, async () => {
          while (!stopped.signal.aborted) {
            const headers = { ...session, ...mcpHeaders(current) }
            statuses.push((await post(server.mcpUrl, toolCall('whoami'), headers)).status)
          }
        }),
      )
      const rotate = await ada.open((await ada.open(account)).html.match(/href="([^"]+\/rotate)"/)?.[1] ?? '')
      const successor = tokenOn(await ada.submit(rotate, { overlap: '3600', expiry: '90' }, /\/rotate$/))
      await callsAnswered(statuses, 5)
      current = successor
      await callsAnswered(statuses, 5)
      stopped.abort()
      await load
      assert.deepEqual([...new Set(statuses)], [200])
      clock = 3_601_000
      assert.match(await refusalOf(old), /was replaced by Ada Lovelace with a new one and ended on/)
      assert.equal((await callTool(server.origin, successor)).status, 200)
      clock = 0
      assert.match((await ada.open(account)).html, />rotated</)
    })

    it('mark tokens that expire within 7 days, and those nobody used for 90', async () => {
      const account = await create('marked')
      await generate(account, { expiry: '30' })
      await generate(account, { expiry: '365' })
      assert.doesNotMatch((await ada.open(account)).html, />soon<|>unused</)
      clock = 24 * day
      // The sign-in is older than 15 minutes by now, but looking needs no fresh one.
      const browser = await openAs(server.origin, 'ada')
      assert.match((await browser.open(account)).html, />soon</)
      clock = 91 * day
      const later = await openAs(server.origin, 'ada')
      assert.match((await later.open(account)).html, />unused</)
      assert.match((await later.open(account)).html, /expired/)
      clock = 0
    })

    it('end with whoever made their tokens only where the owners want that', async () => {
      const { memberChanges, members, users } = server.domain
      const [adaUser, mel] = await Promise.all(
        ['ada', 'mel'].map((name) => users.findByEmail(`${name}@example.com`)),
      )
      assert(adaUser && mel)
      const account = await create('left')
      const membership = await members.requireMembership(adaUser.id, 'acme')
      const by = { id: adaUser.id, address: '127.0.0.1' }
      const tokens: string[] = []
      for (const choice of [undefined, 'yes']) {
        const member = await members.find(membership.organization.id, mel.id)
        if (!member) {
          const change = members.prepare(membership.organization.id, mel.id, 'admin')
          await server.store.documents.commit([change])
        } else await memberChanges.changeRole(membership, by, mel.id, 'admin')
        const browser = await openAs(server.origin, 'mel')
        const form = await browser.open(`${account}/tokens/new`)
        tokens.push(tokenOn(await browser.submit(form, { name: 'of mel', expiry: '90' }, /\/tokens$/)))
        if (choice !== undefined) await ada.submit(await ada.open(base), { leavers: choice }, /\/policy$/)
        await memberChanges.remove(membership, by, mel.id)
        if (choice !== undefined) continue
        assert.equal((await callTool(server.origin, tokens[0] ?? '')).status, 200)
        assert.match((await ada.open(account)).html, />left</)
      }
      for (const token of tokens) assert.match(await refusalOf(token), /when whoever had made it left Acme/)
    })
  })
}

function tokenOn(page: Page): string {
  return /ot_sat_[0-9A-Za-z]{46}/.exec(page.html)?.[0] ?? ''
}

async function callsAnswered(statuses: readonly number[], count: number): Promise<void> {
  const until = statuses.length + count
  while (statuses.length < until) await new Promise((resolve) => setTimeout(resolve, 5))
}
