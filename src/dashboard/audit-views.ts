import { auditCatalogue } from '../domain/audit-catalogue.ts'
import type { AuditEntry } from '../domain/audit-log.ts'
import type { ServiceAccount } from '../domain/service-accounts.ts'
import type { User } from '../domain/users.ts'
import type { AuditRow } from '../http/audit-view-data.ts'
import { presentMoment } from '../http/moment.ts'
import { type Fact, flatFacts, isUserId } from './audit-people.ts'
import { accountFilter } from './audit-query.ts'

const shownEntities = 3

/** What a row needs to know besides its entry. */
export interface AuditRowContext {
  people: ReadonlyMap<string, User>
  /** Service accounts of the organization. */
  accounts: readonly ServiceAccount[]
  /** The path of the organization. */
  home: string
  /** The log filtered by one more field. */
  filteredBy: (field: 'who' | 'session' | 'entity', value: string) => string
  now: number
}

/** An entry as a row: what matters in a line, and everything else as facts. */
export function presentAuditEntry(entry: AuditEntry, context: AuditRowContext): AuditRow {
  const { id, at, type, actor, address, ...rest } = entry
  const facts: Record<string, unknown> = rest
  const { outcome, tool, clientName, userId } = facts
  const refs = entry.type === 'tool.called' ? entry.entities : []
  return {
    id,
    at: presentMoment(at, context.now),
    who: presentActor(entry, context),
    address,
    words: auditCatalogue[type].words,
    concerned:
      typeof userId === 'string' && !(actor.kind === 'user' && actor.id === userId)
        ? (context.people.get(userId)?.email ?? userId)
        : undefined,
    tool: textOf(tool),
    client: textOf(clientName),
    outcome: typeof outcome === 'string' ? presentOutcome(outcome) : undefined,
    entities: refs.slice(0, shownEntities).map((ref) => ({ ref, href: context.filteredBy('entity', ref) })),
    moreEntities: Math.max(0, refs.length - shownEntities),
    facts: [
      { label: 'Time', value: new Date(at).toISOString() },
      { label: 'Event', value: type },
      ...flatFacts(facts).flatMap(([name, value]) => presentFact(name, value, context)),
    ],
  }
}

function presentActor({ actor }: AuditEntry, context: AuditRowContext): AuditRow['who'] {
  const { people, accounts, filteredBy } = context
  switch (actor.kind) {
    case 'user': {
      const user = people.get(actor.id)
      if (!user) return { name: 'A user who is gone', email: actor.id, href: undefined }
      return { name: user.name, email: user.email, href: filteredBy('who', user.email) }
    }
    case 'service_account': {
      const name = accounts.find(({ id }) => id === actor.id)?.name ?? 'A service account that is gone'
      return { name, email: 'service account', href: filteredBy('who', `${accountFilter}${actor.id}`) }
    }
    case 'client':
      return { name: 'A client', email: actor.id, href: filteredBy('who', actor.id) }
    case 'operator':
      return { name: 'Operator', email: undefined, href: filteredBy('who', 'operator') }
    case 'server':
      return { name: 'This server', email: undefined, href: filteredBy('who', 'server') }
    case 'unknown':
      return { name: 'Somebody', email: 'not signed in', href: filteredBy('who', 'unknown') }
  }
}

function presentOutcome(outcome: string): AuditRow['outcome'] {
  return { label: outcome.replaceAll('_', ' '), isRefusal: outcome !== 'answered' }
}

function presentFact(name: string, value: Fact, context: AuditRowContext): AuditRow['facts'] {
  if (Array.isArray(value) && value.length === 0) return []
  const label = labelOf(name)
  if (isUserId(name)) {
    const user = context.people.get(String(value))
    return [{ label, value: user ? `${user.name} (${user.email})` : String(value) }]
  }
  if (name === 'clientSessionId') {
    return [{ label, value: String(value), href: context.filteredBy('session', String(value)) }]
  }
  return [{ label, value: valueOf(name, value) }]
}

function valueOf(name: string, value: Fact): string {
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  if (name.endsWith('Ms')) return `${value.toLocaleString('en')} ms`
  return name.endsWith('Bytes') ? `${value.toLocaleString('en')} bytes` : value.toLocaleString('en')
}

/** `clientSessionId` is read as "Client session". */
function labelOf(name: string): string {
  const words = name
    .replace(/(?:Id|Ms|Bytes)$/, '')
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function textOf(fact: unknown): string | undefined {
  return typeof fact === 'string' ? fact : undefined
}
