import { Conflict } from '../contract.ts'
import type { Blobs } from '../contract.ts'
import { askAtTurnEnd } from '../turn-sharing.ts'
import type { Database } from './database.ts'

interface BlobRow {
  revision: number
  bytes: Uint8Array
}

/** Whole values with a revision. */
export function createBlobs({ database }: { database: Database }): Blobs {
  const readRevision = askAtTurnEnd((key) => {
    const row = database.get('select revision from blob where key = ?', key) as
      { revision: number } | undefined
    return row?.revision
  })
  return {
    async get(key, { unlessRevision } = {}) {
      if (unlessRevision !== undefined && (await readRevision(key)) === unlessRevision) return 'unchanged'
      return database.get('select revision, bytes from blob where key = ?', key) as BlobRow | undefined
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
