import type { Documents, Logs } from '../storage/contract.ts'
import { type AuditFilter, labelsOf, planSearch } from './audit-filter.ts'
import { type AuditTrouble, createAuditQueue } from './audit-queue.ts'
import { createAuditRetention, type RetentionDays, retentionChoices } from './audit-retention.ts'
import { DomainError } from './errors.ts'
import { isAdmin, type Membership } from './members.ts'
import type { Role } from './principal.ts'
import type { ServiceAccountEvent } from './service-account-events.ts'
import type { BlockSubject } from './session-blocks.ts'

/** Who did it. Names and addresses of users are looked up when the log is read, so a log never repeats an old one. */
export type Actor =
  | { kind: 'user'; id: string }
  | { kind: 'service_account'; id: string }
  /** An OAuth client on its own, such as one that revokes its own token. */
  | { kind: 'client'; id: string }
  /** Whoever runs the server, at the command line. */
  | { kind: 'operator' }
  /** The server by its own rules. */
  | { kind: 'server' }
  /** Somebody who did not prove to be anybody, such as at a sign-in that failed. */
  | { kind: 'unknown' }

/** What happened in one organization. No payloads, no secrets. Whoever it was done to, if not the actor, is its `userId`. */
export type AuditEvent =
  | {
      type: 'tool.called'
      tool: string
      /** Of a user; service accounts have tokens instead. */
      clientSessionId?: string
      clientName?: string
      apiTokenId?: string
      tokenName?: string
      /** References of what was asked about and told, the former first; at most {@link mostEntities}. */
      entities: string[]
      /** Refused: the arguments were wrong or named nothing. Unavailable: the store was out of reach. */
      outcome: 'answered' | 'refused' | 'unavailable' | 'failed'
      resultBytes: number
      durationMs: number
    }
  | { type: 'sign_in.succeeded'; method: string; userAgent: string }
  | { type: 'sign_in.failed'; method: string; userId: string; userAgent: string }
  /** Somebody ended their browser sign-ins from afar; told in each of their organizations. */
  | { type: 'sign_ins.ended' }
  | {
      type: 'consent.given'
      clientSessionId: string
      clientId: string
      clientName: string
      clientVerified: boolean
      redirectHost: string
    }
  | { type: 'consent.denied'; clientId: string; clientName: string }
  | { type: 'client_session.ended'; clientSessionId: string; clientName: string; userId: string }
  | {
      type: 'refresh_token.refused'
      clientSessionId: string
      userId: string
      reason: 'session_ended' | 'no_longer_allowed' | 'token_not_valid'
    }
  | {
      type: 'refresh_token.reused'
      clientSessionId: string
      userId: string
      /** Whether the reuse ended the session, or was only refused because it came from where the session lives. */
      outcome: 'session_ended' | 'refused'
      userAgent: string
    }
  | { type: 'client_sessions.blocked' | 'client_sessions.block_lifted'; subject: BlockSubject }
  /** Said again when an invitation gets a new link. */
  | { type: 'member.invited'; invitationId: string; email: string; role: Role }
  | { type: 'invitation.revoked'; invitationId: string; email: string }
  /** The actor joined. */
  | { type: 'invitation.accepted'; invitationId: string; role: Role }
  | { type: 'member.role_changed'; userId: string; from: Role; to: Role }
  | { type: 'member.removed'; userId: string; role: Role }
  /** The actor left. */
  | { type: 'member.left'; role: Role }
  | {
      type: 'architecture.imported'
      source: string
      revision: number
      entityCount: number
      relationCount: number
    }
  | { type: 'architecture.source_removed'; source: string; revision: number }
  /** Whether two names are one thing; references as sources claim them. */
  | {
      type: 'architecture.join_decided'
      ref: string
      otherRef: string
      verdict: 'same' | 'different' | 'taken_back'
    }
  | ServiceAccountEvent
  | { type: 'audit_log.exported'; format: string; filter: string }
  | { type: 'audit_log.retention_changed'; fromDays: number; toDays: number }
  /** A person at a sign-in provider became one of our users; told where they are a member. */
  | { type: 'identity.linked'; issuer: string }
  | {
      type: 'organization.created' | 'organization.deleted' | 'organization.restored'
      name: string
      slug: string
    }
  | { type: 'organization.renamed'; name: string; slug: string; formerName: string; formerSlug: string }
  /** Somebody changed how they sign in; told in each of their organizations. */
  | { type: 'password.changed' | 'password.reset' }
  | { type: 'passkey.added' | 'passkey.removed'; passkeyName: string }
  | { type: 'user.suspended' | 'user.restored'; userId: string }
  | { type: 'domain.verified'; domain: string }
  | {
      type: 'sign_in_provider.changed'
      domain: string
      issuer?: string
      makesAccounts?: boolean
      isRequired?: boolean
    }
  | { type: 'sign_in_provider.removed'; domain: string }

/** An event by somebody, from the network address where one is known. */
export type AuditedAct = AuditEvent & { actor: Actor; address?: string | undefined }

/** An act with its place in the log and its time in epoch milliseconds. */
export type AuditEntry = AuditedAct & { id: string; at: number }

/** What a search found, newest first. */
export interface AuditPage {
  entries: AuditEntry[]
  /** Where to go on; absent when there is nothing older. Present with few or no entries when many others lay between. */
  next: { from: string; at: number } | undefined
}

/** What of the log goes elsewhere than into the store. */
export interface AuditOutlet {
  /** Gets each act as one line of JSON when it is done, whatever the store says to it. */
  stream?: ((line: string) => void) | undefined
  trouble?: AuditTrouble | undefined
}

export interface AuditLogDeps extends AuditOutlet {
  logs: Logs
  documents: Documents
  now: () => number
}

export type AuditLog = ReturnType<typeof createAuditLog>

