import { Cluster } from 'ioredis'
import { StoreUnavailable } from '../contract.ts'
import type { Store } from '../contract.ts'
import { parseRedisAddress } from './address.ts'
import { createArtifacts } from './artifacts.ts'
import { createBlobs } from './blobs.ts'
import { createBus } from './bus.ts'
import { createCommands } from './commands.ts'
import { connectRedis } from './connection.ts'
import type { ConnectionLogger, RedisClient } from './connection.ts'
import { createDocuments } from './documents.ts'
import { createKeys } from './keys.ts'
import { createLimiter } from './limiter.ts'
import { createLogs } from './logs.ts'
import { createPatience } from './patience.ts'
import { readWarnings } from './warnings.ts'

export interface RedisStoreOptions {
  /** See {@link parseRedisAddress}. */
  url: string
  keyPrefix?: string
  now?: () => number
  /** How many replicas must have a write to artifacts, documents, logs or blobs before it counts; 0 asks none. */
  waitReplicas?: number | undefined
  logger?: ConnectionLogger | undefined
}

/**
 * The engine for many processes: Redis 6.2 or later, or Valkey; alone, behind Sentinel or as a Cluster.
 *
 * @throws {StoreUnavailable} when Redis cannot be reached, or is a cluster and replicas are to be waited for
 */
export async function createRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { keyPrefix = 'opentrace:', now = Date.now, waitReplicas = 0 } = options
  const { client, subscriber, writer } = await connectAll(options)
  const patience = createPatience()
  const replication = writer && { client: writer, replicas: waitReplicas }
  const redis = createCommands({ client, patience, replication })
  const keys = createKeys(keyPrefix)
  return {
    artifacts: createArtifacts({ redis, keys, now }),
    documents: createDocuments({ redis, keys }),
    logs: createLogs({ redis, keys, now }),
    limiter: createLimiter({ redis, keys }),
    bus: createBus({ redis, subscriber, keys }),
    blobs: createBlobs({ redis, keys }),
    patiently: patience.grant,
    async ping() {
      await redis.send('ping')
    },
    warnings: () => readWarnings(client),
    async close() {
      subscriber.disconnect()
      // Answers under way still arrive; without a connection there is nothing to wait for.
      const serving = writer ? [client, writer] : [client]
      await Promise.all(serving.map((connection) => connection.quit().catch(() => connection.disconnect())))
    },
  }
}

/** All connections of a store, or none. */
async function connectAll({ url, waitReplicas = 0, logger }: RedisStoreOptions) {
  const address = parseRedisAddress(url)
  const opened: RedisClient[] = []
  const connect = async (connectionLogger?: ConnectionLogger) => {
    const connection = await connectRedis(address, connectionLogger)
    opened.push(connection)
    return connection
  }
  try {
    const client = await connect(logger)
    if (waitReplicas > 0 && client instanceof Cluster) {
      // WAIT names no key, so a cluster client cannot tell which node to ask.
      throw new StoreUnavailable('REDIS_WAIT_REPLICAS does not work with Redis Cluster')
    }
    const subscriber = await connect()
    return { client, subscriber, writer: waitReplicas > 0 ? await connect() : undefined }
  } catch (error) {
    for (const connection of opened) connection.disconnect()
    throw error
  }
}
