import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import type { Store } from '../../src/storage/contract.ts'
import { parseRedisAddress } from '../../src/storage/redis/address.ts'
import { createRedisStore } from '../../src/storage/redis/store.ts'
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'
import {
  type RedisFixture,
  redisServerSkipReason,
  redisSkipReason,
  startRedis,
  startRedisCluster,
} from '../support/redis.ts'

/** One place where a store can keep things. */
export interface Engine {
  name: string
  skip: string | false
  start: () => Promise<RunningEngine>
}

export interface RunningEngine {
  open: () => Promise<Store>
  /** As another process would; absent where nobody shares. */
  openNeighbour?: () => Promise<Store>
  /** Everything that is kept, readable; absent where nobody else can read it. */
  dump?: () => Promise<string>
  stop: () => Promise<void>
}

export const engines: Engine[] = [
  { name: 'SQLite file', skip: false, start: startSqliteFile },
  {
    name: 'SQLite in memory',
    skip: false,
    start: async () => ({ open: () => createSqliteStore({ file: ':memory:' }), stop: async () => {} }),
  },
  { name: 'Redis', skip: redisSkipReason(), start: () => startRedisEngine(startRedis()) },
  {
    name: 'Redis Cluster',
    skip: redisServerSkipReason(),
    start: () => startRedisEngine(startRedisCluster()),
  },
]

async function startSqliteFile(): Promise<RunningEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'opentrace-sqlite-'))
  const open = () => createSqliteStore({ file: join(directory, 'opentrace.db') })
  return {
    open,
    openNeighbour: open,
    async dump() {
      const files = await readdir(directory)
      return (await Promise.all(files.map((file) => readFile(join(directory, file), 'latin1')))).join('\n')
    },
    stop: () => rm(directory, { recursive: true }),
  }
}

async function startRedisEngine(starting: Promise<RedisFixture | undefined>): Promise<RunningEngine> {
  const fixture = await starting
  if (!fixture) throw new Error('this engine should have been skipped')
  // Of a cluster one address is enough, as managed services give no more.
  const [oneAddress = ''] = fixture.url.split(',')
  return {
    open: () => createRedisStore({ url: fixture.url }),
    openNeighbour: () => createRedisStore({ url: oneAddress }),
    dump: () => dumpRedis(fixture.url),
    stop: fixture.stop,
  }
}

async function dumpRedis(url: string): Promise<string> {
  const { mode, nodes } = parseRedisAddress(url)
  const client = mode === 'cluster' ? new Cluster(nodes) : new Redis(url)
  const masters = client instanceof Cluster ? await readyMasters(client) : [client]
  const keys = (await Promise.all(masters.map((master) => master.keys('*')))).flat()
  const values = await Promise.all(keys.map((key) => readAnything(client, key)))
  client.disconnect()
  return JSON.stringify([keys, values])
}

async function readyMasters(cluster: Cluster): Promise<Redis[]> {
  await cluster.ping()
  return cluster.nodes('master')
}

async function readAnything(client: Redis | Cluster, key: string): Promise<unknown> {
  const type = await client.type(key)
  if (type === 'hash') return client.hgetall(key)
  if (type === 'zset') return client.zrange(key, 0, '-1')
  if (type === 'stream') return client.xrange(key, '-', '+')
  return client.get(key)
}
