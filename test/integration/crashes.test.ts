import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { createDomain } from '../../src/domain/domain.ts'
import type { Store } from '../../src/storage/contract.ts'
import { createRedisStore } from '../../src/storage/redis/store.ts'
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'
import { startMortalServer } from '../support/mortal-server.ts'
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
import { freePort, populate } from '../support/server.ts'
import { startRoundRobin, testSecretKey } from '../support/server-process.ts'

/** More than an exchange or a refresh makes. */
const mostCalls = 60

async function onRedis(): Promise<Store> {
  const fixture = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
  assert.ok(fixture)
  after(() => fixture.stop())
  return createRedisStore({ url: fixture.url })
}

/** A server that lives, and at the same address, for one request at a time, servers that die. */
async function startServers(store: Store) {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const config = parseConfig({ PUBLIC_URL: origin, SECRET_KEY: testSecretKey })
  await populate({ store, domain: createDomain({ store, now: Date.now }) })
  // Minutes later, so that an unfinished attempt is over without being watched for 12 s.
  const survivor = await startMortalServer({ config, store, now: () => Date.now() + 301_000 })
  let serving = survivor.port
  const balancer = await startRoundRobin(port, () => [serving])
  after(async () => {
    await balancer.stop()
    await survivor.stop()
    await store.close()
  })

  /**
   * Makes a request to servers that die after its first, second, … store call, until one lives to answer.
   * @param steps.prepare what comes before, on the server that lives; gives the request
   * @param steps.retry what the client does, on the server that lives, when it got no answer
   * @returns how many calls the request makes
   */
  async function dieAtEachCall<T>(steps: {
    prepare: () => Promise<T>
    request: (prepared: T) => Promise<Response>
    retry: (prepared: T, diedAtCall: number) => Promise<void>
  }): Promise<number> {
    for (let calls = 1; calls < mostCalls; calls++) {
      const prepared = await steps.prepare()
      const mortal = await startMortalServer({ config, store, calls })
      serving = mortal.port
      const answer = await steps.request(prepared).catch(() => undefined)
      serving = survivor.port
      await mortal.stop()
      if (answer) {
        assert.equal(answer.status, 200, await answer.text())
        return calls - 1
      }
      await steps.retry(prepared, calls)
    }
    return assert.fail(`more than ${mostCalls} store calls`)
  }
  return { origin, dieAtEachCall }
}

async function tokensOf(response: Response): Promise<Tokens> {
  assert.equal(response.status, 200, await response.clone().text())
  return (await response.json()) as Tokens
}

for (const { name, skip, start } of [
  { name: 'SQLite', skip: false, start: () => createSqliteStore({ file: ':memory:' }) },
  { name: 'Redis', skip: redisSkipReason(), start: onRedis },
]) {
  describe(`kill -9 at every store call on ${name}`, { skip }, () => {
    test('of a refresh: the same token is presented again, and the client goes on', async () => {
      const { origin, dieAtEachCall } = await startServers(await start())
      const { clientId, refresh_token: first } = await signIn(origin)
      let presented = first
      const calls = await dieAtEachCall({
        prepare: async () => presented,
        request: (token) => refresh(origin, clientId, token),
        async retry(token, call) {
          const tokens = await tokensOf(await refresh(origin, clientId, token))
          assert.equal((await callTool(origin, tokens.access_token)).status, 200, `died at call ${call}`)
          presented = tokens.refresh_token
        },
      })
      assert.ok(calls >= 5, `only ${calls} store calls were seen`)
    })

    test('of a code exchange: the code wins at most once, and the person is signed in without a password', async () => {
      const { origin, dieAtEachCall } = await startServers(await start())
      const { clientId, browser } = await signIn(origin)
      let refusedFrom = Number.POSITIVE_INFINITY
      const calls = await dieAtEachCall({
        prepare: () => authorize(origin, { clientId, browser }),
        request: (grant) => post(`${origin}/oauth/token`, exchangeFields(grant)),
        async retry(grant, call) {
          const answer = await post(`${origin}/oauth/token`, exchangeFields(grant))
          if (answer.status !== 200) {
            assert.equal(((await answer.json()) as { error: string }).error, 'invalid_grant')
            refusedFrom = Math.min(refusedFrom, call)
          }
          assert.equal(answer.status === 200, call < refusedFrom, `died at call ${call}`)
          const tokens =
            answer.status === 200 ? await tokensOf(answer) : await signIn(origin, { clientId, browser })
          assert.equal((await callTool(origin, tokens.access_token)).status, 200, `died at call ${call}`)
          const again = await post(`${origin}/oauth/token`, exchangeFields(grant))
          assert.equal(again.status, 400, 'a code that was spent stays spent')
        },
      })
      assert.ok(calls >= 5, `only ${calls} store calls were seen`)
      assert.ok(refusedFrom > 1)
    })
  })
}
