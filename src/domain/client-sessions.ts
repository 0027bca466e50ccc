import type { Artifacts, Bus, Documents, StoredDocument } from '../storage/contract.ts'
import { Conflict, StoreUnavailable } from '../storage/contract.ts'
import type { AuditLog } from './audit-log.ts'
import { addressNetwork } from './address-network.ts'
import { actorOf, type ClientSessionEnd } from './client-session-end.ts'
import { DomainError } from './errors.ts'
import { isAdmin, type Membership } from './members.ts'
import type { Scope } from './principal.ts'
import { createSessionUse } from './session-use.ts'

/**
 * One authorization of one client, by one user, for one organization: what "Sessions" lists and admins revoke.
 * Its id is the id of its oidc-provider Grant, which is never shared. The Grant is what keeps it alive: once it is
 * revoked, every token under it is refused, whatever this record says. The record says who and why.
 */
export interface ClientSession {
  id: string
  userId: string
  organizationId: string
  clientId: string
  clientName: string
  /** Pinned or fetched over https; otherwise the client only claims its name. */
  clientVerified: boolean
  /** Where authorization answers go. */
  redirectHost: string
  scopes: Scope[]
  createdAt: number
  /** At most one year after `createdAt`. */
  expiresAt: number
  address: string
  userAgent: string
  ended?: ClientSessionEnd | undefined
}

/** A client session with what changes at every use. */
export interface ClientSessionView extends ClientSession {
  lastUsedAt: number
  lastAddress: string
  lastUserAgent: string
  /** As far as the client told: its version, the revision of MCP it speaks, the last tool it called. */
  clientVersion: string | undefined
  protocolRevision: string | undefined
  lastTool: string | undefined
}

/** How long a client session may live, however often it is refreshed. */
export const clientSessionLifetimeSeconds = 365 * 24 * 60 * 60

export type ClientSessions = ReturnType<typeof createClientSessions>

/** How long the record of an ended session is kept, so that its client can be told who ended it. */
const endedKeptFor = 90 * 24 * 60 * 60 * 1000

