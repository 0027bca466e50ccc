import type { ParsedUrlQuery } from 'node:querystring'
import {
  auditCatalogue,
  type AuditCategory,
  auditCategories,
  type AuditEventType,
} from '../domain/audit-catalogue.ts'

/** What is typed for a service account, before its id. */
export const accountFilter = 'service-account:'

/** What the audit log was asked for, as the fields of its form hold it; empty means everything. */
export interface AuditQuery {
  /** An e-mail address, a client's id, `operator` or `server`. */
  who: string
  what: '' | AuditCategory | AuditEventType
  /** A reference, or any name of an entity. */
  entity: string
  session: string
  /** UTC days, both included, as an `<input type="date">` writes them. */
  from: string
  to: string
  /** Where an earlier page ended. */
  after: string
}

const day = 24 * 60 * 60 * 1000

/** Links get old and are typed by hand, so what makes no sense counts as absent. */
export function parseAuditQuery(query: ParsedUrlQuery): AuditQuery {
  const text = (name: string) => {
    const value = query[name]
    return typeof value === 'string' ? value.trim().slice(0, 600) : ''
  }
  const dayOf = (name: string) => (timeOf(text(name)) === undefined ? '' : text(name))
  return {
    who: text('who'),
    what: isWhat(text('what')) ? (text('what') as AuditQuery['what']) : '',
    entity: text('entity'),
    session: text('session'),
    from: dayOf('from'),
    to: dayOf('to'),
    after: text('after'),
  }
}

/** Only what differs from the whole log, so that addresses stay short. */
export function formatAuditQuery(query: AuditQuery): string {
  return new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString()
}

/** The times of a query. */
export function rangeOf({ from, to }: AuditQuery): { since: number | undefined; before: number | undefined } {
  const last = timeOf(to)
  return { since: timeOf(from), before: last === undefined ? undefined : last + day }
}

/** Periods people ask for, as days of UTC. */
export function periodsAt(now: number): { label: string; from: string; to: string }[] {
  const at = new Date(now)
  const month = (offset: number, date: number) =>
    Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + offset, date)
  return [
    { label: 'Last 7 days', from: dateOf(now - 6 * day), to: '' },
    { label: 'Last 30 days', from: dateOf(now - 29 * day), to: '' },
    { label: 'Last month', from: dateOf(month(-1, 1)), to: dateOf(month(0, 0)) },
  ]
}

/** Every event, in its category. */
export function presentWhat({ what }: AuditQuery) {
  const optionOf = (value: AuditCategory | AuditEventType, label: string) => ({
    value,
    label,
    selected: value === what,
  })
  return (Object.keys(auditCategories) as AuditCategory[]).map((category) => ({
    label: auditCategories[category],
    options: [
      optionOf(category, `All: ${auditCategories[category].toLowerCase()}`),
      ...typesOf(category).map((type) => optionOf(type, auditCatalogue[type].words)),
    ],
  }))
}

function isWhat(text: string): boolean {
  return Object.hasOwn(auditCategories, text) || Object.hasOwn(auditCatalogue, text)
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

function timeOf(date: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return undefined
  const time = Date.parse(`${date}T00:00:00Z`)
  return Number.isNaN(time) ? undefined : time
}

function typesOf(category: AuditCategory): AuditEventType[] {
  const types = Object.keys(auditCatalogue) as AuditEventType[]
  return types.filter((type) => auditCatalogue[type].category === category)
}
