import type { ClientSessionView } from './client-sessions.ts'

/** A client session with the person it belongs to. */
export interface OwnedSession extends ClientSessionView {
  user: { id: string; name: string; email: string }
}

/** Which sessions are meant; what is absent restricts nothing. Times are epoch milliseconds. */
export interface SessionFilter {
  /** Each must occur in the person, the client or an address. */
  words?: string[] | undefined
  userId?: string | undefined
  /** A client's id, or its name in any case. */
  client?: string | undefined
  /** Whether a metadata document vouches for the client's name. */
  verified?: boolean | undefined
  /** Last used before. */
  idleSince?: number | undefined
  /** Begun before. */
  startedBefore?: number | undefined
}

export const sessionOrders = ['used', 'started', 'person', 'client'] as const
export type SessionOrder = (typeof sessionOrders)[number]

/** The sessions that fulfil every condition, in their order. */
export function filterSessions<Session extends OwnedSession>(
  sessions: readonly Session[],
  filter: SessionFilter,
): Session[] {
  const words = (filter.words ?? []).map((word) => word.toLowerCase())
  return sessions.filter(
    (session) =>
      (filter.userId === undefined || session.userId === filter.userId) &&
      (filter.client === undefined || isOfClient(session, filter.client)) &&
      (filter.verified === undefined || session.clientVerified === filter.verified) &&
      (filter.idleSince === undefined || session.lastUsedAt < filter.idleSince) &&
      (filter.startedBefore === undefined || session.createdAt < filter.startedBefore) &&
      words.every((word) => searchTextOf(session).includes(word)),
  )
}

/** Times newest first, names from A. Ties keep their order. */
export function sortSessions<Session extends OwnedSession>(
  sessions: readonly Session[],
  order: SessionOrder,
): Session[] {
  return sessions.toSorted(comparisons[order])
}

const comparisons: Record<SessionOrder, (a: OwnedSession, b: OwnedSession) => number> = {
  used: (a, b) => b.lastUsedAt - a.lastUsedAt,
  started: (a, b) => b.createdAt - a.createdAt,
  person: (a, b) => a.user.name.localeCompare(b.user.name) || a.user.email.localeCompare(b.user.email),
  client: (a, b) => a.clientName.localeCompare(b.clientName),
}

function isOfClient({ clientId, clientName }: OwnedSession, client: string): boolean {
  return clientId === client || clientName.toLowerCase() === client.toLowerCase()
}

function searchTextOf({ user, clientName, clientId, address, lastAddress }: OwnedSession): string {
  return [user.name, user.email, clientName, clientId, address, lastAddress].join('\n').toLowerCase()
}