/** Client sessions: started at consent, listed, used, ended. */
export function createClientSessions({
  artifacts,
  documents,
  bus,
  auditLog,
  now,
}: {
  artifacts: Artifacts
  documents: Documents
  bus: Bus
  auditLog: AuditLog
  now: () => number
}) {
  const noteUse = createSessionUse({ documents, kind: 'client-session', now })

  async function start(session: ClientSession): Promise<void> {
    await documents.commit([{ ...recordOf(session), version: 0 }])
    await forgetOld(session.userId)
  }

  /** Oldest first: ids are time-ordered. */
  async function listOf(index: 'user' | 'organization', value: string): Promise<StoredDocument[]> {
    const sessions: StoredDocument[] = []
    let cursor: string | undefined
    do {
      const page = await documents.list('client-session', index, value, { limit: 200, cursor })
      sessions.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    return sessions
  }

  /** Deletes what nobody will ask for any more; whatever changed meanwhile waits for the next time. */
  async function forgetOld(userId: string): Promise<void> {
    for (const { id, version, data } of await listOf('user', userId)) {
      const { ended, expiresAt } = data as ClientSession
      if ((ended?.at ?? expiresAt) + endedKeptFor > now()) continue
      await documents
        .commit([{ op: 'delete', kind: 'client-session', id, version }])
        .catch((error: unknown) => {
          if (!(error instanceof Conflict)) throw error
        })
    }
  }

  /** All sessions of a user, ended ones too as long as they are kept, oldest first. */
  async function listHistory(userId: string): Promise<ClientSession[]> {
    return (await listOf('user', userId)).map(({ data }) => data as ClientSession)
  }

  async function find(id: string): Promise<ClientSessionView | undefined> {
    const document = await documents.get('client-session', id)
    return document && present(document)
  }

  /** Live sessions, last used first: all of the organization for its admins, their own for members. */
  async function listFor(membership: Membership, userId: string): Promise<ClientSessionView[]> {
    const sessions = await listLive('organization', membership.organization.id)
    return sessions.filter((session) => isAdmin(membership.role) || session.userId === userId)
  }

  /** Live sessions of one user over all organizations, or of one organization whoever they belong to; last used first. */
  async function listLive(index: 'user' | 'organization', value: string): Promise<ClientSessionView[]> {
    return (await listOf(index, value))
      .map(present)
      .filter((session) => session.ended === undefined && session.expiresAt > now())
      .toSorted((a, b) => b.lastUsedAt - a.lastUsedAt)
  }

  /** Notes from where the session's tokens were refreshed last. */
  async function noteRefresh(id: string, use: { address: string; userAgent: string }): Promise<void> {
    await documents.touch('client-session', id, {
      refreshNetwork: addressNetwork(use.address),
      refreshUserAgent: use.userAgent,
    })
  }

  /** Whether a use comes from the network and program that refreshed the session last. */
  async function isFamiliar(id: string, use: { address: string; userAgent: string }): Promise<boolean> {
    const { refreshNetwork, refreshUserAgent } = (await documents.get('client-session', id))?.touched ?? {}
    return refreshNetwork === addressNetwork(use.address) && refreshUserAgent === use.userAgent
  }

  /** Has every process end what is open of a session. Open streams are looked at every few seconds all the same. */
  async function announceEnd(id: string): Promise<void> {
    try {
      await bus.publish('client-session-ended', id)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }

  /**
   * Ends a client session for good. The grant goes first: from then on nothing under it is accepted, on any process.
   * Writing down who ended it comes second and cannot undo that.
   * @param address where the request to end it came from
   */
  async function end(id: string, by: ClientSessionEnd['by'], address?: string): Promise<void> {
    await artifacts.revokeGrant(id)
    await announceEnd(id)
    for (;;) {
      const document = await documents.get('client-session', id)
      const session = document && (document.data as ClientSession)
      if (!document || session?.ended) return
      try {
        const ended = { ...(session as ClientSession), ended: { at: now(), by } }
        await documents.commit([{ ...recordOf(ended), version: document.version }])
        return await auditLog.append(ended.organizationId, {
          type: 'client_session.ended',
          clientSessionId: id,
          clientName: ended.clientName,
          userId: ended.userId,
          actor: actorOf(by, ended.clientId),
          address,
        })
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  /**
   * Ends a session on behalf of a member.
   * @throws {DomainError} `not_found` when it is not in this organization, or not the member's own and the member is no admin.
   */
  async function revoke(id: string, membership: Membership, userId: string): Promise<void> {
    const session = await find(id)
    const own = session?.userId === userId
    if (session?.organizationId !== membership.organization.id || !(own || isAdmin(membership.role))) {
      throw new DomainError('not_found', 'There is no such session.')
    }
    await end(
      id,
      own
        ? { kind: 'user', userId }
        : { kind: 'administrator', userId, organizationName: membership.organization.name },
    )
  }

  return { start, find, listHistory, listFor, listLive, noteUse, noteRefresh, isFamiliar, end, revoke }
}

function recordOf(session: ClientSession) {
  return {
    op: 'put' as const,
    kind: 'client-session',
    id: session.id,
    data: session,
    // An ended session leaves the organization's list, which therefore does not grow with the years.
    indexes: {
      user: session.userId,
      tenant: session.organizationId,
      ...(session.ended ? {} : { organization: session.organizationId }),
    },
  }
}

function present(document: StoredDocument): ClientSessionView {
  const session = document.data as ClientSession
  const { lastUsedAt, lastAddress, lastUserAgent, clientVersion, protocolRevision, lastTool } =
    document.touched
  return {
    ...session,
    lastUsedAt: typeof lastUsedAt === 'number' ? lastUsedAt : session.createdAt,
    lastAddress: textOf(lastAddress) ?? session.address,
    lastUserAgent: textOf(lastUserAgent) ?? session.userAgent,
    clientVersion: textOf(clientVersion),
    protocolRevision: textOf(protocolRevision),
    lastTool: textOf(lastTool),
  }
}

function textOf(fact: string | number | undefined): string | undefined {
  return typeof fact === 'string' ? fact : undefined
}
