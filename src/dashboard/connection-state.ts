import type { Architecture } from '../architecture/architecture.ts'
import { type ApiTokens, endOf, isLive } from '../domain/api-tokens.ts'
import type { AuditEntry, AuditLog } from '../domain/audit-log.ts'
import type { ClientSessions } from '../domain/client-sessions.ts'
import { isAdmin, type Membership } from '../domain/members.ts'
import { presentMoment } from '../http/moment.ts'
import type { ConnectionState } from '../http/connect-view-data.ts'
import type { OrganizationViewer } from './viewer.ts'

export interface ConnectionStateDeps {
  architecture: Architecture
  clientSessions: ClientSessions
  auditLog: AuditLog
  apiTokens: ApiTokens
  now: () => number
}

/** How far back a refusal explains why something does not work now. */
const week = 7 * 24 * 60 * 60 * 1000

/** Why a refresh is refused, in words. */
const reasons = {
  session_ended: 'its session had ended',
  no_longer_allowed: 'you were not allowed in any more',
  token_not_valid: 'its token was not valid any more',
} as const

/** What the server knows of why a viewer's client might not work: sessions, refusals, and whether there is anything to answer. */
export function createConnectionState({
  architecture,
  clientSessions,
  auditLog,
  apiTokens,
  now,
}: ConnectionStateDeps) {
  return async function presentConnectionState({
    user,
    membership,
  }: OrganizationViewer): Promise<ConnectionState> {
    const { organization } = membership
    const [{ graph }, sessions, refused, tokens] = await Promise.all([
      architecture.load(organization.id),
      clientSessions.listFor(membership, user.id),
      findRefusal(organization.id, user.id),
      presentTokens(membership),
    ])
    const own = sessions.filter(({ userId }) => userId === user.id)
    const [last] = own
    const importedAt = Math.max(...graph.sources.map((source) => source.importedAt))
    return {
      sessions: own.length,
      lastSession: last && { client: last.clientName, usedAt: presentMoment(last.lastUsedAt, now()) },
      refusal: refused && { at: presentMoment(refused.at, now()), reason: refused.reason },
      tokens,
      graph:
        graph.sources.length === 0
          ? undefined
          : { entities: graph.entities.length, importedAt: presentMoment(importedAt, now()) },
    }
  }

  async function presentTokens({ organization, role }: Membership): Promise<ConnectionState['tokens']> {
    if (!isAdmin(role)) return undefined
    const all = await apiTokens.list('organization', organization.id)
    const ends = all.filter((token) => !isLive(token, now())).map(endOf)
    return {
      live: all.length - ends.length,
      lastEnd: ends.length === 0 ? undefined : presentMoment(Math.max(...ends), now()),
    }
  }

  /** The newest refusal of the viewer, of a refresh or of a sign-in. */
  async function findRefusal(organizationId: string, userId: string) {
    const since = now() - week
    const pages = await Promise.all(
      (['refresh_token.refused', 'sign_in.failed'] as const).map((what) =>
        auditLog.search(organizationId, { what, since }, { limit: 50 }),
      ),
    )
    return pages
      .flatMap(({ entries }) => entries.flatMap((entry) => describeRefusal(entry, userId)))
      .toSorted((a, b) => b.at - a.at)[0]
  }
}

function describeRefusal(entry: AuditEntry, userId: string): { at: number; reason: string }[] {
  if (entry.type === 'refresh_token.refused' && entry.userId === userId) {
    return [{ at: entry.at, reason: `a client was refused because ${reasons[entry.reason]}` }]
  }
  return entry.type === 'sign_in.failed' && entry.userId === userId
    ? [{ at: entry.at, reason: 'a sign-in with your address failed' }]
    : []
}
