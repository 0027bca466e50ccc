import { z } from 'zod'
import { Conflict, type DocumentChange, type Documents, type StoredDocument } from '../storage/contract.ts'
import type { Administration } from './administration.ts'
import type { ApiTokens } from './api-tokens.ts'
import type { Actor, AuditEvent, AuditLog } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { newId } from './identifiers.ts'
import { type Scope, serviceAccountScopes } from './principal.ts'
import type { TrustRules } from './trust-rules.ts'

/** A member that is no person: it acts through API tokens, and can neither sign in nor make any. */
export interface ServiceAccount {
  id: string
  organizationId: string
  /** Unique in its organization, in any case. */
  name: string
  description: string
  scopes: Scope[]
  createdAt: number
  createdBy: Actor
  /** While set, none of its tokens is accepted. */
  disabled?: { at: number; name: string } | undefined
}

/** What the form of a service account holds. */
export const ServiceAccountForm = z.object({
  name: z.string().trim().min(1, 'Enter a name.').max(60, 'A name has at most 60 characters.'),
  description: z.string().trim().max(300, 'A description has at most 300 characters.'),
  /** Apart by spaces (RFC 6749 §3.3). Absent: as before; of a new account, reading. */
  scopes: z
    .string()
    .transform((list) => list.split(' '))
    .pipe(z.array(z.enum(serviceAccountScopes), 'Choose what it may do.'))
    .optional(),
})
export type ServiceAccountForm = z.infer<typeof ServiceAccountForm>

/** What a service account may do unless an administrator says otherwise. */
const initialScopes: readonly Scope[] = ['architecture:read']
const mostAccounts = 100

export interface ServiceAccountDeps {
  documents: Documents
  apiTokens: ApiTokens
  trustRules: TrustRules
  auditLog: AuditLog
  now: () => number
}

export type ServiceAccounts = ReturnType<typeof createServiceAccounts>

