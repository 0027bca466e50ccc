import type { Architecture } from '../architecture/architecture.ts'
import { type AuditLog, requireAuditor } from '../domain/audit-log.ts'
import { retentionChoices } from '../domain/audit-retention.ts'
import type { ServiceAccounts } from '../domain/service-accounts.ts'
import type { Users } from '../domain/users.ts'
import type { AuditViewData } from '../http/audit-view-data.ts'
import { presentMoment } from '../http/moment.ts'
import type { Render } from '../http/views.ts'
import { createAuditExport } from './audit-export.ts'
import { createAuditPeople } from './audit-people.ts'
import { type AuditQuery, formatAuditQuery, parseAuditQuery, periodsAt, presentWhat } from './audit-query.ts'
import { createAuditSearch } from './audit-search.ts'
import { presentAuditEntry } from './audit-views.ts'
import { presentOrganizationFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface AuditPagesDeps {
  render: Render
  auditLog: AuditLog
  users: Users
  serviceAccounts: ServiceAccounts
  architecture: Architecture
  now: () => number
}

const pageSize = 50

/** `/organizations/{slug}/audit-log`: who did what, for administrators. */
export function createAuditPages(deps: AuditPagesDeps) {
  const { render, auditLog, users, serviceAccounts, architecture, now } = deps
  const understand = createAuditSearch({ users, architecture })

  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    requireAuditor(viewer.membership)
    const { organization, role } = viewer.membership
    const query = parseAuditQuery(ctx.query)
    const search = await understand(organization.id, query)
    const { entries, next } = await auditLog.search(organization.id, search.filter, {
      limit: pageSize,
      from: query.after || undefined,
    })
    const home = `/organizations/${organization.slug}`
    const base = `${home}/audit-log`
    const hrefOf = (changed: Partial<AuditQuery>) =>
      withQuery(base, formatAuditQuery({ ...query, after: '', ...changed }))
    const people = await createAuditPeople({ users }).findAll(entries)
    const accounts = await serviceAccounts.list(organization.id)
    const filteredBy = (field: 'who' | 'session' | 'entity', value: string) => hrefOf({ [field]: value })
    const days = await auditLog.retentionOf(organization.id)
    render(ctx, 'audit-log', {
      frame: presentOrganizationFrame(ctx, viewer, 'audit-log'),
      base,
      filter: presentFilter({ ...query, entity: search.entity }, hrefOf, now()),
      entries: entries.map((entry) =>
        presentAuditEntry(entry, { people, accounts, home, filteredBy, now: now() }),
      ),
      isContinued: query.after !== '',
      newestHref: hrefOf({}),
      older: next && { href: hrefOf({ after: next.from }), until: presentMoment(next.at, now()) },
      isPartial: next !== undefined && entries.length < pageSize,
      exports: exportsOf(home, formatAuditQuery({ ...query, after: '' })),
      retention: {
        days,
        choices:
          role === 'owner'
            ? retentionChoices.map((choice) => ({
                days: choice,
                label: labelOf(choice),
                selected: choice === days,
              }))
            : undefined,
      },
    })
  }

  /** Field `days`. */
  async function changeRetention(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { membership, user, form } = viewer
    await auditLog.changeRetention(membership, {
      days: Number(form['days']),
      actor: { kind: 'user', id: user.id },
      address: ctx.state.address,
    })
    const base = `/organizations/${membership.organization.slug}/audit-log`
    seeOther(ctx, withNotice(base, 'audit-retention-changed'))
  }

  return { show, changeRetention, exportAs: createAuditExport({ auditLog, users, understand, now }) }
}

function presentFilter(
  query: AuditQuery,
  hrefOf: (changed: Partial<AuditQuery>) => string,
  now: number,
): AuditViewData['audit-log']['filter'] {
  const { who, entity, session, from, to } = query
  return {
    who,
    entity,
    session,
    from,
    to,
    isActive: formatAuditQuery({ ...query, after: '' }) !== '',
    what: presentWhat(query),
    periods: periodsAt(now).map(({ label, ...period }) => ({
      label,
      href: hrefOf(period),
      selected: period.from === from && period.to === to,
    })),
  }
}

function exportsOf(home: string, query: string): { csv: string; jsonl: string } {
  return {
    csv: withQuery(`${home}/audit-log.csv`, query),
    jsonl: withQuery(`${home}/audit-log.jsonl`, query),
  }
}

function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`
}

function labelOf(days: number): string {
  return days % 365 === 0 ? `${days / 365} years` : `${days} days`
}
