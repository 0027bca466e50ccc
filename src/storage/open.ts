import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Store } from './contract.ts'
import { createRedisStore } from './redis/store.ts'
import { createSqliteStore } from './sqlite/store.ts'

/**
 * Opens Redis where an address is given, else the embedded store in `dataDir`, which is created for its owner only.
 * @throws {StoreUnavailable}
 */
export async function openStore(options: {
  redisUrl?: string | undefined
  /** How many replicas must have a write before it counts; see docs/storage.md. */
  redisWaitReplicas?: number | undefined
  dataDir: string
  logger?: Pick<Logger, 'info' | 'warn'> | undefined
}): Promise<Store> {
  const { redisUrl, redisWaitReplicas: waitReplicas, dataDir, logger } = options
  if (redisUrl !== undefined) return createRedisStore({ url: redisUrl, waitReplicas, logger })
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  return createSqliteStore({ file: join(dataDir, 'opentrace.db') })
}
