import { z } from 'zod'
import { Conflict, type Documents, type StoredDocument } from '../storage/contract.ts'
import { parseAddressList } from './address-list.ts'
import type { Administration } from './administration.ts'
import { parseExpiry } from './api-token-expiry.ts'
import { newApiToken } from './api-token-format.ts'
import { type ApiToken, type ApiTokens, isLive, tokenRecord } from './api-tokens.ts'
import type { AuditEvent, AuditLog } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { newId, sha256 } from './identifiers.ts'
import type { ServiceAccountPolicies } from './service-account-policy.ts'
import type { ServiceAccount } from './service-accounts.ts'

/** A token's record with the token, which is known only when it is made. */
export interface IssuedApiToken {
  token: ApiToken
  secret: string
}

/** What the form of a new token holds, as it was typed. */
export interface ApiTokenForm {
  name: string
  /** As {@link parseExpiry} reads it. */
  expiry: { choice: string; date: string }
  /** As {@link parseAddressList} reads it. */
  addresses: string
}

/** For how many seconds a token may live on after it was rotated. */
export const overlapChoices = [0, 3600, 86_400, 604_800] as const
export type Overlap = (typeof overlapChoices)[number]

const Name = z
  .string()
  .trim()
  .min(1, 'Say where this token is used, such as "GitHub Actions".')
  .max(60, 'A name has at most 60 characters.')
const mostLiveTokens = 20

export type ApiTokenIssue = ReturnType<typeof createApiTokenIssue>

/** API tokens made, rotated and revoked by administrators, or revoked by whoever finds one and presents it. */
export function createApiTokenIssue({
  documents,
  apiTokens,
  policies,
  auditLog,
  now,
}: {
  documents: Documents
  apiTokens: ApiTokens
  policies: ServiceAccountPolicies
  auditLog: AuditLog
  now: () => number
}) {
  /** @throws {DomainError} `invalid_input` about a field of the form; `conflict` when the account has too many */
  async function issue(
    by: Administration,
    account: ServiceAccount,
    form: ApiTokenForm,
  ): Promise<IssuedApiToken> {
    const issued = make(by, {
      serviceAccountId: account.id,
      name: parseName(form.name),
      expiresAt: await readExpiry(by, form.expiry),
      addresses: parseAddressList(form.addresses),
    })
    const live = (await apiTokens.list('account', account.id)).filter((token) => isLive(token, now()))
    if (live.length >= mostLiveTokens) {
      throw new DomainError('conflict', `A service account has at most ${mostLiveTokens} live tokens.`)
    }
    await documents.commit([tokenRecord(issued.token, 0)])
    await apiTokens.forgetOld(by.organization.id)
    const { expiresAt, addresses } = issued.token
    await record(by, { type: 'api_token.created', ...subjectOf(issued.token), expiresAt, addresses })
    return issued
  }

  /**
   * Makes the successor of a token, with its name and addresses; the token itself lives on for the overlap.
   * @throws {DomainError} `conflict` for a token that has ended or was rotated already
   */
  async function rotate(
    by: Administration,
    id: string,
    { overlap, expiry }: { overlap: Overlap; expiry: ApiTokenForm['expiry'] },
  ): Promise<IssuedApiToken> {
    const { data, version } = await requireDocument(by, id)
    const before = data as ApiToken
    if (before.ended || !isLive(before, now())) {
      throw new DomainError('conflict', 'This token has ended or was rotated already. Generate a new one.')
    }
    const { serviceAccountId, name, addresses } = before
    const expiresAt = await readExpiry(by, expiry)
    const issued = make(by, { serviceAccountId, name, addresses, expiresAt })
    const ended = { at: now() + overlap * 1000, reason: 'rotated', actor: by.actor, name: by.name } as const
    try {
      await documents.commit([tokenRecord({ ...before, ended }, version), tokenRecord(issued.token, 0)])
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      throw new DomainError('conflict', 'Somebody else changed this token at the same moment. Look again.')
    }
    if (overlap === 0) await apiTokens.closeExchanges(id)
    await record(by, {
      type: 'api_token.rotated',
      ...subjectOf(before),
      successorId: issued.token.id,
      overlapSeconds: overlap,
    })
    return issued
  }

  /** Ends a token at once; one that has ended already stays as it is. @throws {DomainError} `not_found` */
  async function revoke(by: Administration, id: string): Promise<void> {
    await requireDocument(by, id)
    const ending = { at: now(), reason: 'revoked', actor: by.actor, name: by.name } as const
    const ended = await apiTokens.end(id, ending)
    if (ended) await record(by, { type: 'api_token.revoked', ...subjectOf(ended) })
  }

  /**
   * Ends a token that somebody found where it should not be. Having it is proof enough.
   * @returns the token, and whether this ended it; undefined for what is no token of ours
   */
  async function reportLeak(
    secret: string,
    address: string,
  ): Promise<{ token: ApiToken; hasEnded: boolean } | undefined> {
    const found = await apiTokens.findBySecret(secret.trim())
    if (!found) return undefined
    const actor = { kind: 'unknown' } as const
    const ended = await apiTokens.end(found.id, { at: now(), reason: 'leaked', actor })
    if (!ended) return { token: found, hasEnded: false }
    await auditLog.append(found.organizationId, {
      type: 'api_token.leak_reported',
      ...subjectOf(ended),
      actor,
      address,
    })
    return { token: ended, hasEnded: true }
  }

  /** One of the organization's. @throws {DomainError} `not_found` */
  async function require(by: Administration, id: string): Promise<ApiToken> {
    return (await requireDocument(by, id)).data as ApiToken
  }

  async function requireDocument({ organization }: Administration, id: string): Promise<StoredDocument> {
    const document = await documents.get('api-token', id)
    if (!document || (document.data as ApiToken).organizationId !== organization.id) {
      throw new DomainError('not_found', 'There is no such token, or not any more.')
    }
    return document
  }

  async function readExpiry({ organization }: Administration, expiry: ApiTokenForm['expiry']) {
    const { allowsUnlimited } = await policies.find(organization.id)
    return parseExpiry(expiry, { now: now(), allowsUnlimited })
  }

  function make(
    { organization, actor }: Administration,
    facts: Pick<ApiToken, 'serviceAccountId' | 'name' | 'expiresAt' | 'addresses'>,
  ): IssuedApiToken {
    const secret = newApiToken()
    const token: ApiToken = {
      id: newId(now()),
      organizationId: organization.id,
      ...facts,
      hash: sha256(secret),
      createdAt: now(),
      createdBy: actor,
    }
    return { token, secret }
  }

  async function record({ organization, actor, address }: Administration, event: AuditEvent): Promise<void> {
    await auditLog.append(organization.id, { ...event, actor, address })
  }

  return { issue, rotate, revoke, reportLeak, require }
}

function subjectOf({ id, name, serviceAccountId }: ApiToken) {
  return { apiTokenId: id, tokenName: name, serviceAccountId }
}

/** @throws {DomainError} `invalid_input` about `name` */
function parseName(name: string): string {
  const parsed = Name.safeParse(name)
  if (parsed.success) return parsed.data
  const message = parsed.error.issues[0]?.message ?? 'Enter a name.'
  throw new DomainError('invalid_input', message, { field: 'name' })
}
