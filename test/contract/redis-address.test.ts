import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRedisAddress } from '../../src/storage/redis/address.ts'
import { findWarnings } from '../../src/storage/redis/warnings.ts'

const plain = {
  mode: 'single',
  nodes: [{ host: 'cache', port: 6379 }],
  tls: false,
  username: undefined,
  password: undefined,
  database: 0,
  masterName: 'mymaster',
}
const nodes = [
  { host: 'a', port: 1 },
  { host: 'b', port: 2 },
]

test('REDIS_URL: one server, with credentials, database and TLS', () => {
  assert.deepEqual(parseRedisAddress('redis://cache'), plain)
  assert.deepEqual(parseRedisAddress('redis://[::1]:7000/3'), {
    ...plain,
    nodes: [{ host: '::1', port: 7000 }],
    database: 3,
  })
  const credentials = { username: 'app', password: 'p@ss:w,rd' }
  assert.deepEqual(parseRedisAddress('rediss://app:p%40ss:w%2Crd@cache/2'), {
    ...plain,
    ...credentials,
    tls: true,
    database: 2,
  })
  assert.equal(parseRedisAddress('redis://:secret@cache').password, 'secret')
})

test('REDIS_URL: sentinels with the name of the master', () => {
  const sentinel = { ...plain, mode: 'sentinel' }
  assert.deepEqual(parseRedisAddress('redis+sentinel://cache'), {
    ...sentinel,
    nodes: [{ host: 'cache', port: 26379 }],
  })
  const full = parseRedisAddress('redis+sentinel://app:secret@a:1,b:2/orders?db=4')
  const expected = { username: 'app', password: 'secret', masterName: 'orders', database: 4 }
  assert.deepEqual(full, { ...sentinel, ...expected, nodes })
})

test('REDIS_URL: a comma list is a cluster', () => {
  const cluster = { ...plain, mode: 'cluster', nodes }
  assert.deepEqual(parseRedisAddress('redis://a:1,redis://b:2'), cluster)
  assert.deepEqual(parseRedisAddress('redis://a:1, b:2'), cluster)
  const secured = parseRedisAddress('rediss://:secret@a:1,rediss://:secret@b:2')
  assert.deepEqual(secured, { ...cluster, tls: true, password: 'secret' })
})

test('REDIS_URL: anything else is refused', () => {
  assert.throws(() => parseRedisAddress('http://cache'), /REDIS_URL must start with/)
})

test('a Redis before 6.2 is warned about, a Valkey is not', () => {
  const safe = 'aof_enabled:1\r\nmaxmemory_policy:noeviction\r\n'
  assert.deepEqual(findWarnings(`redis_version:6.2.0\r\n${safe}`), [])
  assert.deepEqual(findWarnings(`redis_version:7.2.4\r\nvalkey_version:8.0.1\r\n${safe}`), [])
  assert.match(findWarnings(`redis_version:6.0.20\r\n${safe}`).join(), /6\.0\.20 is too old/)
})
