import type { OwnedSession } from '../domain/session-filter.ts'
import { presentMoment } from '../http/moment.ts'
import type { SessionRow } from '../http/view-data.ts'

/**
 * @param viewerId the user who looks
 * @param organization its name, where sessions of several are listed
 */
export function presentSession(
  session: OwnedSession,
  viewerId: string,
  now: number,
  organization?: string,
): SessionRow {
  return {
    id: session.id,
    client: {
      name: session.clientName,
      verified: session.clientVerified,
      version: session.clientVersion,
    },
    place: placeOf(session),
    user: { name: session.user.name, email: session.user.email },
    own: session.userId === viewerId,
    organization,
    startedAt: presentMoment(session.createdAt, now),
    lastUsedAt: presentMoment(session.lastUsedAt, now),
    expiresAt: presentMoment(session.expiresAt, now),
    lastAddress: session.lastAddress === session.address ? undefined : session.lastAddress,
    lastTool: session.lastTool,
    protocolRevision: session.protocolRevision,
  }
}

/** What a button that ends these sessions says: "Revoke 3 sessions of bob@example.com". */
export function revocationTitle(sessions: readonly OwnedSession[], viewerId: string): string {
  const [first, ...others] = sessions
  const ofOne = others.every(({ userId }) => userId === first?.userId)
  const whose = first?.userId === viewerId ? 'of yours' : `of ${first?.user.email ?? ''}`
  const people = new Set(sessions.map(({ userId }) => userId)).size
  return `Revoke ${countSessions(sessions.length)} ${ofOne ? whose : `of ${people} people`}`
}

export function countSessions(count: number): string {
  return count === 1 ? '1 session' : `${count.toLocaleString('en')} sessions`
}

/** A client on the user's machine answers at loopback or a scheme of its own; any other runs at its redirect host. */
function placeOf({ redirectHost, address }: OwnedSession): string {
  const isLocal = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)|:$/.test(redirectHost)
  return isLocal ? address : redirectHost
}
