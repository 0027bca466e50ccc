import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import {
  authorize,
  callTool,
  exchangeFields,
  post,
  refresh,
  signIn,
  type Tokens,
} from '../support/oauth-client.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const stores = [
  { name: 'SQLite', skip: false, redis: async () => undefined },
  { name: 'Redis', skip: redisSkipReason(), redis: startRedis },
] as const

async function tokensOf(response: Response): Promise<Tokens> {
  assert.equal(response.status, 200, await response.clone().text())
  return (await response.json()) as Tokens
}

async function errorOf(response: Response): Promise<{ error: string; error_description: string }> {
  assert.equal(response.status, 400)
  return (await response.json()) as { error: string; error_description: string }
}

for (const { name, skip, redis } of stores) {
  describe(`codes and refresh tokens on ${name}`, { skip }, () => {
    let clock = 0
    let server: TestServer
    let people: Awaited<ReturnType<typeof populate>>

    // Started by the first test: describe bodies run even where the suite is skipped.
    const ready = (async () => {
      if (skip !== false) return
      const fixture = await redis()
      server = await startServer({ redisUrl: fixture?.url, now: () => Date.now() + clock })
      people = await populate(server)
      after(async () => {
        await server.stop()
        await fixture?.stop()
      })
    })()

    test('of 50 parallel exchanges of one code exactly one gets tokens (RFC 6749 §4.1.2)', async () => {
      await ready
      const grant = await authorize(server.origin)
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => post(`${server.origin}/oauth/token`, exchangeFields(grant))),
      )
      const winners = answers.filter(({ status }) => status === 200)
      assert.ok(winners.length <= 1, `${winners.length} exchanges won`)
      for (const loser of answers.filter(({ status }) => status !== 200)) {
        assert.equal((await errorOf(loser)).error, 'invalid_grant')
      }
    })

    test('an exchange whose process died can be repeated, and then no more', async () => {
      await ready
      const grant = await authorize(server.origin)
      const { artifacts } = server.store
      // What a process leaves behind that is killed right after it spent the code.
      const flight = `0 ${grant.code}`
      await artifacts.put({ model: 'Flight', id: flight, payload: {}, expiresAt: Date.now() + 3_600_000 })
      await artifacts.consume('Flight', flight, { graceSeconds: 0 })
      const record = await artifacts.get('AuthorizationCode', grant.code)
      assert.ok(record)
      const late = { payload: record.payload, expiresAt: Date.now() + 3_600_000 }
      await artifacts.put({ model: 'AuthorizationCode', id: grant.code, ...late })
      await artifacts.consume('AuthorizationCode', grant.code, { graceSeconds: 0 })
      clock += 301_000
      const tokens = await tokensOf(await post(`${server.origin}/oauth/token`, exchangeFields(grant)))
      assert.equal((await callTool(server.origin, tokens.access_token)).status, 200)
      const again = await errorOf(await post(`${server.origin}/oauth/token`, exchangeFields(grant)))
      assert.equal(again.error, 'invalid_grant')
      assert.equal(
        (await callTool(server.origin, tokens.access_token)).status,
        401,
        'a replay ends the session',
      )
    })

    test('of 20 parallel refreshes of one token all get the same new pair, and the session goes on', async () => {
      await ready
      const { clientId, refresh_token: shared } = await signIn(server.origin)
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => refresh(server.origin, clientId, shared)),
      )
      const pairs = await Promise.all(answers.map(tokensOf))
      assert.equal(new Set(pairs.map((pair) => `${pair.access_token} ${pair.refresh_token}`)).size, 1)
      const [pair] = pairs
      assert.ok(pair && pair.refresh_token !== shared)
      assert.equal((await callTool(server.origin, pair.access_token)).status, 200)
      await tokensOf(await refresh(server.origin, clientId, pair.refresh_token))
    })

    test('a token works until its successor is used; the successor it then replaces is dead (RFC 9700 §4.14.2)', async () => {
      await ready
      const first = await signIn(server.origin)
      const lost = await tokensOf(await refresh(server.origin, first.clientId, first.refresh_token))
      clock += 61_000
      const second = await tokensOf(await refresh(server.origin, first.clientId, first.refresh_token))
      assert.notEqual(second.refresh_token, lost.refresh_token)
      const tombstoned = await errorOf(
        await refresh(
          server.origin,
          first.clientId,
          lost.refresh_token,
          {},
          { 'user-agent': 'another program' },
        ),
      )
      assert.equal(tombstoned.error, 'invalid_grant')
      assert.equal(
        (await callTool(server.origin, second.access_token)).status,
        401,
        'two holders have come apart',
      )
    })

    test('reuse from elsewhere ends the session, which is told and recorded', async () => {
      await ready
      const { first, third } = await rotateTwice()
      const elsewhere = { 'user-agent': 'another program' }
      const reuse = await errorOf(
        await refresh(server.origin, first.clientId, first.refresh_token, {}, elsewhere),
      )
      assert.equal(reuse.error, 'invalid_grant')
      assert.match(reuse.error_description, /used twice/)
      assert.equal((await callTool(server.origin, third.access_token)).status, 401)
      const dead = await errorOf(await refresh(server.origin, first.clientId, third.refresh_token))
      assert.equal(dead.error, 'invalid_grant')
      assert.equal(await lastReuse(), 'session_ended')
    })

    test('a process that kept an old token on the same machine is refused, and the session lives on', async () => {
      await ready
      const { first, third } = await rotateTwice()
      const reuse = await errorOf(await refresh(server.origin, first.clientId, first.refresh_token))
      assert.equal(reuse.error, 'invalid_grant')
      assert.match(reuse.error_description, /replaced by a newer one/)
      assert.equal((await callTool(server.origin, third.access_token)).status, 200)
      await tokensOf(await refresh(server.origin, first.clientId, third.refresh_token))
      assert.equal(await lastReuse(), 'refused')
    })

    test('what is stored of a rotation cannot be read without the presented token', async () => {
      await ready
      const first = await signIn(server.origin)
      const second = await tokensOf(await refresh(server.origin, first.clientId, first.refresh_token))
      const rotation = await server.store.artifacts.get('Rotation', first.refresh_token)
      assert.ok(rotation)
      assert.ok(!JSON.stringify(rotation).includes(second.refresh_token))
    })

    async function rotateTwice() {
      const first = await signIn(server.origin)
      const second = await tokensOf(await refresh(server.origin, first.clientId, first.refresh_token))
      const third = await tokensOf(await refresh(server.origin, first.clientId, second.refresh_token))
      return { first, third }
    }

    async function lastReuse(): Promise<string | undefined> {
      const entries = await server.domain.auditLog.page(people.acme.id, { limit: 10 })
      return entries.find((entry) => entry.type === 'refresh_token.reused')?.outcome
    }

    test('whoever is no longer a member is refused at the next refresh and the next request', async () => {
      await ready
      const tokens = await signIn(server.origin, { email: 'mel@example.com' })
      const id = `${people.acme.id}:${people.mel.id}`
      const member = await server.store.documents.get('member', id)
      assert.ok(member)
      await server.store.documents.commit([{ op: 'delete', kind: 'member', id, version: member.version }])
      const refused = await callTool(server.origin, tokens.access_token)
      assert.equal(refused.status, 401)
      assert.match(await refused.text(), /no longer a member of Acme/)
      const dead = await errorOf(await refresh(server.origin, tokens.clientId, tokens.refresh_token))
      assert.equal(dead.error, 'invalid_grant')
    })

    test('no token, code or password is in the log', async () => {
      await ready
      const tokens = await signIn(server.origin)
      await callTool(server.origin, tokens.access_token)
      const log = server.log.join('\n')
      assert.ok(log.includes('/oauth/token'))
      for (const secret of [tokens.access_token, tokens.refresh_token, 'correct horse', 'code_verifier']) {
        assert.ok(!log.includes(secret), `${secret.slice(0, 6)}… is in the log`)
      }
    })
  })
}
