import type { Limiter } from '../contract.ts'
import { presentWindow } from '../limiter-window.ts'
import { defineScript } from './commands.ts'
import type { RedisCommands } from './commands.ts'
import type { Keys } from './keys.ts'

/**
 * KEYS: the window. ARGV: its length in ms, how many hits. GETEX counts as a write that Redis never refuses, and after it a full Redis
 * refuses nothing more: those who only read are served then, and every request of theirs is counted.
 */
const hitScript = defineScript(`
  redis.call('GETEX', KEYS[1])
  local hits = redis.call('INCRBY', KEYS[1], ARGV[2])
  if hits == tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
  return {hits, redis.call('PTTL', KEYS[1])}
`)

/** KEYS: the window. A window that has ended meanwhile must not come back without an end. */
const refundScript = defineScript(`
  if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
`)

/** Fixed windows, one counter each, that end by Redis's clock. */
export function createLimiter({ redis, keys }: { redis: RedisCommands; keys: Keys }): Limiter {
  return {
    async hit(key, { limit, windowSeconds }, times = 1) {
      const answer = await redis.run(hitScript, [keys.limiter(key)], windowSeconds * 1000, times)
      const [hits, endsInMs] = answer as [number, number]
      return presentWindow({ hits, limit, endsInMs })
    },
    async refund(key) {
      await redis.run(refundScript, [keys.limiter(key)])
    },
  }
}
