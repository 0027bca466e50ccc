import type { LogEntry, LogPageRequest, Logs } from '../contract.ts'
import { never } from '../page.ts'
import { defineScript } from './commands.ts'
import type { RedisCommands } from './commands.ts'
import type { Keys } from './keys.ts'

/**
 * KEYS: the stream. ARGV: entry, expiry, most entries or '', lifetime in ms or ''. A log without a limit of entries tells
 * what was done, so it is written while Redis is full, too: PERSIST is a write that is never refused, and after one no
 * other is.
 */
const appendScript = defineScript(`
  if ARGV[3] == '' then redis.call('PERSIST', KEYS[1]) end
  local id = redis.call('XADD', KEYS[1], '*', 'e', ARGV[1], 'x', ARGV[2])
  if ARGV[3] ~= '' then redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[3]) end
  if ARGV[4] ~= '' then
    local oldest = tonumber(string.match(id, '^%d+')) - tonumber(ARGV[4])
    redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f', oldest))
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
  end
  return id
`)

/** Redis streams; what has expired is trimmed by the next append, and hidden until then. */
export function createLogs(deps: { redis: RedisCommands; keys: Keys; now: () => number }): Logs {
  const { redis, keys, now } = deps
  return {
    async append(stream, entry, { maxEntries, ttlSeconds } = {}) {
      const ttl = ttlSeconds === undefined ? undefined : ttlSeconds * 1000
      const expiresAt = ttl === undefined ? never : now() + ttl
      const values = [JSON.stringify(entry), expiresAt, maxEntries ?? '', ttl ?? '']
      return (await redis.runOnce(appendScript, [keys.log(stream)], ...values)) as string
    },

    async page(stream, request) {
      const alive: LogEntry[] = []
      for (let from = parseId(request.from); ;) {
        const batch = await readBatch(redis, keys.log(stream), { ...request, from })
        alive.push(
          ...batch
            .filter(({ expiresAt }) => expiresAt > now())
            .map(({ id, at, entry }) => ({ id, at, entry })),
        )
        if (alive.length >= request.limit || batch.length < request.limit)
          return alive.slice(0, request.limit)
        from = batch.at(-1)?.id
      }
    },

    async drop(stream) {
      await redis.send('unlink', keys.log(stream))
    },
  }
}

async function readBatch(
  redis: RedisCommands,
  key: string,
  { order, from, limit }: LogPageRequest,
): Promise<(LogEntry & { expiresAt: number })[]> {
  const edge = from === undefined ? undefined : `(${from}`
  const raw =
    order === 'newest-first'
      ? await redis.send('xrevrange', key, edge ?? '+', '-', 'COUNT', limit)
      : await redis.send('xrange', key, edge ?? '-', '+', 'COUNT', limit)
  return (raw as [id: string, fields: string[]][]).map(([id, [, entry = '{}', , expiresAt]]) => ({
    id,
    at: Number.parseInt(id, 10),
    entry: JSON.parse(entry) as Record<string, unknown>,
    expiresAt: Number(expiresAt),
  }))
}

/** An id may come back from a client (`Last-Event-ID`); one that is not ours means no position at all. */
function parseId(from: string | undefined): string | undefined {
  return from !== undefined && /^\d{1,15}-\d{1,15}$/.test(from) ? from : undefined
}
