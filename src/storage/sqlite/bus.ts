import { StoreUnavailable } from '../contract.ts'
import type { Bus } from '../contract.ts'
import { createSubscriptions } from '../subscriptions.ts'
import { type Database, dataVersion } from './database.ts'

const pollIntervalMs = 50
/** How long a process may be stuck, by a debugger or a sleeping laptop, and still hear what was said meanwhile. */
const messageLifetimeMs = 10 * 60 * 1000

/**
 * Messages as rows. SQLite tells nobody about a commit of another process, so each process asks
 * `pragma data_version`, which costs no disk access, and reads the table only when it changed.
 */
export function createBus({
  database,
  now,
}: {
  database: Database
  now: () => number
}): Bus & { close: () => void } {
  const subscriptions = createSubscriptions()
  let lastId = newestId(database)
  let seenVersion = dataVersion(database)

  const deliverNew = () => {
    const sql = 'select id, channel, message from bus_message where id > ? order by id'
    for (const row of database.all(sql, lastId) as BusRow[]) {
      lastId = row.id
      subscriptions.deliver(row.channel, row.message)
    }
  }
  const poll = () => {
    try {
      const version = dataVersion(database)
      if (version === seenVersion) return
      deliverNew()
      seenVersion = version
    } catch (error) {
      // The next round tries again.
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
  const timer = setInterval(poll, pollIntervalMs).unref()

  return {
    async publish(channel, message) {
      const sql = 'insert into bus_message (channel, message, expires_at) values (?, ?, ?)'
      database.relaxed(() => database.run(sql, channel, message, now() + messageLifetimeMs))
      // Our own commits do not change data_version.
      deliverNew()
    },
    async subscribe(channel, handler) {
      const end = subscriptions.add(channel, handler)
      return async () => end()
    },
    close: () => clearInterval(timer),
  }
}

interface BusRow {
  id: number
  channel: string
  message: string
}

function newestId(database: Database): number {
  const row = database.get('select max(id) as id from bus_message') as { id: number | null }
  return row.id ?? 0
}
