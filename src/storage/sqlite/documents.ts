import { Conflict } from '../contract.ts'
import type { DocumentChange, Documents, StoredDocument } from '../contract.ts'
import { pageLimit } from '../page.ts'
import { askAtTurnEnd } from '../turn-sharing.ts'
import { type Database, dataVersion } from './database.ts'

interface DocumentRow {
  id: string
  version: number
  data: string
  touched: string
}

const columns = 'document.id, version, data, touched'

/** Versioned records; unique keys and indexes are rows of their own, written in the same transaction. */
export function createDocuments({ database }: { database: Database }): Documents {
  let ownCommits = 0
  // Other processes change the one with any write, which is more than is asked for; our own connection does not.
  const readRevision = askAtTurnEnd(() => `${dataVersion(database)}.${ownCommits}`)
  return {
    async get(kind, id) {
      const sql = `select ${columns} from document where kind = ? and id = ?`
      const row = database.get(sql, kind, id) as DocumentRow | undefined
      return row && presentDocument(row)
    },

    async findUnique(kind, key, value) {
      const sql = `select ${columns} from document_unique join document using (kind, id)
        where document_unique.kind = ? and key = ? and value = ?`
      const row = database.get(sql, kind, key, value) as DocumentRow | undefined
      return row && presentDocument(row)
    },

    async list(kind, index, value, page = {}) {
      const limit = pageLimit(page)
      const sql = `select ${columns} from document_index join document using (kind, id)
        where document_index.kind = ? and name = ? and value = ? and document_index.id > ?
        order by document_index.id limit ?`
      const rows = database.all(sql, kind, index, value, page.cursor ?? '', limit + 1) as DocumentRow[]
      const items = rows.slice(0, limit).map(presentDocument)
      return { items, nextCursor: rows.length > limit ? items.at(-1)?.id : undefined }
    },

    async commit(changes) {
      database.transaction(() => {
        // Every old key is released before any new one is claimed, so keys may change hands within one commit.
        for (const change of changes) writeDocument(database, change)
        for (const change of changes) writeKeys(database, change)
      })
      ownCommits += 1
    },

    async touch(kind, id, facts) {
      const sql = 'update document set touched = json_patch(touched, ?) where kind = ? and id = ?'
      database.relaxed(() => database.run(sql, JSON.stringify(facts), kind, id))
    },

    revision: () => readRevision(''),
  }
}

function writeDocument(database: Database, change: DocumentChange): void {
  const { kind, id } = change
  if (replaceRow(database, change) === 0) throw new Conflict('version')
  database.run('delete from document_unique where kind = ? and id = ?', kind, id)
  database.run('delete from document_index where kind = ? and id = ?', kind, id)
}

function replaceRow(database: Database, change: DocumentChange): number {
  const { kind, id, version } = change
  if (change.op === 'delete') {
    return database.run('delete from document where kind = ? and id = ? and version = ?', kind, id, version)
  }
  const data = JSON.stringify(change.data)
  if (version === 0) {
    const sql = 'insert into document (kind, id, version, data) values (?, ?, 1, ?) on conflict do nothing'
    return database.run(sql, kind, id, data)
  }
  const sql = 'update document set version = version + 1, data = ? where kind = ? and id = ? and version = ?'
  return database.run(sql, data, kind, id, version)
}

function writeKeys(database: Database, change: DocumentChange): void {
  if (change.op === 'delete') return
  const { kind, id } = change
  for (const [key, values] of Object.entries(change.unique ?? {})) {
    const sql =
      'insert into document_unique (kind, key, value, id) values (?, ?, ?, ?) on conflict do nothing'
    for (const value of [values].flat()) {
      if (database.run(sql, kind, key, value, id) === 0) throw new Conflict('unique', key)
    }
  }
  for (const [name, value] of Object.entries(change.indexes ?? {})) {
    const sql = 'insert into document_index (kind, name, value, id) values (?, ?, ?, ?)'
    database.run(sql, kind, name, value, id)
  }
}

function presentDocument(row: DocumentRow): StoredDocument {
  return {
    id: row.id,
    version: row.version,
    data: JSON.parse(row.data) as unknown,
    touched: JSON.parse(row.touched) as StoredDocument['touched'],
  }
}
