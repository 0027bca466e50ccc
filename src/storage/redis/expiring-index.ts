import { defineScript } from './commands.ts'

/**
 * Lua function that adds a member, scored by expiry, to a sorted set that forgets what has expired and dies with its
 * last member. ZADD comes first: it is what Redis refuses when it is full, and after any write it refuses nothing more.
 */
export const addExpiring = `
  local function add_expiring(key, member, expires_at, now)
    redis.call('ZADD', key, expires_at, member)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
    if last then redis.call('PEXPIRE', key, string.format('%.0f', last - now)) end
  end
`

/** KEYS: the set. ARGV: member, expiry, now. */
export const addToIndex = defineScript(`${addExpiring} add_expiring(KEYS[1], ARGV[1], ARGV[2], ARGV[3])`)
