import type { DocumentChange, Documents } from '../storage/contract.ts'
import { DomainError } from './errors.ts'
import type { Organization, Organizations } from './organizations.ts'
import type { Role } from './principal.ts'

/** A user in an organization. */
export interface Member {
  userId: string
  organizationId: string
  role: Role
  joinedAt: number
}

/** An organization seen by one of its members. */
export interface Membership {
  organization: Organization
  role: Role
}

export type Members = ReturnType<typeof createMembers>

/** Who belongs to which organization, and as what. */
export function createMembers({
  documents,
  organizations,
  now,
}: {
  documents: Documents
  organizations: Organizations
  now: () => number
}) {
  async function find(organizationId: string, userId: string): Promise<Member | undefined> {
    const document = await documents.get('member', memberId(organizationId, userId))
    return document && (document.data as Member)
  }

  /** The organizations a user belongs to, oldest first. */
  async function listMemberships(userId: string): Promise<Membership[]> {
    const { items } = await documents.list('member', 'user', userId, { limit: 100 })
    const memberships = await Promise.all(
      items.map(async ({ data }) => {
        const { organizationId, role } = data as Member
        const organization = await organizations.find(organizationId)
        return organization && { organization, role }
      }),
    )
    return memberships.filter((membership) => membership !== undefined)
  }

  /**
   * The membership a page or form acts under.
   * @throws {DomainError} `not_found`, the same for an unknown slug and for an organization of others: a different
   *   answer would tell that it exists.
   */
  async function requireMembership(userId: string, slug: string): Promise<Membership> {
    const organization = await organizations.findBySlug(slug)
    const member = organization && (await find(organization.id, userId))
    if (!organization || !member) {
      throw new DomainError('not_found', 'There is no such organization, or you are not a member of it.')
    }
    return { organization, role: member.role }
  }

  /** The change that makes a user a member. */
  function prepare(organizationId: string, userId: string, role: Role): DocumentChange {
    const member: Member = { userId, organizationId, role, joinedAt: now() }
    return {
      op: 'put',
      kind: 'member',
      id: memberId(organizationId, userId),
      version: 0,
      data: member,
      indexes: { user: userId, organization: organizationId },
    }
  }

  return { find, listMemberships, requireMembership, prepare }
}

/** Admins and owners administer what belongs to all of an organization. */
export function isAdmin(role: Role): boolean {
  return role === 'owner' || role === 'admin'
}

function memberId(organizationId: string, userId: string): string {
  return `${organizationId}:${userId}`
}
