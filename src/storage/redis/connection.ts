import { Cluster, Redis } from 'ioredis'
import type { RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import { StoreUnavailable } from '../contract.ts'
import type { RedisAddress } from './address.ts'
import { withDeadline } from './deadline.ts'

export type RedisClient = Redis | Cluster

const connectWithinMs = 5000

/**
 * Opens a connection and waits until it serves.
 * @throws {StoreUnavailable} when that takes longer than five seconds
 */
export async function connectRedis(address: RedisAddress, logger?: ConnectionLogger): Promise<RedisClient> {
  const client = await open(createClient(address), logger)
  if (client instanceof Redis && (await isClusterNode(client))) {
    // Managed clusters are reached through one address, which does not say that it is a cluster.
    client.disconnect()
    return open(createClient({ ...address, mode: 'cluster' }), logger)
  }
  return client
}

export type ConnectionLogger = Pick<Logger, 'info' | 'warn'>

async function open(client: RedisClient, logger?: ConnectionLogger): Promise<RedisClient> {
  reportState(client, logger)
  try {
    await withDeadline(client.connect(), connectWithinMs)
  } catch (error) {
    client.disconnect()
    throw new StoreUnavailable('Redis cannot be reached', { cause: error })
  }
  // From here on a lost connection refuses at once. Queued commands would run after their callers were told they
  // failed, and an outage would pile up requests.
  client.options.enableOfflineQueue = false
  return client
}

function createClient(address: RedisAddress): RedisClient {
  const options = connectionOptions(address)
  const { nodes, database: db, masterName: name, tls } = address
  if (address.mode === 'sentinel') {
    return new Redis({ ...options, db, name, sentinels: nodes, sentinelRetryStrategy: retryDelay })
  }
  if (address.mode === 'single') return new Redis({ ...options, ...nodes[0], db, retryStrategy: retryDelay })
  return new Cluster(nodes, {
    lazyConnect: true,
    clusterRetryStrategy: retryDelay,
    maxRedirections: 6,
    redisOptions: options,
    // Certificates are made out to host names, and nodes of a managed cluster announce those.
    ...(tls ? { dnsLookup: (host, callback) => callback(null, host) } : {}),
  })
}

function connectionOptions({ username, password, tls }: RedisAddress) {
  return {
    lazyConnect: true,
    enableReadyCheck: true,
    // No automatic pipelining: it holds each command back until those before it are answered, so that a busy process
    // waits twice as long for a distant Redis. Commands follow each other on the wire without it.
    connectTimeout: 2000,
    commandTimeout: 1500,
    // While Redis reads its append-only file after a restart, it says how long that will take, and is often wrong by
    // seconds. ioredis would believe it, up to ten.
    maxLoadingRetryTime: 200,
    maxRetriesPerRequest: 2,
    // A command that was under way when the connection broke may have been executed; its caller decides.
    autoResendUnfulfilledCommands: false,
    keepAlive: 10_000,
    // A peer that vanished without closing the connection.
    socketTimeout: 4000,
    // The master became a replica: its name has to be resolved again. Redis puts its error code first in the text.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
  } satisfies RedisOptions
}

/** Short enough that a Redis that came back is used within a second. */
function retryDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 5), 1000)
}

/** One line when the connection is lost and one when it is back; without a listener ioredis prints every attempt. */
function reportState(client: RedisClient, logger: ConnectionLogger | undefined): void {
  let lost = false
  client.on('error', (error) => {
    if (!lost) logger?.warn({ err: error }, 'Redis connection lost')
    lost = true
  })
  client.on('ready', () => {
    if (lost) logger?.info('Redis connection restored')
    lost = false
  })
}

async function isClusterNode(client: Redis): Promise<boolean> {
  return (await client.info('cluster')).includes('cluster_enabled:1')
}
