import { Conflict, type Documents } from '../storage/contract.ts'
import type { AuditLog } from './audit-log.ts'
import type { ClientSessions } from './client-sessions.ts'
import { DomainError } from './errors.ts'
import type { ActingUser, Membership } from './members.ts'
import type { Organization, Organizations } from './organizations.ts'

/** How long a deleted organization can be restored. */
export const restorableForDays = 7

/**
 * Every kind of document that belongs to an organization, and the index that finds all of its own. Whatever is kept for
 * organizations has its place here, or it outlives them.
 */
const documentsOfOrganization: readonly [kind: string, index: string][] = [
  ['client-session', 'tenant'],
  ['session-block', 'organization'],
  ['invitation', 'organization'],
  ['service-account', 'organization'],
  ['api-token', 'organization'],
  ['trust-rule', 'organization'],
  ['member', 'organization'],
  ['identity', 'provider'],
]

/** Kinds of which an organization has at most one document, under its own id. */
const documentPerOrganization: readonly string[] = [
  'audit-retention',
  'roster',
  'service-account-policy',
  'sign-in-provider',
]

export type OrganizationDeletion = ReturnType<typeof createOrganizationDeletion>

/** Deleting an organization: at once nobody works in it, for a week owners can restore it, then it is erased. */
export function createOrganizationDeletion({
  documents,
  organizations,
  clientSessions,
  auditLog,
  now,
}: {
  documents: Documents
  organizations: Organizations
  clientSessions: ClientSessions
  auditLog: AuditLog
  now: () => number
}) {
  /**
   * Shuts the organization first, so that no client session can be made any more, and then ends those there are.
   * @param typedName must be the organization's, as a proof that this one is meant
   * @throws {DomainError} `forbidden` for whoever is no owner, `invalid_input` about `name`
   */
  async function remove(membership: Membership, typedName: string, by: ActingUser): Promise<Organization> {
    requireOwner(membership)
    const { id, name, slug } = membership.organization
    if (typedName.trim() !== name) {
      throw new DomainError('invalid_input', `Type the name exactly: ${name}`, { field: 'name' })
    }
    const dueAt = now() + restorableForDays * 24 * 60 * 60 * 1000
    const organization = await organizations.change(id, (newest) => ({
      ...newest,
      deletion: newest.deletion ?? { at: now(), by: by.id, dueAt },
    }))
    await auditLog.append(id, { type: 'organization.deleted', name, slug, ...actorOf(by) })
    for (const session of await clientSessions.listLive('organization', id)) {
      await clientSessions.end(session.id, { kind: 'deletion', userId: by.id, organizationName: name })
    }
    return organization
  }

  /**
   * Brings a deleted organization back as it was. Its client sessions stay ended.
   * @throws {DomainError} `forbidden` for whoever is no owner, `conflict` when it is being erased or not deleted
   */
  async function restore(membership: Membership, by: ActingUser): Promise<Organization> {
    requireOwner(membership)
    const { id, name, slug } = membership.organization
    const restored = await organizations.change(id, ({ deletion, ...organization }) => {
      if (!deletion || deletion.erasing || deletion.dueAt <= now()) {
        throw new DomainError('conflict', 'This organization cannot be restored any more.')
      }
      return organization
    })
    await auditLog.append(id, { type: 'organization.restored', name, slug, ...actorOf(by) })
    return restored
  }

  /**
   * Erases every organization whose time is over. Any process may call it at any time: each step can be repeated, the
   * record goes last, and from the first step on nobody can restore it.
   * @param eraseContent of what the domain does not know, by the organization's id
   * @returns those that were erased
   */
  async function eraseDue(eraseContent: (organizationId: string) => Promise<void>): Promise<Organization[]> {
    const due = (await organizations.listDeleted()).filter(isDue)
    for (const { id } of due) {
      const marked = await organizations.change(id, markErasing).catch(ignoreGone)
      if (!marked?.deletion?.erasing) continue
      await eraseContent(id)
      for (const [kind, index] of documentsOfOrganization) await eraseDocuments(kind, index, id)
      for (const kind of documentPerOrganization) await eraseDocument(kind, id)
      await auditLog.drop(id)
      await organizations.remove(id)
    }
    return due
  }

  function isDue({ deletion }: Organization): boolean {
    return deletion !== undefined && deletion.dueAt <= now()
  }

  /** As it is when it was restored meanwhile. */
  function markErasing(organization: Organization): Organization {
    const { deletion } = organization
    return deletion && isDue(organization)
      ? { ...organization, deletion: { ...deletion, erasing: true } }
      : organization
  }

  async function eraseDocuments(kind: string, index: string, organizationId: string): Promise<void> {
    for (;;) {
      // From the start each time: what was deleted has left the list.
      const { items } = await documents.list(kind, index, organizationId, { limit: 100 })
      if (items.length === 0) return
      for (const { id } of items) await eraseDocument(kind, id)
    }
  }

  async function eraseDocument(kind: string, id: string): Promise<void> {
    const document = await documents.get(kind, id)
    if (!document) return
    try {
      await documents.commit([{ op: 'delete', kind, id, version: document.version }])
    } catch (error) {
      // Another process erases too, or the document has just changed.
      if (!(error instanceof Conflict)) throw error
      await eraseDocument(kind, id)
    }
  }

  return { remove, restore, eraseDue }
}

function requireOwner({ role }: Membership): void {
  if (role !== 'owner') {
    throw new DomainError('forbidden', 'Only owners delete or restore an organization. Ask one of yours.')
  }
}

function actorOf({ id, address }: ActingUser) {
  return { actor: { kind: 'user' as const, id }, address }
}

function ignoreGone(error: unknown): undefined {
  if (!(error instanceof DomainError && error.code === 'not_found')) throw error
}
