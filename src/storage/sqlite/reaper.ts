import { StoreUnavailable } from '../contract.ts'
import type { Database } from './database.ts'
import { expiringTables } from './schema.ts'

const intervalMs = 60_000
/** Small enough that a long absence is caught up in short steps, between requests. */
const batch = 500

/** Deletes what has expired, now and then; readers never depend on it. @returns a function that stops it. */
export function startReaper({ database, now }: { database: Database; now: () => number }): () => void {
  const reap = () => {
    try {
      const full = expiringTables.filter((table) => deleteExpired(database, table, now()) === batch)
      if (full.length > 0) setImmediate(reap).unref()
    } catch (error) {
      // Busy or closed: the next round tries again.
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
  const timer = setInterval(reap, intervalMs).unref()
  return () => clearInterval(timer)
}

/** @returns how many rows were deleted, at most one batch. */
export function deleteExpired(
  database: Database,
  table: (typeof expiringTables)[number],
  now: number,
): number {
  const sql = `delete from ${table} where rowid in (select rowid from ${table} where expires_at <= ? limit ${batch})`
  return database.relaxed(() => database.run(sql, now))
}
