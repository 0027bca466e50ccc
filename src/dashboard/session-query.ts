import type { ParsedUrlQuery } from 'node:querystring'
import { type SessionFilter, type SessionOrder, sessionOrders } from '../domain/session-filter.ts'

/** What the list of sessions was asked for, as the fields of its form hold it; empty means everything. */
export interface SessionQuery {
  q: string
  person: string
  client: string
  kind: '' | 'verified' | 'unverified'
  /** Days. */
  idle: '' | '1' | '7' | '30'
  /** UTC, as an `<input type="datetime-local">` writes it. */
  before: string
  sort: SessionOrder
  page: number
}

export const kindLabels = { '': 'Any kind', verified: 'Verified', unverified: 'Unverified' } as const
export const idleLabels = {
  '': 'Used at any time',
  '1': 'Idle for a day',
  '7': 'Idle for 7 days',
  '30': 'Idle for 30 days',
} as const
export const orderLabels = {
  used: 'Last used first',
  started: 'Newest first',
  person: 'By person',
  client: 'By client',
} as const satisfies Record<SessionOrder, string>

const day = 24 * 60 * 60 * 1000

/** Links get old and are typed by hand, so what makes no sense counts as absent. */
export function parseSessionQuery(query: ParsedUrlQuery): SessionQuery {
  const text = (name: string) => {
    const value = query[name]
    return typeof value === 'string' ? value.trim().slice(0, 200) : ''
  }
  const before = text('before')
  return {
    q: text('q'),
    person: text('person'),
    client: text('client'),
    kind: keysOf(kindLabels).find((kind) => kind === text('kind')) ?? '',
    idle: keysOf(idleLabels).find((idle) => idle === text('idle')) ?? '',
    before: timeOf(before) === undefined ? '' : before,
    sort: sessionOrders.find((order) => order === text('sort')) ?? 'used',
    page: Math.max(Math.trunc(Number(query['page'])) || 1, 1),
  }
}

/** Only what differs from the plain list, so that addresses stay short. */
export function formatSessionQuery({ sort, page, ...fields }: SessionQuery): string {
  const given = Object.entries(fields).filter(([, value]) => value !== '')
  return new URLSearchParams({
    ...Object.fromEntries(given),
    ...(sort !== 'used' && { sort }),
    ...(page > 1 && { page: String(page) }),
  }).toString()
}

/** The rule of the domain behind a query. */
export function filterOf(query: SessionQuery, now: number): SessionFilter {
  return {
    words: query.q.split(/\s+/).filter((word) => word !== ''),
    userId: query.person || undefined,
    client: query.client || undefined,
    verified: query.kind === '' ? undefined : query.kind === 'verified',
    idleSince: query.idle === '' ? undefined : now - Number(query.idle) * day,
    startedBefore: timeOf(query.before),
  }
}

function timeOf(before: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/.test(before)) return undefined
  const time = Date.parse(`${before}Z`)
  return Number.isNaN(time) ? undefined : time
}

function keysOf<Key extends string>(labels: Record<Key, string>): Key[] {
  return Object.keys(labels) as Key[]
}
