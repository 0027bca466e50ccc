import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from './redis.ts'
import { populate, startServer } from './server.ts'
import { testSecretKey } from './server-process.ts'

/** A populated server on a store that commands reach too: its origin, and the environment they need. */
export async function startCommandServer(engine: 'SQLite' | 'Redis') {
  const dataDir = await mkdtemp(join(tmpdir(), 'opentrace-'))
  const redis = engine === 'Redis' ? await startRedis() : undefined
  const server = await startServer({ redisUrl: redis?.url, environment: { DATA_DIR: dataDir } })
  await populate(server)
  const { origin } = server
  return {
    server,
    origin,
    environment: {
      PUBLIC_URL: origin,
      DATA_DIR: dataDir,
      SECRET_KEY: testSecretKey,
      ...(redis && { REDIS_URL: redis.url }),
    },
    stop: async (): Promise<void> => {
      await server.stop()
      await redis?.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
