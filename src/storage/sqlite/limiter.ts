import type { Limiter } from '../contract.ts'
import { presentWindow } from '../limiter-window.ts'
import type { Database } from './database.ts'

interface WindowRow {
  hits: number
  expires_at: number
}

/** Fixed windows, one row each; a window that has ended is begun anew by the next hit. */
export function createLimiter({ database, now }: { database: Database; now: () => number }): Limiter {
  const sql = `insert into limiter_window (key, hits, expires_at) values (?1, ?4, ?2)
    on conflict (key) do update set
      hits = case when expires_at > ?3 then hits + excluded.hits else excluded.hits end,
      expires_at = case when expires_at > ?3 then expires_at else excluded.expires_at end
    returning hits, expires_at`
  return {
    async hit(key, { limit, windowSeconds }, times = 1) {
      const at = now()
      const row = database.relaxed(() =>
        database.get(sql, key, at + windowSeconds * 1000, at, times),
      ) as WindowRow
      return presentWindow({ hits: row.hits, limit, endsInMs: row.expires_at - at })
    },
    async refund(key) {
      database.relaxed(() =>
        database.run('update limiter_window set hits = hits - 1 where key = ?1 and hits > 0', key),
      )
    },
  }
}