/** The most entities that one tool call is found by. */
export const mostEntities = 100

const daySeconds = 24 * 60 * 60
const leastBatch = 500
/** How many entries one search reads before it gives back what it has. */
const patience = 5000
const silence: AuditTrouble = { waiting() {}, lost() {} }

/** The append-only record of each organization: nothing changes an entry, and only age removes it. */
export function createAuditLog({ logs, documents, now, stream, trouble = silence }: AuditLogDeps) {
  const retention = createAuditRetention({ documents, now })
  const queue = createAuditQueue<AuditedAct & { at: number }>({ append: appendAll, trouble })

  async function append(organizationId: string, act: AuditedAct): Promise<void> {
    tell(organizationId, { at: now(), ...act })
    const keep = { ttlSeconds: (await retention.find(organizationId)) * daySeconds }
    await logs.append(nameOf(organizationId), act, { ...keep, labels: labelsOf(act) })
  }

  async function appendAll(organizationId: string, acts: AuditedAct[]): Promise<void> {
    const keep = { ttlSeconds: (await retention.find(organizationId)) * daySeconds }
    const entries = acts.map((act) => ({ entry: { ...act }, labels: labelsOf(act) }))
    await logs.appendAll(nameOf(organizationId), entries, keep)
  }

  /**
   * Appends within a moment, without anybody waiting: for what happens often and must not fail for the log's sake.
   * An outage of the store is waited out in memory, up to ten thousand acts; {@link flush} before the process ends.
   */
  function note(organizationId: string, act: AuditedAct): void {
    const dated = { at: now(), ...act }
    tell(organizationId, dated)
    queue.add(organizationId, dated)
  }

  function tell(organizationId: string, dated: AuditedAct & { at: number }): void {
    if (!stream) return
    const { at, ...act } = dated
    stream(`${JSON.stringify({ audit: new Date(at).toISOString(), organizationId, ...act })}\n`)
  }

  /** Newest first. @param from the last id of the page before */
  async function page(
    organizationId: string,
    { limit, from }: { limit: number; from?: string },
  ): Promise<AuditEntry[]> {
    return (await search(organizationId, {}, { limit, from })).entries
  }

  /** Newest first. It stops after so many entries that do not match, and says where to go on. */
  async function search(
    organizationId: string,
    filter: AuditFilter,
    { limit, from }: { limit: number; from?: string | undefined },
  ): Promise<AuditPage> {
    const { label, matches } = planSearch(filter)
    const oldest = now() - (await retention.find(organizationId)) * daySeconds * 1000
    const range = { label, since: Math.max(filter.since ?? 0, oldest), before: filter.before }
    const batchSize = Math.max(leastBatch, limit + 1)
    const found: AuditEntry[] = []
    for (let read = 0, position = from; ;) {
      const request = { ...range, limit: batchSize, order: 'newest-first' as const, from: position }
      const batch = await logs.page(nameOf(organizationId), request)
      for (const { id, at, entry } of batch) {
        const act = entry as AuditedAct
        if (found.length === limit) return { entries: found, next: positionOf(found.at(-1)) }
        if (matches(act)) found.push({ at, ...act, id })
      }
      const last = batch.at(-1)
      if (!last || batch.length < batchSize) return { entries: found, next: undefined }
      read += batch.length
      if (read >= patience) return { entries: found, next: { from: last.id, at: last.at } }
      position = last.id
    }
  }

  /** Everything that matches, newest first, as it is read. */
  async function* readAll(organizationId: string, filter: AuditFilter): AsyncGenerator<AuditEntry> {
    for (let from: string | undefined; ;) {
      const { entries, next } = await search(organizationId, filter, { limit: leastBatch, from })
      yield* entries
      if (!next) return
      from = next.from
    }
  }

  /**
   * Changes for how many days entries are kept. A shorter time also ends older entries, at once; a longer one holds for
   * what is written from then on.
   * @throws {DomainError} `forbidden` for all but owners: whoever shortens the log removes evidence
   */
  async function changeRetention(
    { organization, role }: Membership,
    act: { days: number; actor: Actor; address: string },
  ): Promise<void> {
    if (role !== 'owner') {
      throw new DomainError('forbidden', 'Only owners change how long the audit log is kept.')
    }
    const days = requireChoice(act.days)
    const fromDays = await retention.change(organization.id, days)
    if (days === fromDays) return
    const { actor, address } = act
    await append(organization.id, {
      type: 'audit_log.retention_changed',
      fromDays,
      toDays: days,
      actor,
      address,
    })
    if (days < fromDays) await logs.shorten(nameOf(organization.id), { ttlSeconds: days * daySeconds })
  }

  /** Deletes the whole log of an organization, with how long it was to be kept. */
  async function drop(organizationId: string): Promise<void> {
    await logs.drop(nameOf(organizationId))
  }

  return {
    append,
    note,
    /** Writes what was noted. */
    flush: queue.flush,
    page,
    search,
    readAll,
    drop,
    retentionOf: retention.find,
    changeRetention,
  }
}

/** @throws {DomainError} `forbidden` for members without an administering role */
export function requireAuditor({ role }: Membership): void {
  if (!isAdmin(role)) {
    throw new DomainError('forbidden', 'Only administrators read the audit log. Ask one of yours.')
  }
}

function requireChoice(days: number): RetentionDays {
  const choice = retentionChoices.find((known) => known === days)
  if (choice === undefined) {
    throw new DomainError('invalid_input', `Choose one of ${retentionChoices.join(', ')} days.`)
  }
  return choice
}

function positionOf(entry: AuditEntry | undefined): AuditPage['next'] {
  return entry && { from: entry.id, at: entry.at }
}

function nameOf(organizationId: string): string {
  return `audit:${organizationId}`
}
