import { fileURLToPath } from 'node:url'
import { createDomain } from '../../src/domain/domain.ts'
import { createRedisStore } from '../../src/storage/redis/store.ts'
import { signIn } from '../support/oauth-client.ts'
import { startRedis } from '../support/redis.ts'
import { freePort, populate } from '../support/server.ts'
import { spawnServer, startRoundRobin } from '../support/server-process.ts'
import { startTokenProxy } from '../support/token-proxy.ts'
import type { Runner, RunResult } from './runner.ts'

export const revisions = ['2025-11-25', '2026-07-28']

const fixture = fileURLToPath(new URL('fixture/process.js', import.meta.url))

/**
 * Runs all scenarios that a revision requires, against tools made for them behind everything that is ours: two
 * processes on one Redis, each request to the other.
 */
export async function runRequiredScenarios(
  run: Runner,
  report: (name: string, result: RunResult) => void,
): Promise<void> {
  const redis = await startRedis()
  if (!redis) throw new Error('The required scenarios need redis-server on PATH, or TEST_REDIS_URL.')
  const [port, balancerPort] = [await freePort(), await freePort()]
  const origin = `http://localhost:${port}`
  const start = () => spawnServer({ PUBLIC_URL: origin, REDIS_URL: redis.url }, [fixture])
  const processes = [await start(), await start()]
  const balancer = await startRoundRobin(balancerPort, () => processes.map((server) => server.port))
  const proxy = await startTokenProxy({ port, target: balancerPort, path: '/mcp/v1' })
  try {
    const store = await createRedisStore({ url: redis.url })
    await populate({ store, domain: createDomain({ store, now: Date.now }) })
    await store.close()
    proxy.useToken((await signIn(origin)).access_token)
    for (const revision of revisions) {
      const args = ['server', '--url', `${origin}/mcp/v1`, '--requirements', revision]
      report(`server ${revision}, all required scenarios`, await run(args))
    }
  } finally {
    await proxy.stop()
    await balancer.stop()
    await Promise.all(processes.map((server) => server.stop()))
    await redis.stop()
  }
}
