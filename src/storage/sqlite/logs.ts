import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LabelledEntry, LogEntry, LogPageRequest, LogRetention, Logs } from '../contract.ts'
import { never } from '../page.ts'
import type { Database } from './database.ts'
import { createLogLabels } from './log-labels.ts'

interface LogRow {
  id: number
  at: number
  entry: string
}

/** Small enough that a request in between does not wait for long. */
const shortenBatch = 2000

/**
 * All of a batch at once, in the order of the array: a statement for each entry and each label would cost as much as the
 * calls they tell of.
 */
const insertEntries = `insert into log (stream, at, entry, expires_at, labels)
  select ?1, ?2, value -> 0, ?3, nullif(value -> 1, 'null') from json_each(?4) returning id`
/** Ids of one transaction follow each other, since it alone writes. */
const insertLabels = `insert into log_label (label, id)
  select number.value, log.id from log, json_each(log.labels) as number where log.id between ? and ?`

/** Streams in one table. Ids come from one sequence for all streams and are never used again, not even after a drop. */
export function createLogs({ database, now }: { database: Database; now: () => number }): Logs {
  const labels = createLogLabels({ database, now })

  /** All or none, in their order. @returns their ids */
  function insert(
    stream: string,
    entries: readonly LabelledEntry[],
    { ttlSeconds, maxEntries }: LogRetention,
  ): number[] {
    const at = now()
    const expiresAt = ttlSeconds === undefined ? never : at + ttlSeconds * 1000
    const numbering = labels.begin(stream)
    const ids = database.transaction(() => {
      const rows = entries.map((each) => {
        const numbers = each.labels.map(numbering.number)
        return [each.entry, numbers.length === 0 ? null : numbers]
      })
      const inserted = database.all(insertEntries, stream, at, expiresAt, JSON.stringify(rows)) as {
        id: number
      }[]
      const [first, last] = [inserted.at(0), inserted.at(-1)]
      if (first && last) database.run(insertLabels, first.id, last.id)
      if (maxEntries !== undefined) trim(database, stream, maxEntries)
      return inserted.map(({ id }) => id)
    })
    numbering.committed()
    return ids
  }

  return {
    async append(stream, entry, keep = {}) {
      const [id] = insert(stream, [{ entry, labels: keep.labels ?? [] }], keep)
      return String(id)
    },

    async appendAll(stream, entries, keep) {
      database.relaxed(() => insert(stream, entries, keep))
    },

    async page(stream, request) {
      const label = request.label === undefined ? undefined : labels.find(stream, request.label)
      if (label === undefined && request.label !== undefined) return []
      const bounds = boundsOf(database, stream, request)
      return bounds === undefined
        ? []
        : readPage(database, stream, { ...request, label, ...bounds, now: now() })
    },

    async shorten(stream, { ttlSeconds }) {
      const ttl = ttlSeconds * 1000
      const sql = `select id from log where stream = ? and id > ? order by id limit 1 offset ${shortenBatch - 1}`
      for (let from = 0, last = 0; last < Number.MAX_SAFE_INTEGER; from = last) {
        const row = database.get(sql, stream, from) as { id: number } | undefined
        last = row?.id ?? Number.MAX_SAFE_INTEGER
        database.run(
          'update log set expires_at = min(expires_at, at + ?) where stream = ? and id > ? and id <= ?',
          ttl,
          stream,
          from,
          last,
        )
        await nextTurn()
      }
    },

    async drop(stream) {
      database.run('delete from log where stream = ?', stream)
      labels.drop(stream)
    },
  }
}

interface Bounds {
  /** Both exclusive. */
  above: number
  below: number
}

/** Ids ascend with time, so times are turned into ids. @returns undefined when nothing can be between them */
function boundsOf(
  database: Database,
  stream: string,
  { order, from, since, before }: LogPageRequest,
): Bounds | undefined {
  const firstFrom = (time: number) => {
    const sql = 'select id from log where stream = ? and at >= ? order by at, id limit 1'
    return (database.get(sql, stream, time) as { id: number } | undefined)?.id
  }
  const first = since === undefined ? 1 : firstFrom(since)
  if (first === undefined) return undefined
  const end = (before === undefined ? undefined : firstFrom(before)) ?? Number.MAX_SAFE_INTEGER
  const edge = parseId(from)
  return {
    above: order === 'oldest-first' && edge !== undefined ? Math.max(edge, first - 1) : first - 1,
    below: order === 'newest-first' && edge !== undefined ? Math.min(edge, end) : end,
  }
}

function readPage(
  database: Database,
  stream: string,
  request: Omit<LogPageRequest, 'label'> & Bounds & { label: number | undefined; now: number },
): LogEntry[] {
  const { label, order, above, below, limit, now } = request
  const direction = order === 'newest-first' ? 'desc' : 'asc'
  const rows =
    label === undefined
      ? database.all(
          `select id, at, entry from log
           where stream = ? and id > ? and id < ? and expires_at > ? order by id ${direction} limit ?`,
          stream,
          above,
          below,
          now,
          limit,
        )
      : database.all(
          // A cross join keeps this order of tables: the label says which rows of the log to read.
          `select log.id, at, entry from log_label cross join log on log.id = log_label.id
           where label = ? and log_label.id > ? and log_label.id < ? and expires_at > ?
           order by log_label.id ${direction} limit ?`,
          label,
          above,
          below,
          now,
          limit,
        )
  return (rows as LogRow[]).map(({ id, at, entry }) => ({
    id: String(id),
    at,
    entry: JSON.parse(entry) as Record<string, unknown>,
  }))
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
