import type { PageRequest } from './contract.ts'

const defaultLimit = 50
const largestLimit = 500

/** The number of items to return, whatever was asked for. */
export function pageLimit(page: PageRequest): number {
  return Math.min(Math.max(Math.trunc(page.limit ?? defaultLimit), 1), largestLimit)
}

/** `expiresAt` of records that never expire: the last moment a `Date` can hold, so that it still sorts and compares. */
export const never = 8_640_000_000_000_000

/** What a record's caller sees as `expiresAt`. */
export function presentExpiry(expiresAt: number): number | undefined {
  return expiresAt === never ? undefined : expiresAt
}

/** A place in a list ordered by expiry, then id, both descending. */
export interface ListPosition {
  expiresAt: number
  id: string
}

/** The place before every record. */
const start: ListPosition = { expiresAt: never + 1, id: '' }

export function formatPosition(position: ListPosition): string {
  return `${position.expiresAt}.${position.id}`
}

/** Cursors travel through URLs, so one that was tampered with simply begins at the start. */
export function parsePosition(cursor: string | undefined): ListPosition {
  const match = /^(\d{1,16})\.([\w-]+)$/.exec(cursor ?? '')
  return match ? { expiresAt: Number(match[1]), id: match[2] ?? '' } : start
}
