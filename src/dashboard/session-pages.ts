import { isAdmin } from '../domain/members.ts'
import type { SessionBlocks } from '../domain/session-blocks.ts'
import { filterSessions, type OwnedSession, sortSessions } from '../domain/session-filter.ts'
import type { SelectOption, ViewData } from '../http/view-data.ts'
import { presentMoment } from '../http/moment.ts'
import type { Render } from '../http/views.ts'
import { presentOrganizationFrame } from './frame.ts'
import { presentRevocationNotice } from './session-notices.ts'
import {
  filterOf,
  formatSessionQuery,
  idleLabels,
  kindLabels,
  orderLabels,
  parseSessionQuery,
  type SessionQuery,
} from './session-query.ts'
import type { SessionScopes } from './session-scopes.ts'
import { presentSession } from './session-views.ts'
import type { TokenSessions } from './token-sessions.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface SessionPagesDeps {
  render: Render
  sessionScopes: SessionScopes
  sessionBlocks: SessionBlocks
  tokenSessions: TokenSessions
  now: () => number
}

// One selection travels in one address: 50 ids are under 2 KB.
const pageSize = 50

/** `/organizations/{slug}/sessions`: everybody's for admins, their own for members. */
export function createSessionPages(deps: SessionPagesDeps) {
  const { render, sessionScopes, sessionBlocks, tokenSessions, now } = deps
  return async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const scope = sessionScopes.ofOrganization(viewer)
    const known = await scope.list()
    const blocks = isAdmin(viewer.membership.role) ? await sessionBlocks.list(viewer.membership) : []
    const query = parseSessionQuery(ctx.query)
    const matching = sortSessions(filterSessions(known, filterOf(query, now())), query.sort)
    const pages = Math.max(Math.ceil(matching.length / pageSize), 1)
    const page = Math.min(query.page, pages)
    const start = (page - 1) * pageSize
    const shown = matching.slice(start, start + pageSize)
    const hrefOf = (number: number) => `${scope.path}?${formatSessionQuery({ ...query, page: number })}`
    const everything = formatSessionQuery({ ...query, sort: 'used', page: 1 })
    const machines = await tokenSessions(viewer)
    render(ctx, 'sessions', {
      frame: { ...presentOrganizationFrame(ctx, viewer, 'sessions'), ...presentRevocationNotice(ctx) },
      seesAll: scope.showsPeople,
      base: scope.path,
      sessions: shown.map((session) => presentSession(session, viewer.user.id, now())),
      known: known.length,
      total: matching.length,
      range: { from: start + 1, to: start + shown.length },
      filter: { ...presentFilter(query, known), isActive: everything !== '' },
      revokeAllHref: `${scope.path}/revoke?match=all${everything === '' ? '' : `&${everything}`}`,
      previousHref: page > 1 ? hrefOf(page - 1) : undefined,
      nextHref: page < pages ? hrefOf(page + 1) : undefined,
      machines,
      blocks: blocks.map(({ id, subject, label, blockedAt }) => ({
        id,
        kind: subject.kind,
        label,
        blockedAt: presentMoment(blockedAt, now()),
      })),
    })
  }
}

function presentFilter(
  query: SessionQuery,
  known: readonly OwnedSession[],
): Omit<ViewData['sessions']['filter'], 'isActive'> {
  const people = new Map(known.map(({ user }) => [user.id, `${user.name} (${user.email})`]))
  const clients = new Map(known.map(({ clientName }) => [clientName, clientName]))
  return {
    words: query.q,
    before: query.before,
    people: [
      { value: '', label: 'Everybody', selected: query.person === '' },
      ...optionsOf(people, query.person),
    ],
    clients: [
      { value: '', label: 'Any client', selected: query.client === '' },
      ...optionsOf(clients, query.client),
    ],
    kinds: optionsOf(Object.entries(kindLabels), query.kind),
    idle: optionsOf(Object.entries(idleLabels).toSorted(byDays), query.idle),
    orders: optionsOf(Object.entries(orderLabels), query.sort),
  }
}

// Keys that are numbers come first in an object, whatever the order they were written in.
function byDays([a]: [string, string], [b]: [string, string]): number {
  return Number(a) - Number(b)
}

function optionsOf(labels: Iterable<readonly [string, string]>, selected: string): SelectOption[] {
  return Array.from(labels, ([value, label]) => ({ value, label, selected: value === selected }))
}