/** The service accounts of organizations: made, changed, disabled, deleted by administrators. */
export function createServiceAccounts({
  documents,
  apiTokens,
  trustRules,
  auditLog,
  now,
}: ServiceAccountDeps) {
  async function find(id: string): Promise<ServiceAccount | undefined> {
    const document = await documents.get('service-account', id)
    return document && (document.data as ServiceAccount)
  }

  async function findByName(organizationId: string, name: string): Promise<ServiceAccount | undefined> {
    const document = await documents.findUnique('service-account', 'name', nameKey(organizationId, name))
    return document && (document.data as ServiceAccount)
  }

  /** Oldest first. */
  async function list(organizationId: string): Promise<ServiceAccount[]> {
    const { items } = await documents.list('service-account', 'organization', organizationId, {
      limit: mostAccounts,
    })
    return items.map(({ data }) => data as ServiceAccount)
  }

  /** @throws {DomainError} `not_found`, also for an account of another organization */
  async function require({ organization }: Administration, id: string): Promise<ServiceAccount> {
    return (await requireDocument(organization.id, id)).data as ServiceAccount
  }

  async function requireDocument(organizationId: string, id: string): Promise<StoredDocument> {
    const document = await documents.get('service-account', id)
    if (!document || (document.data as ServiceAccount).organizationId !== organizationId) {
      throw new DomainError('not_found', 'There is no such service account, or not any more.')
    }
    return document
  }

  /** @throws {DomainError} `conflict` for a name that is taken, or when there are too many */
  async function create(by: Administration, form: ServiceAccountForm): Promise<ServiceAccount> {
    const organizationId = by.organization.id
    if ((await list(organizationId)).length >= mostAccounts) {
      throw new DomainError('conflict', `An organization has at most ${mostAccounts} service accounts.`)
    }
    const account: ServiceAccount = {
      id: newId(now()),
      organizationId,
      name: form.name,
      description: form.description,
      scopes: unique(form.scopes ?? initialScopes),
      createdAt: now(),
      createdBy: by.actor,
    }
    await commit(recordOf(account, 0), form.name)
    await record(by, { type: 'service_account.created', serviceAccountId: account.id, name: account.name })
    return account
  }

  /** Renames, describes, and says what it may do, from the next request on. @throws {DomainError} `not_found`; `conflict` for a name that is taken */
  async function describe(by: Administration, id: string, form: ServiceAccountForm): Promise<void> {
    const { name, description, scopes } = form
    let isLess = false
    const account = await change(by, id, (before) => {
      const after = scopes === undefined ? before.scopes : unique(scopes)
      isLess = before.scopes.some((scope) => !after.includes(scope))
      return { ...before, name, description, scopes: after }
    })
    if (isLess) await closeExchangesOf(id)
    await record(by, { type: 'service_account.changed', serviceAccountId: id, name: account.name })
  }

  /** Refuses all tokens of an account until it is enabled again. @throws {DomainError} `not_found` */
  async function disable(by: Administration, id: string): Promise<void> {
    const disabled = { at: now(), name: by.name }
    const account = await change(by, id, (before) => ({ disabled, ...before }))
    await closeExchangesOf(id)
    await record(by, { type: 'service_account.disabled', serviceAccountId: id, name: account.name })
  }

  /** @throws {DomainError} `not_found` */
  async function enable(by: Administration, id: string): Promise<void> {
    const account = await change(by, id, ({ disabled: _disabled, ...before }) => before)
    await record(by, { type: 'service_account.enabled', serviceAccountId: id, name: account.name })
  }

  /**
   * Deletes an account. Its own record goes first: without it no token is accepted, however far the rest gets. Those of
   * its tokens are kept for a while, to say so.
   * @throws {DomainError} `not_found`
   */
  async function remove(by: Administration, id: string): Promise<void> {
    const { data, version } = await requireDocument(by.organization.id, id)
    const { name } = data as ServiceAccount
    await commit({ op: 'delete', kind: 'service-account', id, version }, name)
    await record(by, { type: 'service_account.deleted', serviceAccountId: id, name })
    const ending = { at: now(), reason: 'account_deleted', actor: by.actor, name: by.name } as const
    for (const token of await apiTokens.list('account', id)) await apiTokens.end(token.id, ending)
    await apiTokens.endProtocolSessions(id)
    await trustRules.removeAll(id)
  }

  async function closeExchangesOf(id: string): Promise<void> {
    for (const token of await apiTokens.list('account', id)) await apiTokens.closeExchanges(token.id)
  }

  async function change(
    by: Administration,
    id: string,
    alter: (account: ServiceAccount) => ServiceAccount,
  ): Promise<ServiceAccount> {
    const { data, version } = await requireDocument(by.organization.id, id)
    const account = alter(data as ServiceAccount)
    await commit(recordOf(account, version), account.name)
    return account
  }

  async function commit(written: DocumentChange, name: string): Promise<void> {
    try {
      await documents.commit([written])
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      throw error.reason === 'unique'
        ? new DomainError('conflict', `There is a service account ${name} already.`, { field: 'name' })
        : new DomainError('conflict', 'Somebody else changed this account at the same moment. Look again.')
    }
  }

  async function record({ organization, actor, address }: Administration, event: AuditEvent): Promise<void> {
    await auditLog.append(organization.id, { ...event, actor, address })
  }

  return { find, findByName, list, require, create, describe, disable, enable, remove }
}

function unique(scopes: readonly Scope[]): Scope[] {
  return serviceAccountScopes.filter((scope) => scopes.includes(scope))
}

/** What a client is told whose service account is disabled. */
export function describeDisabling({ name, disabled }: ServiceAccount, organizationName: string): string {
  const by = disabled === undefined ? '' : ` by ${disabled.name}`
  return `The service account ${name} was disabled${by}. Ask an administrator of ${organizationName} to enable it.`
}

function recordOf(account: ServiceAccount, version: number): DocumentChange {
  const { id, organizationId, name } = account
  return {
    op: 'put',
    kind: 'service-account',
    id,
    version,
    data: account,
    unique: { name: nameKey(organizationId, name) },
    indexes: { organization: organizationId },
  }
}

function nameKey(organizationId: string, name: string): string {
  return `${organizationId}:${name.normalize('NFKC').toLowerCase()}`
}
