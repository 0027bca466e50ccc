import { setTimeout as sleep } from 'node:timers/promises'
import type {
  DatabaseSyncInstance,
  DatabaseSync as DatabaseSyncConstructor,
  StatementSyncInstance,
} from '@photostructure/sqlite'
import { StoreUnavailable } from '../contract.ts'
import { migrate } from './schema.ts'

/** What a statement may bind and return. */
export type SqlValue = string | number | Uint8Array | null

/** One SQLite connection. Every call is synchronous and throws {@link StoreUnavailable} when the file cannot serve it. */
export interface Database {
  /** The first row, for the caller to name its columns. */
  readonly get: (sql: string, ...values: SqlValue[]) => unknown
  readonly all: (sql: string, ...values: SqlValue[]) => unknown[]
  /** @returns the number of rows changed. */
  readonly run: (sql: string, ...values: SqlValue[]) => number
  /** All or nothing; the write lock is taken at the start, so what is read stays true until the end. */
  readonly transaction: <T>(work: () => T) => T
  /** Writes that survive a crash of the process but may be lost with the power: spares the wait for the disk. */
  readonly relaxed: <T>(work: () => T) => T
  readonly close: () => void
}

/** Opens a file, or `:memory:`, and brings its schema up to date. Other processes may have it open. */
export async function openDatabase(file: string): Promise<Database> {
  const { DatabaseSync } = await loadSqlite()
  const handle = attempt(() => new DatabaseSync(file))
  await prepareFile(handle)
  return createDatabase(handle)
}

function createDatabase(handle: DatabaseSyncInstance): Database {
  // A prepared statement does not keep its connection alive (nodejs/node#56840): were `handle` only reachable through
  // statements, a garbage collection would close it under them. These closures hold it as long as the store lives.
  const statements = new Map<string, StatementSyncInstance>()
  const statement = (sql: string) => {
    const known = statements.get(sql)
    if (known) return known
    const prepared = handle.prepare(sql)
    statements.set(sql, prepared)
    return prepared
  }
  const database: Database = {
    get: (sql, ...values) => attempt(() => statement(sql).get(...values) as unknown),
    all: (sql, ...values) => attempt(() => statement(sql).all(...values) as unknown[]),
    run: (sql, ...values) => attempt(() => statement(sql).run(...values).changes),
    transaction(work) {
      database.run('begin immediate')
      try {
        const result = work()
        database.run('commit')
        return result
      } catch (error) {
        // SQLite has already rolled back by itself after some failures, a full disk for one.
        if (handle.isTransaction) database.run('rollback')
        throw error
      }
    },
    relaxed(work) {
      // Not as prepared statements: SQLite carries this pragma out when it is compiled, not when it is run.
      attempt(() => handle.exec('pragma synchronous = normal'))
      try {
        return work()
      } finally {
        attempt(() => handle.exec('pragma synchronous = full'))
      }
    },
    close() {
      statements.clear()
      if (handle.isOpen) handle.close()
    },
  }
  return database
}

/** A number that changes when another connection has committed; costs no disk access (SQLite, `pragma data_version`). */
export function dataVersion(database: Database): number {
  return (database.get('pragma data_version') as { data_version: number }).data_version
}

interface SqliteModule {
  DatabaseSync: typeof DatabaseSyncConstructor
}

/** The built-in module from 22.16, the first with all that is used here; before that the same API as a package. */
async function loadSqlite(): Promise<SqliteModule> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const hasBuiltIn = major > 22 || (major === 22 && minor >= 16)
  if (!hasBuiltIn) return import('@photostructure/sqlite')
  return process.getBuiltinModule('node:sqlite') as SqliteModule
}

async function prepareFile(handle: DatabaseSyncInstance): Promise<void> {
  handle.exec('pragma busy_timeout = 2000')
  // The first switch to WAL needs the file for itself and does not honour busy_timeout.
  const giveUpAt = Date.now() + 5000
  for (;;) {
    try {
      attempt(() => handle.exec('pragma journal_mode = wal; pragma synchronous = full'))
      break
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || Date.now() > giveUpAt) throw error
      await sleep(20)
    }
  }
  attempt(() => migrate(handle))
}

/**
 * Primary result codes that speak of the file and its disk, not of the statement: BUSY, LOCKED, NOMEM, READONLY,
 * IOERR, FULL, CANTOPEN, PROTOCOL (https://sqlite.org/rescode.html).
 */
const unavailable = new Set([5, 6, 7, 8, 10, 13, 14, 15])

function attempt<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (isUnavailable(error))
      throw new StoreUnavailable('the database file cannot be used now', { cause: error })
    throw error
  }
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  const closed = code === 'ERR_INVALID_STATE'
  return closed || (typeof errcode === 'number' && unavailable.has(errcode & 0xff))
}
