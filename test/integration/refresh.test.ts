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

    test('every refresh gives a new refresh token, and the previous one works for another 60 s', async () => {
      await ready
      const first = await signIn(server.origin)
      const second = await tokensOf(await refresh(server.origin, first.clientId, first.refresh_token))
      assert.notEqual(second.refresh_token, first.refresh_token)
      const sibling = await tokensOf(await refresh(server.origin, first.clientId, first.refresh_token))
      assert.equal((await callTool(server.origin, sibling.access_token)).status, 200)
      assert.equal((await callTool(server.origin, second.access_token)).status, 200)
    })

    test('parallel processes that share one refresh token all go on', async () => {
      await ready
      const { clientId, refresh_token: shared } = await signIn(server.origin)
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => refresh(server.origin, clientId, shared)),
      )
      for (const answer of answers) {
        const tokens = await tokensOf(answer)
        assert.equal((await callTool(server.origin, tokens.access_token)).status, 200)
      }
    })

    test('a token used again after the grace ends its whole session, which is told (RFC 9700 §4.14.2)', async () => {
      await ready
      const first = await signIn(server.origin)
      const second = await tokensOf(await refresh(server.origin, first.clientId, first.refresh_token))
      clock = 61_000
      const replay = await errorOf(await refresh(server.origin, first.clientId, first.refresh_token))
      clock = 0
      assert.equal(replay.error, 'invalid_grant')
      assert.match(replay.error_description, /used twice/)
      assert.equal((await callTool(server.origin, second.access_token)).status, 401)
      const dead = await errorOf(await refresh(server.origin, first.clientId, second.refresh_token))
      assert.equal(dead.error, 'invalid_grant')
    })

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
