import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Conflict, type DocumentChange, type Store, StoreUnavailable } from '../../src/storage/contract.ts'
import { parseRedisAddress } from '../../src/storage/redis/address.ts'
import { connectRedis } from '../../src/storage/redis/connection.ts'
import { createRedisStore } from '../../src/storage/redis/store.ts'
import { type Proxy, startProxy } from '../faults/proxy.ts'
import {
  type RedisServer,
  redisServerSkipReason,
  startRedisCluster,
  startRedisServer,
} from '../support/redis.ts'
import { someToken } from './subject.ts'

describe('patient work on Redis', { skip: redisServerSkipReason() }, () => {
  let server: RedisServer
  let proxy: Proxy
  let store: Store
  before(async () => {
    server = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'always')
    proxy = await startProxy(server.port)
    store = await createRedisStore({ url: `redis://127.0.0.1:${proxy.port}` })
  })
  after(async () => {
    await store.close()
    await proxy.stop()
    await server.stop()
  })

  test('outlasts a Redis that is away for a moment, while other work fails at once', async () => {
    const token = someToken()
    await store.artifacts.put(token)
    await server.kill()
    const spent = store.patiently(() => store.artifacts.consume(token.model, token.id, { graceSeconds: 0 }))
    await assert.rejects(store.artifacts.get(token.model, token.id), StoreUnavailable)
    await sleep(1500)
    await server.restart()
    assert.equal(await spent, 'first')
  })

  test('that is sent again since its answer was lost is told apart from a second call', async () => {
    const token = someToken()
    await store.artifacts.put(token)
    const document = someDocument()
    proxy.setWeather({ kind: 'mute' })
    const work = store.patiently(async () => {
      const commit = store.documents.commit([document])
      const consumption = await store.artifacts.consume(token.model, token.id, { graceSeconds: 0 })
      await commit
      return consumption
    })
    // Longer than a command waits for its answer.
    await sleep(2500)
    proxy.setWeather({ kind: 'clear' })
    assert.equal(await work, 'first')
    assert.equal(await store.artifacts.consume(token.model, token.id, { graceSeconds: 0 }), 'replay')
    await assert.rejects(store.documents.commit([document]), Conflict)
  })
})

test('a Redis that reads its append-only file is asked again soon, whatever it says how long that takes', async () => {
  const states = ['loading:1\r\nloading_eta_seconds:10\r\n']
  const server = createServer((socket) =>
    socket.on('data', (data) => {
      for (const [, name] of data.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        const text = name?.toLowerCase() === 'info' ? (states.shift() ?? 'loading:0\r\n') : 'OK'
        socket.write(`$${text.length}\r\n${text}\r\n`)
      }
    }),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const startedAt = performance.now()
    const client = await connectRedis(parseRedisAddress(`redis://127.0.0.1:${port}`))
    client.disconnect()
    assert.equal(states.length, 0)
    assert.ok(performance.now() - startedAt < 3000)
  } finally {
    server.close()
  }
})

describe('writes that wait for a replica', { skip: redisServerSkipReason() }, () => {
  let master: RedisServer
  let replica: RedisServer
  let store: Store
  before(async () => {
    master = await startRedisServer()
    replica = await startRedisServer('--replicaof', '127.0.0.1', String(master.port))
    store = await createRedisStore({ url: `redis://127.0.0.1:${master.port}`, waitReplicas: 1 })
  })
  after(async () => {
    await store.close()
    await replica.stop()
    await master.stop()
  })

  test('count once the replica has them, and without it are refused while reads go on', async () => {
    const token = someToken({ grantId: randomUUID() })
    // The replica takes a moment to get in step, which is an outage like any other.
    await store.patiently(() => store.artifacts.put(token))
    await store.documents.commit([someDocument()])
    await replica.kill()
    const writes = [
      store.artifacts.put(someToken()),
      store.artifacts.consume(token.model, token.id, { graceSeconds: 0 }),
      store.documents.commit([someDocument()]),
      store.artifacts.revokeGrant(token.grantId ?? ''),
    ]
    const refusals = writes.map((write) => write.catch(() => 'refused'))
    const read = await Promise.race([store.artifacts.get(token.model, token.id), ...refusals])
    assert.ok(read && typeof read === 'object', 'a read does not stand behind a write that waits')
    await Promise.all(writes.map((write) => assert.rejects(write, StoreUnavailable)))

    await replica.restart()
    await store.patiently(() => store.artifacts.put(someToken()))
  })

  test('are not promised on a cluster, where WAIT cannot be sent to the node in question', async () => {
    const cluster = await startRedisCluster()
    assert.ok(cluster)
    await assert.rejects(createRedisStore({ url: cluster.url, waitReplicas: 1 }), StoreUnavailable)
    await cluster.stop()
  })

  test('survive the loss of the master', async () => {
    const token = someToken()
    await store.artifacts.put(token)
    assert.equal(await store.artifacts.consume(token.model, token.id, { graceSeconds: 0 }), 'first')
    await master.kill()
    const promoted = new Redis(replica.port, '127.0.0.1')
    await promoted.call('REPLICAOF', 'NO', 'ONE')
    promoted.disconnect()
    const next = await createRedisStore({ url: `redis://127.0.0.1:${replica.port}` })
    assert.equal(await next.artifacts.consume(token.model, token.id, { graceSeconds: 0 }), 'replay')
    await next.close()
  })
})

function someDocument(): DocumentChange {
  return { op: 'put', kind: 'user', id: randomUUID(), version: 0, data: {} }
}
