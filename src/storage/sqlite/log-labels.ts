import type { Database } from './database.ts'

/** How long numbers are remembered: after that a stream another process has dropped is numbered anew. */
const rememberedFor = 60_000

/**
 * Labels as small numbers, which make an index that is cheap to write: one tool call has a dozen labels, and their rows
 * share pages. Each entry keeps its numbers, by which a trigger finds its rows in the index when it goes.
 */
export function createLogLabels({ database, now }: { database: Database; now: () => number }) {
  /** By stream and label. */
  const numbers = new Map<string, Map<string, number>>()
  let clearedAt = now()

  function find(stream: string, label: string): number | undefined {
    const sql = 'select id from log_label_name where stream = ? and label = ?'
    return (database.get(sql, stream, label) as { id: number } | undefined)?.id
  }

  function create(stream: string, label: string): number {
    const sql = 'insert into log_label_name (stream, label) values (?, ?) returning id'
    return (database.get(sql, stream, label) as { id: number }).id
  }

  /** Gives labels of a stream their numbers, for one transaction, since what that makes is only there after it. */
  function begin(stream: string) {
    if (now() - clearedAt > rememberedFor) {
      numbers.clear()
      clearedAt = now()
    }
    const known = numbers.get(stream) ?? new Map<string, number>()
    const made = new Map<string, number>()
    return {
      number: (label: string): number => {
        const number = known.get(label) ?? made.get(label)
        if (number !== undefined) return number
        const id = find(stream, label) ?? create(stream, label)
        made.set(label, id)
        return id
      },
      committed(): void {
        for (const [label, id] of made) known.set(label, id)
        numbers.set(stream, known)
      },
    }
  }

  function drop(stream: string): void {
    database.run('delete from log_label_name where stream = ?', stream)
    numbers.delete(stream)
  }

  return { find, begin, drop }
}
