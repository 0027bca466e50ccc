import type { ClientSessions, ClientSessionView } from '../domain/client-sessions.ts'
import { isAdmin } from '../domain/members.ts'
import type { Users } from '../domain/users.ts'
import type { ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentOrganizationFrame, withNotice } from './frame.ts'
import { presentMoment } from '../http/moment.ts'
import { seeOther } from './redirects.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface SessionPagesDeps {
  render: Render
  clientSessions: ClientSessions
  users: Users
  now: () => number
}

/** `/organizations/{slug}/sessions`: everybody's for admins, their own for members; and revoking one. */
export function createSessionPages({ render, clientSessions, users, now }: SessionPagesDeps) {
  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const sessions = await clientSessions.listFor(viewer.membership, viewer.user.id)
    const people = await findPeople(new Set(sessions.map(({ userId }) => userId)))
    render(ctx, 'sessions', {
      frame: presentOrganizationFrame(ctx, viewer, 'sessions'),
      seesAll: isAdmin(viewer.membership.role),
      sessions: sessions.map((session) => ({
        ...presentSession(session, now()),
        user: people.get(session.userId) ?? { name: 'Unknown user', email: session.userId },
        own: session.userId === viewer.user.id,
      })),
    })
  }

  async function revoke(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await clientSessions.revoke(ctx.params['id'] ?? '', viewer.membership, viewer.user.id)
    const path = `/organizations/${viewer.membership.organization.slug}/sessions`
    seeOther(ctx, withNotice(path, 'session-revoked'))
  }

  async function findPeople(ids: Set<string>): Promise<Map<string, { name: string; email: string }>> {
    const found = await Promise.all(Array.from(ids, (id) => users.find(id)))
    return new Map(found.filter((user) => user !== undefined).map((user) => [user.id, user]))
  }

  return { show, revoke }
}

function presentSession(
  session: ClientSessionView,
  now: number,
): Omit<ViewData['sessions']['sessions'][number], 'user' | 'own'> {
  return {
    id: session.id,
    client: { name: session.clientName, verified: session.clientVerified },
    startedAt: presentMoment(session.createdAt, now),
    lastUsedAt: presentMoment(session.lastUsedAt, now),
    expiresAt: presentMoment(session.expiresAt, now),
    address: session.address,
    lastAddress: session.lastAddress,
  }
}
