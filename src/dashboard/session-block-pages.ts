import type { ClientSessions } from '../domain/client-sessions.ts'
import { DomainError } from '../domain/errors.ts'
import { isAdmin } from '../domain/members.ts'
import type { BlockSubject, SessionBlocks } from '../domain/session-blocks.ts'
import { filterSessions, type OwnedSession } from '../domain/session-filter.ts'
import { revokeSessions } from '../domain/session-revocation.ts'
import type { Users } from '../domain/users.ts'
import type { Render } from '../http/views.ts'
import { withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import { withOutcome } from './session-notices.ts'
import type { SessionScopes } from './session-scopes.ts'
import { countSessions, presentSession } from './session-views.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface SessionBlockPagesDeps {
  render: Render
  clientSessions: ClientSessions
  sessionBlocks: SessionBlocks
  sessionScopes: SessionScopes
  users: Users
  now: () => number
}

interface Blocking {
  subject: BlockSubject
  label: string
  /** Live ones, which end with it. */
  sessions: OwnedSession[]
}

/** `…/sessions/block`: keeps a client or a person from making client sessions, shown first; and lifting that again. */
export function createSessionBlockPages(deps: SessionBlockPagesDeps) {
  const { render, clientSessions, sessionBlocks, sessionScopes, users, now } = deps

  async function confirm(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { session: id, subject: kind } = ctx.query
    const { label, subject, sessions } = await requireBlocking(viewer, String(id), String(kind))
    const scope = sessionScopes.ofOrganization(viewer)
    render(ctx, 'block-sessions', {
      frame: scope.frame(ctx),
      base: scope.path,
      label,
      kind: subject.kind,
      session: String(id),
      ends: countSessions(sessions.length),
      sessions: sessions.map((session) => presentSession(session, viewer.user.id, now())),
    })
  }

  async function submit(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { session = '', subject = '' } = viewer.form
    const { sessions, ...block } = await requireBlocking(viewer, session, subject)
    const scope = sessionScopes.ofOrganization(viewer)
    // The block first: a session that is made meanwhile is refused by it, one made before is ended below.
    await sessionBlocks.block(viewer.membership, adminOf(ctx, viewer), block)
    const outcome = await revokeSessions(clientSessions, sessions, scope.endOf, ctx.state.address)
    seeOther(ctx, withOutcome(scope.path, outcome))
  }

  /**
   * Whom a session of the list leads to.
   * @throws {DomainError} `forbidden` for members; `not_found` for a session of another organization
   */
  async function requireBlocking(viewer: OrganizationViewer, id: string, kind: string): Promise<Blocking> {
    if (!isAdmin(viewer.membership.role)) {
      throw new DomainError('forbidden', 'Only administrators block client sessions. Ask one of yours.')
    }
    const scope = sessionScopes.ofOrganization(viewer)
    const session = await clientSessions.find(id)
    if (!session || !scope.includes(session) || !(kind === 'client' || kind === 'user')) {
      throw new DomainError('not_found', 'There is no such session.')
    }
    const { clientId, clientName, userId } = session
    const live = await scope.list()
    if (kind === 'client') {
      const sessions = live.filter((other) => other.clientId === clientId)
      return { subject: { kind, clientId }, label: clientName, sessions }
    }
    const label = (await users.find(userId))?.email ?? 'a user who is gone'
    return { subject: { kind, userId }, label, sessions: filterSessions(live, { userId }) }
  }

  async function lift(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await sessionBlocks.lift(viewer.membership, adminOf(ctx, viewer), ctx.params['id'] ?? '')
    seeOther(ctx, withNotice(sessionScopes.ofOrganization(viewer).path, 'block-lifted'))
  }

  return { confirm, submit, lift }
}

function adminOf(ctx: PageContext, { user }: OrganizationViewer) {
  return { userId: user.id, address: ctx.state.address }
}
