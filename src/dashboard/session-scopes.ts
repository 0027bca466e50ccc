import type { ClientSessionEnd } from '../domain/client-session-end.ts'
import type { ClientSession, ClientSessions } from '../domain/client-sessions.ts'
import { DomainError } from '../domain/errors.ts'
import { isAdmin } from '../domain/members.ts'
import type { OwnedSession } from '../domain/session-filter.ts'
import { withOwners } from '../domain/session-owners.ts'
import type { Users } from '../domain/users.ts'
import type { Frame } from '../http/view-data.ts'
import { presentAccountFrame, presentOrganizationFrame } from './frame.ts'
import { presentRevocationNotice } from './session-notices.ts'
import type { OrganizationViewer, PageContext, Viewer } from './viewer.ts'

/** The sessions that somebody sees and may end at one place of the dashboard. */
export interface SessionScope {
  /** Where they are listed. */
  path: string
  viewerId: string
  showsPeople: boolean
  frame: (ctx: PageContext) => Frame
  /** Live ones, last used first. */
  list: () => Promise<OwnedSession[]>
  /** Whether a session, live or not, belongs here. */
  includes: (session: ClientSession) => boolean
  endOf: (session: ClientSession) => ClientSessionEnd['by']
}

export interface SessionScopeDeps {
  clientSessions: ClientSessions
  users: Users
}

export type SessionScopes = ReturnType<typeof createSessionScopes>

/** Who may see and end which sessions: one place for the list, the confirmation and the form behind it. */
export function createSessionScopes({ clientSessions, users }: SessionScopeDeps) {
  /** Everybody's in an organization for its admins, their own for members. */
  function ofOrganization(viewer: OrganizationViewer): SessionScope {
    const { user, membership } = viewer
    const { organization, role } = membership
    return {
      path: `/organizations/${organization.slug}/sessions`,
      viewerId: user.id,
      showsPeople: isAdmin(role),
      frame: (ctx) => ({
        ...presentOrganizationFrame(ctx, viewer, 'sessions'),
        ...presentRevocationNotice(ctx),
      }),
      list: async () => withOwners(users, await clientSessions.listFor(membership, user.id)),
      includes: (session) =>
        session.organizationId === organization.id && (isAdmin(role) || session.userId === user.id),
      endOf: (session) =>
        session.userId === user.id
          ? { kind: 'user', userId: user.id }
          : { kind: 'administrator', userId: user.id, organizationName: organization.name },
    }
  }

  /** A user's own, over all organizations. */
  function ofAccount(viewer: Viewer): SessionScope {
    const { user } = viewer
    return {
      path: '/account/sessions',
      viewerId: user.id,
      showsPeople: false,
      frame: (ctx) => ({
        ...presentAccountFrame(ctx, viewer, 'account-sessions'),
        ...presentRevocationNotice(ctx),
      }),
      list: async () => withOwners(users, await clientSessions.listLive('user', user.id)),
      includes: (session) => session.userId === user.id,
      endOf: () => ({ kind: 'user', userId: user.id }),
    }
  }

  /**
   * The live ones of these ids; one that ended meanwhile is left out.
   * @throws {DomainError} `not_found` for any id that does not belong here, the same as for one that never was
   */
  async function requireSessions(scope: SessionScope, ids: readonly string[]): Promise<OwnedSession[]> {
    const live = new Map((await scope.list()).map((session) => [session.id, session]))
    const others = ids.filter((id) => !live.has(id))
    const found = await Promise.all(others.map((id) => clientSessions.find(id)))
    if (ids.length === 0 || !found.every((session) => session && scope.includes(session))) {
      throw new DomainError('not_found', 'There is no such session.')
    }
    return [...new Set(ids)].map((id) => live.get(id)).filter((session) => session !== undefined)
  }

  return { ofOrganization, ofAccount, requireSessions }
}
