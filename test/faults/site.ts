import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../../src/config.ts'
import { createDomain } from '../../src/domain/domain.ts'
import { openStore } from '../../src/storage/open.ts'
import { startRedisServer } from '../support/redis.ts'
import { freePort, populate } from '../support/server.ts'
import {
  type ServerProcess,
  spawnServer,
  spawnServers,
  startRoundRobin,
  testSecretKey,
} from '../support/server-process.ts'
import type { Build } from './build.ts'

/** Longer than an unfinished exchange is remembered as one that may still run: it need not be watched for 12 s. */
const millisecondsAhead = 5 * 60_000 + 1000

export type StoreName = 'SQLite' | 'Redis'

/** Three server processes on one store: one that is to be killed, and two that go on. */
export interface Site {
  origin: string
  doomed: ServerProcess
  /** Of those that go on. Requests that name no process go to them. */
  ports: readonly number[]
  stop: () => Promise<void>
}

export async function startSite(build: Build, storeName: StoreName): Promise<Site> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const { variables, remove } = await (storeName === 'Redis' ? startRedis() : makeDirectory())
  const environment = { PUBLIC_URL: origin, SECRET_KEY: testSecretKey, LOG_LEVEL: 'warn', ...variables }
  const store = await openStore(parseConfig(environment))
  await populate({ store, domain: createDomain({ store, now: Date.now }) })
  await store.close()
  const start = (index: number) =>
    spawnServer(environment, [build.stoppingServerFile, index === 0 ? '0' : String(millisecondsAhead)])
  const [doomed, ...others] = await spawnServers(3, start).catch(async (error: unknown) => {
    await remove()
    throw error
  })
  if (!doomed) throw new Error('nothing was started')
  const ports = others.map((process) => process.port)
  const balancer = await startRoundRobin(port, () => ports)
  return {
    origin,
    doomed,
    ports,
    async stop() {
      await balancer.stop()
      await Promise.all([doomed, ...others].map((process) => process.stop()))
      await remove()
    },
  }
}

async function makeDirectory() {
  const directory = await mkdtemp(join(tmpdir(), 'opentrace-'))
  return {
    variables: { DATA_DIR: directory },
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

async function startRedis() {
  const redis = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'always')
  return { variables: { REDIS_URL: `redis://127.0.0.1:${redis.port}` }, remove: redis.stop }
}
