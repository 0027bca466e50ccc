import { Readable } from 'node:stream'
import { auditCatalogue } from '../domain/audit-catalogue.ts'
import { type AuditEntry, type AuditLog, requireAuditor } from '../domain/audit-log.ts'
import type { User, Users } from '../domain/users.ts'
import { createAuditPeople, type Fact, flatFacts } from './audit-people.ts'
import { type AuditQuery, formatAuditQuery, parseAuditQuery } from './audit-query.ts'
import type { AuditSearch } from './audit-search.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface AuditExportDeps {
  auditLog: AuditLog
  users: Users
  understand: (organizationId: string, query: AuditQuery) => Promise<AuditSearch>
  now: () => number
}

/** How an entry is written; `head` comes first. */
interface Format {
  contentType: string
  head: string
  line: (entry: AuditEntry, people: ReadonlyMap<string, User>) => string
}

const columns = [
  'time',
  'event',
  'words',
  'actor_kind',
  'actor_id',
  'actor_name',
  'actor_email',
  'address',
  'client_name',
  'client_session_id',
  'tool',
  'entities',
  'outcome',
  'result_bytes',
  'duration_ms',
  'other_facts',
]

const formats: Record<'csv' | 'jsonl', Format> = {
  csv: { contentType: 'text/csv; charset=utf-8', head: `${columns.join(',')}\r\n`, line: formatCsv },
  jsonl: { contentType: 'application/x-ndjson; charset=utf-8', head: '', line: formatJson },
}

/** `…/audit-log.csv` and `…/audit-log.jsonl`: everything that matches, newest first, sent as it is read. */
export function createAuditExport({ auditLog, users, understand, now }: AuditExportDeps) {
  return function exportAs(name: keyof typeof formats) {
    return async (ctx: PageContext, viewer: OrganizationViewer): Promise<void> => {
      requireAuditor(viewer.membership)
      const { organization } = viewer.membership
      const query = { ...parseAuditQuery(ctx.query), after: '' }
      const { filter } = await understand(organization.id, query)
      // Before the first line leaves: whoever takes the log away is in it.
      await auditLog.append(organization.id, {
        type: 'audit_log.exported',
        format: name,
        filter: formatAuditQuery(query),
        actor: { kind: 'user', id: viewer.user.id },
        address: ctx.state.address,
      })
      const { contentType } = formats[name]
      const date = new Date(now()).toISOString().slice(0, 10)
      ctx.set('Content-Type', contentType)
      ctx.set('Content-Disposition', `attachment; filename="audit-log-${organization.slug}-${date}.${name}"`)
      const entries = auditLog.readAll(organization.id, filter)
      ctx.body = Readable.from(write(formats[name], entries), { objectMode: false })
    }
  }

  async function* write(format: Format, entries: AsyncIterable<AuditEntry>) {
    const people = createAuditPeople({ users })
    yield format.head
    for await (const entry of entries) yield format.line(entry, await people.findAll([entry]))
  }
}

function formatJson(entry: AuditEntry, people: ReadonlyMap<string, User>): string {
  const { at, actor, ...facts } = entry
  const user = actor.kind === 'user' ? people.get(actor.id) : undefined
  const who = { ...actor, ...(user && { name: user.name, email: user.email }) }
  return `${JSON.stringify({ time: new Date(at).toISOString(), ...facts, actor: who })}\n`
}

function formatCsv(entry: AuditEntry, people: ReadonlyMap<string, User>): string {
  const { at, id: _id, type, actor, address, ...rest } = entry
  const { clientName, clientSessionId, tool, entities, outcome, resultBytes, durationMs, ...others } =
    Object.fromEntries(flatFacts(rest))
  const actorId = 'id' in actor ? actor.id : ''
  const user = people.get(actorId)
  const cells = [
    new Date(at).toISOString(),
    type,
    auditCatalogue[type].words,
    actor.kind,
    actorId,
    user?.name,
    user?.email,
    address,
    ...[clientName, clientSessionId, tool, entities, outcome, resultBytes, durationMs].map(cellOf),
    Object.keys(others).length === 0 ? '' : JSON.stringify(others),
  ]
  return `${cells.map(quote).join(',')}\r\n`
}

function cellOf(fact: Fact | undefined): string | number | undefined {
  if (Array.isArray(fact)) return fact.join(' ')
  return typeof fact === 'boolean' ? String(fact) : fact
}

/** RFC 4180; and no cell that a spreadsheet would run as a formula (OWASP, CSV Injection). Clients name themselves. */
function quote(value: string | number | undefined): string {
  const text = String(value ?? '').replaceAll(/[\r\n\t]+/g, ' ')
  const harmless = /^\s*[=+\-@]/.test(text) ? `'${text}` : text
  return /^[\w.:-]*$/.test(harmless) ? harmless : `"${harmless.replaceAll('"', '""')}"`
}
