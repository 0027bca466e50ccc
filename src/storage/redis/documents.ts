import type { Documents, StoredDocument } from '../contract.ts'
import { pageLimit } from '../page.ts'
import { shareInTurn } from '../turn-sharing.ts'
import { defineScript } from './commands.ts'
import type { RedisCommands } from './commands.ts'
import { commitDocuments } from './document-commit.ts'
import type { Keys } from './keys.ts'

/** KEYS: the document. ARGV: pairs of field and value. */
const touchScript = defineScript(`
  if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], unpack(ARGV)) end
`)

const touchedField = 't:'

/** One hash a document: version `v`, data `d`, its keys `u` and `i`, and touched facts as `t:…` beside them. */
export function createDocuments({ redis, keys }: { redis: RedisCommands; keys: Keys }): Documents {
  const read = async (kind: string, id: string) =>
    presentDocument(id, (await redis.send('hgetall', keys.document(kind, id))) as Record<string, string>)
  const readRevision = shareInTurn(
    // A store without commits has none, and gets one with the first.
    async (key) => ((await redis.send('get', key)) as string | null) ?? '',
  )
  return {
    get: read,

    async findUnique(kind, key, value) {
      const id = (await redis.send('hget', keys.uniqueValues(kind, key), value)) as string | null
      return id === null ? undefined : read(kind, id)
    },

    async list(kind, index, value, page = {}) {
      const limit = pageLimit(page)
      const from = page.cursor === undefined ? '-' : `(${page.cursor}`
      const range = [from, '+', 'LIMIT', 0, limit + 1]
      const ids = (await redis.send('zrangebylex', keys.index(kind, index, value), ...range)) as string[]
      const documents = await Promise.all(ids.slice(0, limit).map((id) => read(kind, id)))
      return {
        items: documents.filter((document) => document !== undefined),
        nextCursor: ids.length > limit ? ids[limit - 1] : undefined,
      }
    },

    commit: (changes) => commitDocuments({ redis, keys }, changes),

    async touch(kind, id, facts) {
      const fields = Object.entries(facts).flatMap(([name, fact]) => [
        touchedField + name,
        JSON.stringify(fact),
      ])
      if (fields.length > 0) await redis.run(touchScript, [keys.document(kind, id)], ...fields)
    },

    revision: () => readRevision(keys.documentsRevision),
  }
}

function presentDocument(id: string, fields: Record<string, string>): StoredDocument | undefined {
  if (fields['v'] === undefined || fields['d'] === undefined) return undefined
  const touched = Object.entries(fields).filter(([name]) => name.startsWith(touchedField))
  return {
    id,
    version: Number(fields['v']),
    data: JSON.parse(fields['d']) as unknown,
    touched: Object.fromEntries(
      touched.map(([name, fact]) => [name.slice(touchedField.length), JSON.parse(fact) as string | number]),
    ),
  }
}
