import { randomUUID } from 'node:crypto'
import { Conflict } from '../contract.ts'
import type { DocumentChange } from '../contract.ts'
import { defineScript } from './commands.ts'
import type { RedisCommands } from './commands.ts'
import type { Keys } from './keys.ts'

/**
 * KEYS: every key the steps name by number, then that of the revision. ARGV: the steps, a name for this call, which becomes the revision. All is checked before anything is written, and the
 * documents are written first, because Redis refuses a write for want of memory only while a script has written nothing.
 * Where every document exists already, PERSIST (nothing to do for it here, but a write that is never refused) comes before:
 * sessions can be ended and people disabled while Redis is full.
 * The name tells a call that is sent twice from two calls: what it wrote is `done` both times, not a lost race.
 */
const commitScript = defineScript(`
  local steps = cjson.decode(ARGV[1])
  local grows = false
  for _, step in ipairs(steps) do grows = grows or step.version == '0' end
  if not grows then redis.call('PERSIST', KEYS[1]) end
  local released, claimed = {}, {}
  for _, step in ipairs(steps) do
    if redis.call('HGET', KEYS[step.document], 'n') == ARGV[2] then
      redis.call('HSET', KEYS[step.document], 'n', ARGV[2])
      return {'done'}
    end
  end
  for _, step in ipairs(steps) do
    local version = redis.call('HGET', KEYS[step.document], 'v') or '0'
    if version ~= step.version then return {'version'} end
    for _, old in ipairs(step.release) do released[old.key .. ':' .. old.value] = true end
  end
  for _, step in ipairs(steps) do
    for _, new in ipairs(step.claim) do
      local place = new.key .. ':' .. new.value
      local taken = redis.call('HEXISTS', KEYS[new.key], new.value) == 1 and not released[place]
      if taken or claimed[place] then return {'unique', new.name} end
      claimed[place] = true
    end
  end
  for _, step in ipairs(steps) do
    if step.data then
      redis.call('HSET', KEYS[step.document], 'v', step.version + 1, 'd', step.data, 'u', step.unique, 'i', step.indexes, 'n', ARGV[2])
    else
      redis.call('UNLINK', KEYS[step.document])
    end
  end
  for _, step in ipairs(steps) do
    for _, old in ipairs(step.release) do redis.call('HDEL', KEYS[old.key], old.value) end
    for _, index in ipairs(step.leave) do redis.call('ZREM', KEYS[index], step.id) end
  end
  for _, step in ipairs(steps) do
    for _, new in ipairs(step.claim) do redis.call('HSET', KEYS[new.key], new.value, step.id) end
    for _, index in ipairs(step.join) do redis.call('ZADD', KEYS[index], 0, step.id) end
  end
  redis.call('SET', KEYS[#KEYS], ARGV[2])
  return {'done'}
`)

/** One change as the script reads it; keys are numbers into `KEYS`, without `data` it deletes. */
interface Step {
  id: string
  document: number
  version: string
  data?: string
  unique?: string
  indexes?: string
  release: { key: number; value: string }[]
  leave: number[]
  claim: { key: number; value: string; name: string }[]
  join: number[]
}

/** The unique keys and indexes a stored document holds. */
interface HeldKeys {
  unique: Record<string, string | readonly string[]>
  indexes: Record<string, string>
}

/** @throws {Conflict} */
export async function commitDocuments(
  { redis, keys }: { redis: RedisCommands; keys: Keys },
  changes: readonly DocumentChange[],
): Promise<void> {
  const held = await Promise.all(changes.map((change) => readHeldKeys({ redis, keys }, change)))
  const places = createPlaces()
  const steps = changes.map((change, i) => planStep(keys, places.numberOf, change, held[i]))
  const call = [JSON.stringify(steps), randomUUID()]
  const answer = (await redis.runDurably(
    commitScript,
    [...places.all, keys.documentsRevision],
    ...call,
  )) as string[]
  if (answer[0] === 'version') throw new Conflict('version')
  if (answer[0] === 'unique') throw new Conflict('unique', answer[1])
}

/** Read beforehand so that the script touches declared keys only; they belong to the version, which it checks again. */
async function readHeldKeys(
  { redis, keys }: { redis: RedisCommands; keys: Keys },
  { op, kind, id, version }: DocumentChange,
): Promise<HeldKeys | undefined> {
  if (op === 'put' && version === 0) return undefined
  const values = (await redis.send('hmget', keys.document(kind, id), 'v', 'u', 'i')) as (string | null)[]
  const [storedVersion, unique, indexes] = values
  if (storedVersion !== String(version)) throw new Conflict('version')
  return {
    unique: JSON.parse(unique ?? '{}') as HeldKeys['unique'],
    indexes: JSON.parse(indexes ?? '{}') as HeldKeys['indexes'],
  }
}

/** Numbers for keys, from 1 as Lua counts. */
function createPlaces(): { numberOf: (key: string) => number; all: string[] } {
  const all: string[] = []
  return { all, numberOf: (key) => (all.includes(key) ? all.indexOf(key) + 1 : all.push(key)) }
}

function planStep(
  keys: Keys,
  numberOf: (key: string) => number,
  change: DocumentChange,
  held: HeldKeys = { unique: {}, indexes: {} },
): Step {
  const { kind, id, version } = change
  const uniqueOf = (unique: HeldKeys['unique']) =>
    Object.entries(unique).flatMap(([name, values]) =>
      [values].flat().map((value) => ({ key: numberOf(keys.uniqueValues(kind, name)), value, name })),
    )
  const indexesOf = (indexes: Record<string, string>) =>
    Object.entries(indexes).map(([name, value]) => numberOf(keys.index(kind, name, value)))
  const step: Step = {
    id,
    document: numberOf(keys.document(kind, id)),
    version: String(version),
    release: uniqueOf(held.unique),
    leave: indexesOf(held.indexes),
    claim: [],
    join: [],
  }
  if (change.op === 'delete') return step
  const { data, unique = {}, indexes = {} } = change
  const written = {
    data: JSON.stringify(data),
    unique: JSON.stringify(unique),
    indexes: JSON.stringify(indexes),
  }
  return { ...step, ...written, claim: uniqueOf(unique), join: indexesOf(indexes) }
}
