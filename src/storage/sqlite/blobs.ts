import { Conflict } from '../contract.ts'
import type { Blobs } from '../contract.ts'
import type { Database } from './database.ts'

interface BlobRow {
  revision: number
  bytes: Uint8Array | null
}

/** Whole values with a revision. */
export function createBlobs({ database }: { database: Database }): Blobs {
  return {
    async get(key, { unlessRevision } = {}) {
      const sql = `select revision, case when revision is not ? then bytes end as bytes from blob where key = ?`
      const row = database.get(sql, unlessRevision ?? null, key) as BlobRow | undefined
      if (!row) return undefined
      return row.bytes ? { revision: row.revision, bytes: row.bytes } : 'unchanged'
    },

    async put(key, bytes, expectedRevision) {
      const insert = 'insert into blob (key, revision, bytes) values (?, 1, ?) on conflict do nothing'
      const update = 'update blob set revision = revision + 1, bytes = ? where key = ? and revision = ?'
      const written =
        expectedRevision === 0
          ? database.run(insert, key, bytes)
          : database.run(update, bytes, key, expectedRevision)
      if (written === 0) throw new Conflict('version')
      return expectedRevision + 1
    },

    async delete(key) {
      database.run('delete from blob where key = ?', key)
    },
  }
}
