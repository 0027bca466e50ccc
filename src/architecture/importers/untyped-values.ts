/** Whether a value out of a file is a mapping; values there may have any shape. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @returns an empty record for anything that is none. */
export function recordAt(value: unknown, ...path: string[]): Record<string, unknown> {
  let current: unknown = value
  for (const key of path) current = isRecord(current) ? current[key] : undefined
  return isRecord(current) ? current : {}
}

/** @returns an empty list for anything that is none. */
export function listAt(value: unknown, ...path: string[]): unknown[] {
  const last = path.at(-1)
  const list = last === undefined ? value : recordAt(value, ...path.slice(0, -1))[last]
  return Array.isArray(list) ? list : []
}

/** Numbers and booleans count as the text they were written as: people forget the quotes. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** Keeps the entries that are text. */
export function textRecord(value: unknown): Record<string, string> {
  const entries = Object.entries(isRecord(value) ? value : {}).flatMap(([key, entry]) => {
    const text = textOf(entry)
    return text === undefined ? [] : [[key, text] as const]
  })
  return Object.fromEntries(entries)
}
