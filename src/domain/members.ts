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

/** The user who does something, and the network address they do it from. */
export interface ActingUser {
  id: string
  address: string
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
    return (await listAll(userId)).filter(({ organization }) => !organization.deletion)
  }

  /** Organizations whose deletion is pending and that this user, as an owner, may restore. */
  async function listRestorable(userId: string): Promise<Membership[]> {
    return (await listAll(userId)).filter(
      ({ organization, role }) => organization.deletion && role === 'owner',
    )
  }

  async function listAll(userId: string): Promise<Membership[]> {
    const { items } = await documents.list('member', 'user', userId, { limit: 100 })
    const memberships = await Promise.all(
      items.map(async ({ data }) => {
        const { organizationId, role } = data as Member
        const organization = await organizations.find(organizationId)
        return organization && { organization, role }
      }),
    )
    return memberships
      .filter((membership) => membership !== undefined)
      .toSorted((a, b) => a.organization.name.localeCompare(b.organization.name, 'en'))
  }

  /** Everybody in an organization, in the order their accounts were made. */
  async function list(organizationId: string): Promise<Member[]> {
    const members: Member[] = []
    let cursor: string | undefined
    do {
      const page = await documents.list('member', 'organization', organizationId, { limit: 200, cursor })
      members.push(...page.items.map(({ data }) => data as Member))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    return members
  }

  /**
   * The membership a page or form acts under.
   * @throws {DomainError} `not_found`, the same for an unknown slug and for an organization of others: a different
   *   answer would tell that it exists.
   */
  async function requireMembership(userId: string, slug: string): Promise<Membership> {
    const membership = await findMembership(userId, slug)
    if (!membership || membership.organization.deletion) throw noSuchOrganization()
    return membership
  }

  /** A user's membership of an organization by its slug or a former one, also while its deletion is pending. */
  async function findMembership(userId: string, slug: string): Promise<Membership | undefined> {
    const organization = await organizations.findBySlug(slug)
    const member = organization && (await find(organization.id, userId))
    return member && { organization, role: member.role }
  }

  /** The change that makes a user a member. */
  function prepare(organizationId: string, userId: string, role: Role): DocumentChange {
    return memberRecord({ userId, organizationId, role, joinedAt: now() }, 0)
  }

  return { find, list, listMemberships, listRestorable, findMembership, requireMembership, prepare }
}

/** The document of a member, as it is written. @param version the one that was read; 0 creates */
export function memberRecord(member: Member, version: number): DocumentChange {
  const { userId, organizationId } = member
  return {
    op: 'put',
    kind: 'member',
    id: memberId(organizationId, userId),
    version,
    data: member,
    indexes: { user: userId, organization: organizationId },
  }
}

/** The answer to whoever asks for an organization that is not theirs, or not there. */
export function noSuchOrganization(): DomainError {
  return new DomainError('not_found', 'There is no such organization, or you are not a member of it.')
}

/** Admins and owners administer what belongs to all of an organization. */
export function isAdmin(role: Role): boolean {
  return role === 'owner' || role === 'admin'
}

/** The id of a member's document. */
export function memberId(organizationId: string, userId: string): string {
  return `${organizationId}:${userId}`
}
