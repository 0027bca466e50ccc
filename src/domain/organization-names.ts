import { Conflict, type Documents } from '../storage/contract.ts'
import type { Actor, AuditLog } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { type ActingUser, isAdmin, type Members, type Membership } from './members.ts'
import { type NewOrganization, type Organization, type Organizations, slugTaken } from './organizations.ts'
import type { User } from './users.ts'

/** A slug once used stays reserved, so there must be an end to taking them. */
const formerSlugLimit = 20

export type OrganizationNames = ReturnType<typeof createOrganizationNames>

/** Creating organizations, and what they are called. */
export function createOrganizationNames({
  documents,
  organizations,
  members,
  auditLog,
}: {
  documents: Documents
  organizations: Organizations
  members: Members
  auditLog: AuditLog
}) {
  /** Makes an organization with its first owner. @throws {DomainError} `conflict` about `slug` when that is taken */
  async function create(
    owner: User,
    input: NewOrganization,
    by: { actor: Actor; address?: string },
  ): Promise<Organization> {
    const { organization, change } = organizations.prepare(input)
    try {
      await documents.commit([change, members.prepare(organization.id, owner.id, 'owner')])
    } catch (error) {
      throw error instanceof Conflict ? slugTaken(error) : error
    }
    await auditLog.append(organization.id, {
      type: 'organization.created',
      ...input,
      ...by,
    })
    return organization
  }

  /**
   * Changes name and slug. The old slug goes on to lead here.
   * @throws {DomainError} `forbidden` for members without an administering role, `conflict` about `slug`
   */
  async function rename(
    membership: Membership,
    input: NewOrganization,
    by: ActingUser,
  ): Promise<Organization> {
    if (!isAdmin(membership.role)) {
      throw new DomainError('forbidden', 'Only administrators rename an organization. Ask one of yours.')
    }
    const { id } = membership.organization
    let former = membership.organization
    const renamed = await organizations.change(id, (newest) => {
      former = newest
      return { ...newest, ...input, formerSlugs: formerSlugsOf(newest, input.slug) }
    })
    if (former.name === renamed.name && former.slug === renamed.slug) return renamed
    await auditLog.append(id, {
      type: 'organization.renamed',
      ...input,
      formerName: former.name,
      formerSlug: former.slug,
      actor: { kind: 'user', id: by.id },
      address: by.address,
    })
    return renamed
  }

  return { create, rename }
}

function formerSlugsOf({ slug, formerSlugs = [] }: Organization, next: string): string[] {
  const former = [...formerSlugs, slug].filter((each) => each !== next)
  if (former.length > formerSlugLimit) {
    throw new DomainError(
      'conflict',
      `This organization has had ${formerSlugLimit} other addresses, which stay its own. Choose one of them: ${formerSlugs.join(', ')}.`,
      { field: 'slug' },
    )
  }
  return former
}
