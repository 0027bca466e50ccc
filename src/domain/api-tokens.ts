import {
  type Artifacts,
  type Bus,
  Conflict,
  type DocumentChange,
  type Documents,
} from '../storage/contract.ts'
import { StoreUnavailable, type StoredDocument } from '../storage/contract.ts'
import type { ApiTokenEnd } from './api-token-end.ts'
import { unusedAfter } from './api-token-expiry.ts'
import { isApiToken } from './api-token-format.ts'
import type { Actor } from './audit-log.ts'
import { sha256 } from './identifiers.ts'
import { createSessionUse } from './session-use.ts'

/** A bearer token of a service account. The token itself is known only when it is made. */
export interface ApiToken {
  id: string
  organizationId: string
  serviceAccountId: string
  /** Where it is used, in its maker's words. */
  name: string
  /** SHA-256 of the token. */
  hash: string
  createdAt: number
  createdBy: Actor
  /** Absent: it does not expire. */
  expiresAt?: number | undefined
  /** Addresses and CIDR blocks it may be used from; empty: any. */
  addresses: string[]
  ended?: ApiTokenEnd | undefined
  /** When its administrators were told that it expires soon. */
  warnedAt?: number | undefined
  /** Since when it was not used, as its administrators were told. */
  toldIdleSince?: number | undefined
}

/** A token with its last use, each absent until there was one. */
export interface ApiTokenView extends ApiToken {
  lastUsedAt: number | undefined
  lastAddress: string | undefined
  lastUserAgent: string | undefined
  lastTool: string | undefined
}

/** How long the record of a token that ended is kept, so that whoever still uses it can be told why it is refused. */
export const endedTokensKeptFor = 90 * 24 * 60 * 60 * 1000

export type ApiTokens = ReturnType<typeof createApiTokens>

/**
 * API tokens as they are kept: found, listed, used, ended. Every use reads the record, on every process, so an end is
 * felt at the next request. Who may make and end them is `api-token-issue.ts` and `service-accounts.ts`.
 */
export function createApiTokens({
  artifacts,
  documents,
  bus,
  now,
}: {
  artifacts: Artifacts
  documents: Documents
  bus: Bus
  now: () => number
}) {
  const noteUse = createSessionUse({ documents, kind: 'api-token', now })

  /** The token that was presented, also one that has ended. What is no token at all is not looked up. */
  async function findBySecret(secret: string): Promise<ApiToken | undefined> {
    if (!isApiToken(secret)) return undefined
    const document = await documents.findUnique('api-token', 'hash', sha256(secret))
    return document && present(document)
  }

  async function find(id: string): Promise<ApiTokenView | undefined> {
    const document = await documents.get('api-token', id)
    return document && present(document)
  }

  /**
   * Of a service account, of a whole organization, those that expire on one day (`2026-11-29`), or all of the `state`
   * `standing`, which nobody has ended; oldest first.
   */
  async function list(
    index: 'account' | 'organization' | 'expiry' | 'state',
    value: string,
  ): Promise<ApiTokenView[]> {
    return (await listDocuments(index, value)).map(present)
  }

  async function listDocuments(index: string, value: string): Promise<StoredDocument[]> {
    const found: StoredDocument[] = []
    let cursor: string | undefined
    do {
      const page = await documents.list('api-token', index, value, { limit: 200, cursor })
      found.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    return found
  }

  /**
   * Changes a token's record as it is now; again, should somebody else change it meanwhile.
   * @param alter gives undefined to leave it as it is
   * @returns the token when it was changed
   */
  async function change(
    id: string,
    alter: (token: ApiToken) => ApiToken | undefined,
  ): Promise<ApiToken | undefined> {
    for (;;) {
      const document = await documents.get('api-token', id)
      const altered = document && alter(document.data as ApiToken)
      if (!document || !altered) return undefined
      try {
        await documents.commit([tokenRecord(altered, document.version)])
        return altered
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  /** Ends a token and what is open of it. @returns the token as it is then; undefined when it had ended already */
  async function end(id: string, ending: ApiTokenEnd): Promise<ApiToken | undefined> {
    const ended = await change(id, (token) =>
      isLive(token, now()) ? { ...token, ended: ending } : undefined,
    )
    await closeExchanges(id)
    return ended
  }

  /** Has every process end what is open of a token. Open streams are looked at every few seconds all the same. */
  async function closeExchanges(id: string): Promise<void> {
    try {
      await bus.publish('api-token-ended', id)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }

  /** Ends the protocol sessions of a service account, which all of its tokens share. For good. */
  async function endProtocolSessions(serviceAccountId: string): Promise<void> {
    await artifacts.revokeGrant(serviceAccountId)
  }

  /** Deletes what nobody will ask for any more; whatever changed meanwhile waits for the next time. */
  async function forgetOld(organizationId: string): Promise<void> {
    for (const { id, version, data } of await listDocuments('organization', organizationId)) {
      if (endOf(data as ApiToken) + endedTokensKeptFor > now()) continue
      await documents.commit([{ op: 'delete', kind: 'api-token', id, version }]).catch((error: unknown) => {
        if (!(error instanceof Conflict)) throw error
      })
    }
  }

  return { findBySecret, find, list, change, end, closeExchanges, endProtocolSessions, forgetOld, noteUse }
}

/** Whether a token is accepted at a time, as far as it is up to the token. */
export function isLive(token: ApiToken, at: number): boolean {
  return endOf(token) > at
}

/** When a token stops working; `Infinity` when nothing ends it. */
export function endOf({ ended, expiresAt }: ApiToken): number {
  return Math.min(ended?.at ?? Infinity, expiresAt ?? Infinity)
}

/** Since when a token has not been used: its last use, else the time it was made. */
export function idleSince({ lastUsedAt, createdAt }: ApiTokenView): number {
  return lastUsedAt ?? createdAt
}

/** Whether a token counts as unused at a time. */
export function isUnused(token: ApiTokenView, at: number): boolean {
  return idleSince(token) < at - unusedAfter
}

/** The document of a token, as it is written. @param version the one that was read; 0 creates */
export function tokenRecord(token: ApiToken, version: number): DocumentChange {
  const { id, hash, serviceAccountId, organizationId, expiresAt, ended, warnedAt } = token
  const awaitsWarning = expiresAt !== undefined && ended === undefined && warnedAt === undefined
  return {
    op: 'put',
    kind: 'api-token',
    id,
    version,
    data: token,
    unique: { hash },
    indexes: {
      account: serviceAccountId,
      organization: organizationId,
      ...(awaitsWarning && { expiry: dayOf(expiresAt) }),
      ...(ended === undefined && { state: 'standing' }),
    },
  }
}

/** The UTC day of a time: `2026-11-29`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

function present({ data, touched }: StoredDocument): ApiTokenView {
  const { lastUsedAt, lastAddress, lastUserAgent, lastTool } = touched
  return {
    ...(data as ApiToken),
    lastUsedAt: typeof lastUsedAt === 'number' ? lastUsedAt : undefined,
    lastAddress: textOf(lastAddress),
    lastUserAgent: textOf(lastUserAgent),
    lastTool: textOf(lastTool),
  }
}

function textOf(fact: string | number | undefined): string | undefined {
  return typeof fact === 'string' ? fact : undefined
}
