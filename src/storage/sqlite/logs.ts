import type { Logs } from '../contract.ts'
import { never } from '../page.ts'
import type { Database } from './database.ts'

interface LogRow {
  id: number
  at: number
  entry: string
}

/** Streams in one table. Ids come from one sequence for all streams and are never used again, not even after a drop. */
export function createLogs({ database, now }: { database: Database; now: () => number }): Logs {
  return {
    async append(stream, entry, keep = {}) {
      const at = now()
      const expiresAt = keep.ttlSeconds === undefined ? never : at + keep.ttlSeconds * 1000
      return database.transaction(() => {
        const sql = 'insert into log (stream, at, entry, expires_at) values (?, ?, ?, ?) returning id'
        const row = database.get(sql, stream, at, JSON.stringify(entry), expiresAt) as { id: number }
        if (keep.maxEntries !== undefined) trim(database, stream, keep.maxEntries)
        return String(row.id)
      })
    },

    async page(stream, { limit, order, from }) {
      const sql =
        order === 'newest-first'
          ? 'select id, at, entry from log where stream = ? and id < ? and expires_at > ? order by id desc limit ?'
          : 'select id, at, entry from log where stream = ? and id > ? and expires_at > ? order by id limit ?'
      const edge = order === 'newest-first' ? Number.MAX_SAFE_INTEGER : 0
      const rows = database.all(sql, stream, parseId(from) ?? edge, now(), limit) as LogRow[]
      return rows.map(({ id, at, entry }) => ({
        id: String(id),
        at,
        entry: JSON.parse(entry) as Record<string, unknown>,
      }))
    },

    async drop(stream) {
      database.run('delete from log where stream = ?', stream)
    },
  }
}

function trim(database: Database, stream: string, maxEntries: number): void {
  const sql = `delete from log where stream = ?
    and id <= (select id from log where stream = ? order by id desc limit 1 offset ?)`
  database.run(sql, stream, stream, maxEntries)
}

/** An id may come back from a client (`Last-Event-ID`); one that is not ours means no position at all. */
function parseId(from: string | undefined): number | undefined {
  return from !== undefined && /^\d{1,15}$/.test(from) ? Number(from) : undefined
}
