import type { Database } from './database.ts'

/** How long numbers are remembered: after that a stream another process has dropped is numbered anew. */
const rememberedFor = 60_000

/**
 * Labels as small numbers, which make an index that is cheap to write: one tool call has a dozen labels, and their rows
 * share pages. Each entry keeps its numbers, by which a trigger finds its rows in the index when it goes.
 */
export function createLogLabels({ database, now }: { database: Database; now: () => number }) {
  const numbers = new Map<string, number>()
  let clearedAt = now()

  function find(stream: string, label: string): number | undefined {
    const sql = 'select id from log_label_name where stream = ? and label = ?'
    return (database.get(sql, stream, label) as { id: number } | undefined)?.id
  }

  function create(stream: string, label: string): number {
    const sql = 'insert into log_label_name (stream, label) values (?, ?) returning id'
    return (database.get(sql, stream, label) as { id: number }).id
  }

  /** Gives labels their numbers, for one transaction, since what that makes is only there after it. */
  function begin() {
    const made = new Map<string, number>()
    if (now() - clearedAt > rememberedFor) {
      numbers.clear()
      clearedAt = now()
    }
    return {
      number(stream: string, label: string): number {
        const name = `${stream}\n${label}`
        const known = numbers.get(name) ?? made.get(name)
        if (known !== undefined) return known
        const id = find(stream, label) ?? create(stream, label)
        made.set(name, id)
        return id
      },
      committed(): void {
        for (const [name, id] of made) numbers.set(name, id)
      },
    }
  }

  function drop(stream: string): void {
    database.run('delete from log_label_name where stream = ?', stream)
    numbers.clear()
  }

  return { find, begin, drop }
}
