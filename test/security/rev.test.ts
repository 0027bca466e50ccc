import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from '../support/browser.ts'
import { callTool, post, refresh, register, signIn, type Tokens } from '../support/oauth-client.ts'
import { type RedisServer, redisServerSkipReason, startRedisServer } from '../support/redis.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { assertJsonError } from './refusals.ts'

describe('RFC 7009', () => {
  let server: TestServer
  let ada: Tokens & { clientId: string; browser: Browser }
  let otherClient: string
  before(async () => {
    server = await startServer()
    await populate(server)
    ada = await signIn(server.origin)
    otherClient = await register(server.origin)
  })
  after(() => server.stop())

  function revoke(fields: Record<string, string>): Promise<Response> {
    return post(`${server.origin}/oauth/revoke`, fields)
  }

  /** Whether both tokens of a sign-in work; this spends the refresh token. */
  async function work(tokens: Tokens): Promise<boolean[]> {
    return [
      (await callTool(server.origin, tokens.access_token)).status === 200,
      (await refresh(server.origin, ada.clientId, tokens.refresh_token)).status === 200,
    ]
  }

  function another(): Promise<Tokens> {
    return signIn(server.origin, { clientId: ada.clientId, browser: ada.browser })
  }

  test('REV-01 an unknown token is answered like a revoked one (RFC 7009 §2.2)', async () => {
    const response = await revoke({ token: 'garbage', client_id: ada.clientId })
    assert.equal(response.status, 200)
    assert.equal(await response.text(), '')
  })

  test('REV-02 a client cannot revoke the token of another (RFC 7009 §2.1)', async () => {
    const tokens = await another()
    for (const token of [tokens.refresh_token, tokens.access_token]) {
      const response = await revoke({ token, client_id: otherClient })
      assert.ok([200, 400].includes(response.status), `${response.status}`)
    }
    assert.deepEqual(await work(tokens), [true, true])
  })

  test('REV-04 an unknown token_type_hint is ignored, and revocation ends the session (RFC 7009 §2.1)', async () => {
    for (const name of ['refresh_token', 'access_token'] as const) {
      const tokens = await another()
      const fields = { token: tokens[name], token_type_hint: 'bogus', client_id: ada.clientId }
      assert.equal((await revoke(fields)).status, 200)
      assert.deepEqual(await work(tokens), [false, false])
    }
  })

  test('REV-07 the client must say who it is (RFC 7009 §2.1)', async () => {
    const tokens = await another()
    const response = await revoke({ token: tokens.refresh_token })
    assert.ok([400, 401].includes(response.status), `${response.status}`)
    assert.deepEqual(await work(tokens), [true, true])
  })

  test('REV-08 nobody can introspect a token here (RFC 7662 §4)', async () => {
    for (const path of ['/oauth/introspect', '/oauth/introspection', '/token/introspection']) {
      const response = await post(server.origin + path, { token: ada.access_token, client_id: otherClient })
      assert.equal(response.status, 404, path)
    }
    const metadata = await fetch(`${server.origin}/.well-known/oauth-authorization-server`)
    assert.doesNotMatch(await metadata.text(), /introspect/)
  })

  test('REV-10 there is no introspection by GET either (RFC 7662 §2.1)', async () => {
    for (const path of ['/oauth/introspect', '/oauth/introspection', '/token/introspection']) {
      const response = await fetch(`${server.origin}${path}?token=${ada.access_token}`)
      assert.ok([404, 405].includes(response.status), `${path}: ${response.status}`)
    }
  })
})

describe('without its store', { skip: redisServerSkipReason() }, () => {
  let redis: RedisServer
  let server: TestServer
  before(async () => {
    redis = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'always')
    server = await startServer({ redisUrl: `redis://127.0.0.1:${redis.port}` })
    await populate(server)
  })
  after(async () => {
    await server.stop()
    await redis.stop()
  })

  test('REV-05 an outage is 503, never success, a challenge or invalid_grant; then the same tokens work (RFC 7009 §2.2.1, CVE-2020-15223)', async () => {
    const { origin } = server
    const tokens = await signIn(origin)
    const revoked = await signIn(origin, { clientId: tokens.clientId, browser: tokens.browser })
    const revoke = () =>
      post(`${origin}/oauth/revoke`, { token: revoked.refresh_token, client_id: tokens.clientId })
    await redis.kill()

    const began = Date.now()
    const waiting = Promise.all([revoke(), refresh(origin, tokens.clientId, tokens.refresh_token)])
    const called = await callTool(origin, tokens.access_token)
    assert.ok(Date.now() - began < 5000, `a call was answered after ${Date.now() - began} ms`)
    const [revocation, refreshed] = await waiting
    const waited = Date.now() - began
    assert.ok(waited > 8000 && waited < 14_000, `the others were answered after ${waited} ms`)
    for (const response of [revocation, refreshed, called]) {
      assert.match(response.headers.get('retry-after') ?? '', /^\d+$/)
      assert.equal(response.headers.get('www-authenticate'), null)
      await assertJsonError(response, 503, 'temporarily_unavailable')
    }

    await redis.restart()
    const until = Date.now() + 10_000
    while ((await fetch(`${origin}/readyz`)).status !== 200 && Date.now() < until) await sleep(50)
    assert.equal(
      (await callTool(origin, revoked.access_token)).status,
      200,
      'what was refused did not happen',
    )
    assert.equal((await callTool(origin, tokens.access_token)).status, 200)
    assert.equal((await refresh(origin, tokens.clientId, tokens.refresh_token)).status, 200)
    assert.equal((await revoke()).status, 200)
    assert.equal((await callTool(origin, revoked.access_token)).status, 401)
  })
})
