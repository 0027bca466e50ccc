import type { ClientSessions } from '../domain/client-sessions.ts'
import { filterSessions, type OwnedSession } from '../domain/session-filter.ts'
import { revocationBatchSize, revokeSessions } from '../domain/session-revocation.ts'
import type { Render } from '../http/views.ts'
import { seeOther } from './redirects.ts'
import { withOutcome } from './session-notices.ts'
import { filterOf, parseSessionQuery } from './session-query.ts'
import type { SessionScope, SessionScopes } from './session-scopes.ts'
import { presentSession, revocationTitle } from './session-views.ts'
import type { PageContext, Viewer } from './viewer.ts'

export interface SessionRevocationPagesDeps {
  render: Render
  clientSessions: ClientSessions
  sessionScopes: SessionScopes
  now: () => number
}

/**
 * `…/sessions/revoke`: first what will end, then one button. The selection comes as `session=` for each, or as
 * `match=all` with the fields of the list's filter. The form ends exactly what the page showed, nothing newer.
 */
export function createSessionRevocationPages(deps: SessionRevocationPagesDeps) {
  const { render, clientSessions, sessionScopes, now } = deps

  async function confirm(ctx: PageContext, scope: SessionScope): Promise<void> {
    const chosen = await findChosen(ctx, scope)
    if (chosen.length === 0) return seeOther(ctx, withOutcome(scope.path, { ended: 0, failed: 0 }))
    const sessions = chosen.slice(0, revocationBatchSize)
    render(ctx, 'revoke-sessions', {
      frame: scope.frame(ctx),
      base: scope.path,
      title: revocationTitle(sessions, scope.viewerId),
      sessions: sessions.map((session) => presentSession(session, scope.viewerId, now())),
      ids: sessions.map(({ id }) => id).join(' '),
      showsPeople: scope.showsPeople,
      isCut: sessions.length < chosen.length,
    })
  }

  async function findChosen(ctx: PageContext, scope: SessionScope): Promise<OwnedSession[]> {
    if (ctx.query['match'] === 'all') {
      return filterSessions(await scope.list(), filterOf(parseSessionQuery(ctx.query), now()))
    }
    const ids = [ctx.query['session'] ?? []].flat()
    // A form without script cannot keep its button from being pressed while nothing is selected.
    return ids.length === 0 ? [] : sessionScopes.requireSessions(scope, ids)
  }

  async function submit(ctx: PageContext, viewer: Viewer, scope: SessionScope): Promise<void> {
    const ids = (ctx.params['id'] ?? viewer.form['sessions'] ?? '').split(' ').slice(0, revocationBatchSize)
    const sessions = await sessionScopes.requireSessions(scope, ids)
    const outcome = await revokeSessions(clientSessions, sessions, scope.endOf, ctx.state.address)
    seeOther(ctx, withOutcome(scope.path, outcome))
  }

  return { confirm, submit }
}
