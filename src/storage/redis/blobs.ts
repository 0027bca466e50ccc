import { Conflict } from '../contract.ts'
import type { Blobs } from '../contract.ts'
import { shareInTurn } from '../turn-sharing.ts'
import { defineScript } from './commands.ts'
import type { RedisCommands } from './commands.ts'
import type { Keys } from './keys.ts'

/** KEYS: the blob. ARGV: expected revision, bytes. */
const putScript = defineScript(`
  local revision = redis.call('HGET', KEYS[1], 'r') or '0'
  if revision ~= ARGV[1] then return 0 end
  redis.call('HSET', KEYS[1], 'r', revision + 1, 'b', ARGV[2])
  return 1
`)

/** Whole values with a revision, one hash each: revision `r`, bytes `b`. */
export function createBlobs({ redis, keys }: { redis: RedisCommands; keys: Keys }): Blobs {
  const readRevision = shareInTurn((key) => redis.send('hget', key, 'r'))
  return {
    async get(key, { unlessRevision } = {}) {
      if (unlessRevision !== undefined) {
        const current = await readRevision(keys.blob(key))
        if (current === String(unlessRevision)) return 'unchanged'
      }
      const [revision, bytes] = await redis.readBytes(keys.blob(key), 'r', 'b')
      return revision && bytes ? { revision: Number(revision.toString()), bytes } : undefined
    },

    async put(key, bytes, expectedRevision) {
      const written = await redis.runOnce(putScript, [keys.blob(key)], expectedRevision, Buffer.from(bytes))
      if (written === 0) throw new Conflict('version')
      return expectedRevision + 1
    },

    async delete(key) {
      await redis.send('unlink', keys.blob(key))
    },
  }
}
