import type { LabelledEntry, LogEntry, LogPageRequest, LogRetention, Logs } from '../contract.ts'
import { never } from '../page.ts'
import { defineScript } from './commands.ts'
import type { RedisCommands } from './commands.ts'
import type { Keys } from './keys.ts'

/**
 * KEYS: the stream, its labels, the stream of each label. ARGV: entry, expiry, most entries or '', lifetime in ms or '',
 * whether a full Redis is written to, each label. A log that tells what was done is written while Redis is full, too:
 * PERSIST is a write that is never refused, and after one no other is.
 */
const appendScript = defineScript(`
  local ttl = ARGV[4]
  if ARGV[5] == 'always' then redis.call('PERSIST', KEYS[1]) end
  local id = redis.call('XADD', KEYS[1], '*', 'e', ARGV[1], 'x', ARGV[2])
  local at = tonumber(string.match(id, '^%d+'))
  if ARGV[3] ~= '' then redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[3]) end
  local oldest = '0'
  if ttl ~= '' then
    oldest = string.format('%.0f', at - tonumber(ttl))
    redis.call('XTRIM', KEYS[1], 'MINID', oldest)
    redis.call('PEXPIRE', KEYS[1], ttl)
  end
  local labels = {}
  for i = 3, #KEYS do
    redis.call('XADD', KEYS[i], 'MINID', '~', oldest, id, 'e', '')
    if ttl ~= '' then redis.call('PEXPIRE', KEYS[i], ttl) end
    table.insert(labels, at)
    table.insert(labels, ARGV[i + 3])
  end
  if #labels > 0 then
    redis.call('ZADD', KEYS[2], unpack(labels))
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', oldest)
    if ttl ~= '' then redis.call('PEXPIRE', KEYS[2], ttl) end
  end
  return id
`)

/**
 * As the script above for many at once: most of what it does and what is sent is the same for all of them. KEYS: the
 * stream, its labels, the stream of each label. ARGV: lifetime in ms, expiry, each label, and then for each entry the
 * numbers of the keys of its labels, a tab, and itself: what is sent costs by the piece.
 */
const appendAllScript = defineScript(`
  local at, oldest
  for i = #KEYS + 1, #ARGV do
    local numbers, entry = string.match(ARGV[i], '^([^\t]*)\t(.*)$')
    local id = redis.call('XADD', KEYS[1], '*', 'e', entry, 'x', ARGV[2])
    at = tonumber(string.match(id, '^%d+'))
    oldest = string.format('%.0f', at - tonumber(ARGV[1]))
    for number in string.gmatch(numbers, '%d+') do
      redis.call('XADD', KEYS[tonumber(number)], 'MINID', '~', oldest, id, 'e', '')
    end
  end
  redis.call('XTRIM', KEYS[1], 'MINID', oldest)
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  for i = 3, #KEYS do
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
    redis.call('ZADD', KEYS[2], at, ARGV[i])
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', oldest)
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
`)
/** Redis serves nobody else while a script runs. */
const mostAtOnce = 50

/** KEYS: the stream, the stream of a label. ARGV: XRANGE or XREVRANGE, both its bounds, how many. */
const readLabelScript = defineScript(`
  local found = {}
  local last = ''
  for _, pointer in ipairs(redis.call(ARGV[1], KEYS[2], ARGV[2], ARGV[3], 'COUNT', ARGV[4])) do
    last = pointer[1]
    local entry = redis.call('XRANGE', KEYS[1], last, last)[1]
    if entry then table.insert(found, entry) end
  end
  return {last, found}
`)

/** KEYS: a stream or the stream of a label. ARGV: the oldest time in ms, lifetime in ms. */
const shortenScript = defineScript(`
  redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
  if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
`)

/**
 * Redis streams; what has expired is trimmed by the next append, and hidden until then. A label is a stream of the same
 * ids: it is written in the same step, so they ascend there, too.
 */
