import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { GrantRevoked, type Store, StoreUnavailable } from '../../src/storage/contract.ts'
import { createRedisStore } from '../../src/storage/redis/store.ts'
import { type RedisServer, redisServerSkipReason, startRedis } from '../support/redis.ts'
import { someToken } from './subject.ts'

describe('the Redis store in trouble', { skip: redisServerSkipReason() }, () => {
  let server: RedisServer
  let operator: Redis
  let store: Store
  before(async () => {
    const redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
    if (!redis?.server) throw new Error('this suite should have been skipped')
    server = redis.server
    operator = new Redis(redis.url)
    operator.on('error', () => {})
    store = await createRedisStore({ url: redis.url })
  })
  after(async () => {
    operator.disconnect()
    await store.close()
    await server.stop()
  })

  test('a dead Redis is StoreUnavailable at once, and used again within seconds of its return', async () => {
    const token = someToken()
    await store.artifacts.put(token)
    const received: string[] = []
    await store.bus.subscribe('channel', (message) => received.push(message))
    await server.kill()
    const startedAt = Date.now()
    await rejectsUnavailable(store)
    assert.ok(Date.now() - startedAt < 1000)

    await server.restart()
    const returnedAt = Date.now()
    while (!(await isServed(store))) assert.ok(Date.now() - returnedAt < 3000, 'not used again')
    assert.ok(await store.artifacts.get(token.model, token.id), 'kept by the append-only file')
    assert.equal(await store.artifacts.consume(token.model, token.id, { graceSeconds: 0 }), 'first')
    while (received.length === 0 && Date.now() - returnedAt < 4000) {
      await store.bus.publish('channel', 'hello again')
      await sleep(50)
    }
    assert.equal(received[0], 'hello again')
  })

  test('a Redis that hangs is StoreUnavailable within five seconds', async () => {
    await operator.client('PAUSE', 1800, 'ALL')
    const startedAt = Date.now()
    await rejectsUnavailable(store)
    assert.ok(Date.now() - startedAt < 5000)
    while (!(await isServed(store))) assert.ok(Date.now() - startedAt < 5000)
  })

  test('a full Redis refuses what is new, serves and counts who reads, and still revokes for good', async () => {
    const grantId = randomUUID()
    const token = someToken({ grantId })
    await store.artifacts.put(token)
    const session = { op: 'put', kind: 'client-session', id: randomUUID(), data: {} } as const
    await store.documents.commit([{ ...session, version: 0 }])
    await operator.config('SET', 'maxmemory', '1')
    try {
      await assert.rejects(store.artifacts.put(someToken({ grantId })), StoreUnavailable)
      await assert.rejects(
        store.documents.commit([{ op: 'put', kind: 'user', id: randomUUID(), version: 0, data: {} }]),
        StoreUnavailable,
      )
      assert.ok(await store.artifacts.get(token.model, token.id))
      const rule = { limit: 2, windowSeconds: 60 }
      assert.equal((await store.limiter.hit(grantId, rule)).remaining, 1)
      assert.equal((await store.limiter.hit(grantId, rule)).remaining, 0)
      await store.artifacts.revokeGrant(grantId)
      await store.documents.commit([{ ...session, version: 1, data: { ended: true } }])
      await store.logs.append(grantId, { type: 'client_session.ended' }, { ttlSeconds: 60 })
      await assert.rejects(store.logs.append(randomUUID(), {}, { maxEntries: 10 }), StoreUnavailable)
    } finally {
      await operator.config('SET', 'maxmemory', '0')
    }
    assert.equal(await store.artifacts.get(token.model, token.id), undefined)
    await assert.rejects(store.artifacts.put(token), GrantRevoked)
  })

  test('scripts that Redis forgot are sent again', async () => {
    await operator.script('FLUSH')
    await store.artifacts.put(someToken())
  })

  test('what threatens the data is said in sentences', async () => {
    assert.deepEqual(await store.warnings(), [])
    await operator.config('SET', 'maxmemory-policy', 'allkeys-lru', 'appendonly', 'no')
    const warnings = await store.warnings()
    assert.equal(warnings.length, 2)
    assert.match(warnings.join('\n'), /append-only file(.|\n)*allkeys-lru/)
  })

  test('an address where nobody answers is StoreUnavailable, and its password stays out of the error', async () => {
    const opening = createRedisStore({ url: 'redis://user:hunter2@127.0.0.1:1' })
    await assert.rejects(opening, (error: unknown) => {
      assert.ok(error instanceof StoreUnavailable)
      assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /hunter2/)
      return true
    })
  })
})

async function rejectsUnavailable(store: Store): Promise<void> {
  const token = someToken()
  const calls = [
    store.ping(),
    store.artifacts.put(token),
    store.artifacts.get(token.model, token.id),
    store.artifacts.revokeGrant('some-grant'),
    store.documents.get('user', '1'),
    store.limiter.hit('key', { limit: 1, windowSeconds: 1 }),
    store.bus.publish('channel', 'message'),
  ]
  await Promise.all(calls.map((call) => assert.rejects(call, StoreUnavailable)))
}

async function isServed(store: Store): Promise<boolean> {
  await sleep(20)
  return store.ping().then(
    () => true,
    () => false,
  )
}
