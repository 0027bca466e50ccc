import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createBrowser, formsOf } from '../support/browser.ts'
import {
  authorizationUrl,
  authorize,
  exchangeFields,
  pkce,
  post,
  register,
  signInAt,
} from '../support/oauth-client.ts'
import { type RedisFixture, redisSkipReason, startRedis } from '../support/redis.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

// The embedded store answers within one turn of the event loop, so races show on one that is reached over a socket.
describe('Races on Redis', { skip: redisSkipReason() }, () => {
  let redis: RedisFixture | undefined
  let server: TestServer
  before(async () => {
    redis = await startRedis()
    server = await startServer({ redisUrl: redis?.url })
    await populate(server)
  })
  after(async () => {
    await server.stop()
    await redis?.stop()
  })

  test('of parallel exchanges of one code exactly one wins (OAuth 2.1 §4.1.3, CVE-2026-47386)', async () => {
    for (let round = 0; round < 3; round++) {
      const fields = exchangeFields(await authorize(server.origin))
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => post(`${server.origin}/oauth/token`, fields)),
      )
      const statuses = answers.map(({ status }) => status)
      assert.equal(statuses.filter((status) => status === 200).length, 1)
      assert.equal(statuses.filter((status) => status === 400).length, 19)
    }
  })

  test('of parallel consents and returns exactly one gets a code (RFC 6749 §4.1.2)', async () => {
    const browser = createBrowser(server.origin)
    const parameters = { client_id: await register(server.origin), code_challenge: pkce().challenge }
    const page = await signInAt(browser, await browser.open(authorizationUrl(server.origin, parameters)))
    const form = formsOf(page.html).find(({ action }) => action.endsWith('/consent'))
    assert.ok(form)
    const body = new URLSearchParams({ ...form.hidden, organization: 'acme', decision: 'allow' })
    const consents = await Promise.all(
      [1, 2, 3].map(() => browser.request(form.action, { method: 'POST', body })),
    )
    const [location] = consents.flatMap(({ headers }) => headers.get('location') ?? [])
    assert.ok(location)
    const returns = await Promise.all(Array.from({ length: 10 }, () => browser.request(location)))
    const codes = returns.filter(({ headers }) => headers.get('location')?.includes('code='))
    assert.equal(codes.length, 1)
    const acme = await server.domain.organizations.findBySlug('acme')
    const sessions = await server.store.documents.list('client-session', 'organization', acme?.id ?? '')
    assert.equal(
      sessions.items.filter(({ data }) => JSON.stringify(data).includes(parameters.client_id)).length,
      1,
    )
  })
})