export function createLogs(deps: { redis: RedisCommands; keys: Keys; now: () => number }): Logs {
  const { redis, keys, now } = deps

  async function add(
    stream: string,
    { entry, labels }: LabelledEntry,
    { maxEntries, ttlSeconds }: LogRetention,
    whenFull: 'always' | 'refused',
  ): Promise<string> {
    const ttl = ttlSeconds === undefined ? undefined : ttlSeconds * 1000
    const expiresAt = ttl === undefined ? never : now() + ttl
    const labelKeys = labels.map((label) => keys.logLabel(stream, label))
    const values = [JSON.stringify(entry), expiresAt, maxEntries ?? '', ttl ?? '', whenFull, ...labels]
    const all = [keys.log(stream), keys.logLabels(stream), ...labelKeys]
    return (await redis.runOnce(appendScript, all, ...values)) as string
  }

  async function addAll(stream: string, entries: readonly LabelledEntry[], ttl: number): Promise<void> {
    // By label the number of its key, as Lua counts, after the two that stand first.
    const numbers = new Map<string, number>()
    const numberOf = (label: string) => {
      const known = numbers.get(label)
      if (known !== undefined) return known
      const number = numbers.size + 3
      numbers.set(label, number)
      return number
    }
    const values = entries.map(
      ({ entry, labels }) => `${labels.map(numberOf).join(' ')}\t${JSON.stringify(entry)}`,
    )
    const labelKeys = Array.from(numbers.keys(), (label) => keys.logLabel(stream, label))
    const all = [keys.log(stream), keys.logLabels(stream), ...labelKeys]
    await redis.runOnce(appendAllScript, all, ttl, now() + ttl, ...numbers.keys(), ...values)
  }

  async function labelKeysOf(stream: string): Promise<string[]> {
    const labels = (await redis.send('zrange', keys.logLabels(stream), 0, -1)) as string[]
    return labels.map((label) => keys.logLabel(stream, label))
  }

  return {
    append: (stream, entry, { labels = [], ...keep } = {}) =>
      add(stream, { entry, labels }, keep, keep.maxEntries === undefined ? 'always' : 'refused'),

    async appendAll(stream, entries, { ttlSeconds }) {
      const batches: Promise<unknown>[] = []
      for (let from = 0; from < entries.length; from += mostAtOnce) {
        batches.push(addAll(stream, entries.slice(from, from + mostAtOnce), ttlSeconds * 1000))
      }
      await Promise.all(batches)
    },

    async page(stream, request) {
      const read = request.label === undefined ? readStream : readLabel
      const alive: LogEntry[] = []
      for (let from = parseId(request.from); ;) {
        const { entries, last } = await read(deps, stream, { ...request, from })
        alive.push(
          ...entries
            .filter(({ expiresAt }) => expiresAt > now())
            .map(({ id, at, entry }) => ({ id, at, entry })),
        )
        if (alive.length >= request.limit || last === undefined) return alive.slice(0, request.limit)
        from = last
      }
    },

    async shorten(stream, { ttlSeconds }) {
      const [ttl, oldest] = [ttlSeconds * 1000, now() - ttlSeconds * 1000]
      for (const key of [keys.log(stream), ...(await labelKeysOf(stream))]) {
        await redis.run(shortenScript, [key], oldest, ttl)
      }
    },

    async drop(stream) {
      // One by one, as a cluster wants it; the list of labels last, so that a failure half way can be made good.
      for (const key of [keys.log(stream), ...(await labelKeysOf(stream)), keys.logLabels(stream)]) {
        await redis.send('unlink', key)
      }
    },
  }
}

interface Batch {
  entries: (LogEntry & { expiresAt: number })[]
  /** Where to read on; absent when there is no more. */
  last: string | undefined
}

type Reader = (
  deps: { redis: RedisCommands; keys: Keys },
  stream: string,
  request: LogPageRequest,
) => Promise<Batch>

const readStream: Reader = async ({ redis, keys }, stream, request) => {
  const { command, bounds } = rangeOf(request)
  const raw = await redis.send(command, keys.log(stream), ...bounds, 'COUNT', request.limit)
  const entries = presentEntries(raw as RawEntry[])
  return { entries, last: entries.length < request.limit ? undefined : entries.at(-1)?.id }
}

const readLabel: Reader = async ({ redis, keys }, stream, request) => {
  const { command, bounds } = rangeOf(request)
  const both = [keys.log(stream), keys.logLabel(stream, request.label ?? '')]
  const [last, raw] = (await redis.run(readLabelScript, both, command, ...bounds, request.limit)) as [
    string,
    RawEntry[],
  ]
  return { entries: presentEntries(raw), last: last === '' ? undefined : last }
}

type RawEntry = [id: string, fields: string[]]

function presentEntries(raw: RawEntry[]): Batch['entries'] {
  return raw.map(([id, [, entry = '{}', , expiresAt]]) => ({
    id,
    at: Number.parseInt(id, 10),
    entry: JSON.parse(entry) as Record<string, unknown>,
    expiresAt: Number(expiresAt),
  }))
}

/** Ids begin with their time, so times are bounds; a position is always between the two it was read with. */
function rangeOf({ order, from, since, before }: LogPageRequest) {
  const lowest = since === undefined ? '-' : `${since}-0`
  // Exclusive, and with the first number of that millisecond: without one Redis would take the last.
  const highest = before === undefined ? '+' : `(${before}-0`
  const edge = from === undefined ? undefined : `(${from}`
  return order === 'newest-first'
    ? { command: 'xrevrange', bounds: [edge ?? highest, lowest] as const }
    : { command: 'xrange', bounds: [edge ?? lowest, highest] as const }
}

/** An id may come back from a client (`Last-Event-ID`); one that is not ours means no position at all. */
function parseId(from: string | undefined): string | undefined {
  return from !== undefined && /^\d{1,15}-\d{1,15}$/.test(from) ? from : undefined
}
