import type { Store } from '../contract.ts'
import { parseRedisAddress } from './address.ts'
import { createArtifacts } from './artifacts.ts'
import { createBlobs } from './blobs.ts'
import { createBus } from './bus.ts'
import { createCommands } from './commands.ts'
import { connectRedis } from './connection.ts'
import type { ConnectionLogger } from './connection.ts'
import { createDocuments } from './documents.ts'
import { createKeys } from './keys.ts'
import { createLimiter } from './limiter.ts'
import { createLogs } from './logs.ts'
import { readWarnings } from './warnings.ts'

/**
 * The engine for many processes: Redis 6.2 or later, or Valkey; alone, behind Sentinel or as a Cluster.
 *
 * @param options.url see {@link parseRedisAddress}
 * @throws {StoreUnavailable} when Redis cannot be reached
 */
export async function createRedisStore(options: {
  url: string
  keyPrefix?: string
  now?: () => number
  logger?: ConnectionLogger | undefined
}): Promise<Store> {
  const { url, keyPrefix = 'opentrace:', now = Date.now, logger } = options
  const address = parseRedisAddress(url)
  const client = await connectRedis(address, logger)
  const subscriber = await connectRedis(address).catch((error: unknown) => {
    client.disconnect()
    throw error
  })
  const redis = createCommands(client)
  const keys = createKeys(keyPrefix)
  return {
    artifacts: createArtifacts({ redis, keys, now }),
    documents: createDocuments({ redis, keys }),
    logs: createLogs({ redis, keys, now }),
    limiter: createLimiter({ redis, keys }),
    bus: createBus({ redis, subscriber, keys }),
    blobs: createBlobs({ redis, keys }),
    async ping() {
      await redis.send('ping')
    },
    warnings: () => readWarnings(client),
    async close() {
      subscriber.disconnect()
      // Answers under way still arrive; without a connection there is nothing to wait for.
      await client.quit().catch(() => client.disconnect())
    },
  }
}
