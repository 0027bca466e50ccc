import { z } from 'zod'
import { Conflict, type DocumentChange, type Documents, type StoredDocument } from '../storage/contract.ts'
import type { AuditLog } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { newId, newSecret, sha256 } from './identifiers.ts'
import { assignableRoles, mayManage } from './member-rules.ts'
import { type ActingUser, isAdmin, type Member, type Members, type Membership } from './members.ts'
import { type Role, roles } from './principal.ts'
import { canonicalEmail, type Users } from './users.ts'

/** That somebody may join an organization. It is gone once accepted, revoked or replaced by a newer one. */
export interface Invitation {
  id: string
  organizationId: string
  /** Whoever accepts has this address, under {@link canonicalEmail}. */
  email: string
  role: Role
  invitedBy: string
  createdAt: number
  expiresAt: number
}

/** An invitation with the secret of its link, which is known only when it is made. */
export interface IssuedInvitation {
  invitation: Invitation
  token: string
}

/** What the form of an invitation holds. */
export const NewInvitation = z.object({
  email: z.string().trim().pipe(z.email('Enter an e-mail address such as ada@example.com.').max(254)),
  role: z.enum(roles, 'Choose a role.'),
})
export type NewInvitation = z.infer<typeof NewInvitation>

/** How long a link works. */
export const invitationLifetime = 7 * 24 * 60 * 60 * 1000

export interface InvitationDeps {
  documents: Documents
  users: Users
  members: Members
  auditLog: AuditLog
  now: () => number
}

export type Invitations = ReturnType<typeof createInvitations>

/** Invitations: made, listed, made anew, revoked. Accepting one is `invitation-acceptance.ts`. */
export function createInvitations({ documents, users, members, auditLog, now }: InvitationDeps) {
  /**
   * Invites an address. An older invitation of it to the same organization is replaced, and its link works no more.
   * @throws {DomainError} `forbidden` for a role the inviter may not give, `conflict` for a member
   */
  async function invite(
    membership: Membership,
    by: ActingUser,
    { email, role }: NewInvitation,
  ): Promise<IssuedInvitation> {
    requireRight(membership, role)
    const { organization } = membership
    await requireNoMember(membership, email)
    const older = await documents.findUnique('invitation', 'address', addressKey(organization.id, email))
    if (older) requireRight(membership, presentInvitation(older).role)
    return issue(by, older, {
      id: older?.id ?? newId(now()),
      organizationId: organization.id,
      email,
      role,
    })
  }

  /** One that the member may handle. @throws {DomainError} as {@link requireDocument} */
  async function require(membership: Membership, id: string): Promise<Invitation> {
    return presentInvitation(await requireDocument(membership, id))
  }

  /** Makes a new link for an invitation, for 7 more days. The old one works no more. */
  async function renew(membership: Membership, by: ActingUser, id: string): Promise<IssuedInvitation> {
    const document = await requireDocument(membership, id)
    const { organizationId, email, role } = presentInvitation(document)
    await requireNoMember(membership, email)
    return issue(by, document, { id, organizationId, email, role })
  }

  async function issue(
    by: ActingUser,
    older: StoredDocument | undefined,
    facts: Pick<Invitation, 'id' | 'organizationId' | 'email' | 'role'>,
  ): Promise<IssuedInvitation> {
    const token = newSecret()
    const invitation: Invitation = {
      ...facts,
      invitedBy: by.id,
      createdAt: now(),
      expiresAt: now() + invitationLifetime,
    }
    try {
      await documents.commit([recordOf(invitation, sha256(token), older?.version ?? 0)])
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      const message = `Somebody else invited ${facts.email} at the same moment, or revoked that. Look again.`
      throw new DomainError('conflict', message, { field: 'email', cause: error })
    }
    const { id: invitationId, organizationId, email, role } = invitation
    await auditLog.append(organizationId, {
      type: 'member.invited',
      invitationId,
      email,
      role,
      actor: { kind: 'user', id: by.id },
      address: by.address,
    })
    return { invitation, token }
  }

  /** All that were not accepted, those that expired too, oldest first. @throws {DomainError} `forbidden` for members */
  async function list(membership: Membership): Promise<Invitation[]> {
    requireAdmin(membership)
    return (await documentsOf('organization', membership.organization.id)).map(presentInvitation)
  }

  /** What a member sent to others that can still be accepted. */
  async function listSentBy({
    organizationId,
    userId,
  }: Pick<Member, 'organizationId' | 'userId'>): Promise<Invitation[]> {
    const sent = await documentsOf('inviter', inviterKey(organizationId, userId))
    return sent.map(presentInvitation).filter(({ expiresAt }) => expiresAt > now())
  }

  /** @throws {DomainError} `not_found`, also for an invitation of another organization */
  async function revoke(membership: Membership, by: ActingUser, id: string): Promise<void> {
    const document = await requireDocument(membership, id)
    if (!(await withdraw(document))) throw missing()
    const { organizationId, email } = presentInvitation(document)
    await auditLog.append(organizationId, {
      type: 'invitation.revoked',
      invitationId: id,
      email,
      actor: { kind: 'user', id: by.id },
      address: by.address,
    })
  }

  /** Revokes what somebody sent, because they lost the right to. Repeating it is harmless. */
  async function revokeSentBy(organizationId: string, userId: string): Promise<void> {
    for (const document of await documentsOf('inviter', inviterKey(organizationId, userId))) {
      if (!(await withdraw(document))) continue
      const { id: invitationId, email } = presentInvitation(document)
      await auditLog.append(organizationId, {
        type: 'invitation.revoked',
        invitationId,
        email,
        actor: { kind: 'server' },
      })
    }
  }

  /** @returns false when it was accepted, revoked or replaced first */
  async function withdraw(document: StoredDocument): Promise<boolean> {
    try {
      await documents.commit([deletionOf(document)])
      return true
    } catch (error) {
      if (error instanceof Conflict) return false
      throw error
    }
  }

  /** The invitation behind a link, whether it can still be accepted or not. */
  async function findByToken(token: string): Promise<StoredDocument | undefined> {
    return documents.findUnique('invitation', 'token', sha256(token))
  }

  /**
   * The invitation of a form.
   * @throws {DomainError} `not_found`, and `forbidden` for one to be an owner: its link is worth as much as the role
   */
  async function requireDocument(membership: Membership, id: string): Promise<StoredDocument> {
    requireAdmin(membership)
    const document = await documents.get('invitation', id)
    const found = document && presentInvitation(document)
    if (!document || found?.organizationId !== membership.organization.id) throw missing()
    requireRight(membership, found.role)
    return document
  }

  async function requireNoMember({ organization }: Membership, email: string): Promise<void> {
    const user = await users.findByEmail(email)
    if (!user || !(await members.find(organization.id, user.id))) return
    const message = `${email} is a member of ${organization.name} already.`
    throw new DomainError('conflict', message, { field: 'email' })
  }

  async function documentsOf(index: 'organization' | 'inviter', value: string): Promise<StoredDocument[]> {
    const found: StoredDocument[] = []
    let cursor: string | undefined
    do {
      const page = await documents.list('invitation', index, value, { limit: 200, cursor })
      found.push(...page.items)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    return found
  }

  return { invite, require, renew, list, listSentBy, revoke, revokeSentBy, findByToken }
}

/** What an invitation's document holds. */
export function presentInvitation({ data }: StoredDocument): Invitation {
  return data as Invitation
}

/** The change that uses an invitation up; of two at once, one is a conflict. */
export function deletionOf({ id, version }: StoredDocument): DocumentChange {
  return { op: 'delete', kind: 'invitation', id, version }
}

function recordOf(invitation: Invitation, tokenHash: string, version: number): DocumentChange {
  const { id, organizationId, email, invitedBy } = invitation
  return {
    op: 'put',
    kind: 'invitation',
    id,
    version,
    data: invitation,
    unique: { token: tokenHash, address: addressKey(organizationId, email) },
    indexes: { organization: organizationId, inviter: inviterKey(organizationId, invitedBy) },
  }
}

function requireAdmin({ role }: Membership): void {
  if (!isAdmin(role)) {
    throw new DomainError('forbidden', 'Only administrators invite people. Ask one of yours.')
  }
}

function requireRight(membership: Membership, role: Role): void {
  requireAdmin(membership)
  if (!mayManage(membership.role, role)) {
    const given = assignableRoles(membership.role).join(' or ')
    throw new DomainError('forbidden', `You may invite people as ${given}. Ask an owner.`, { field: 'role' })
  }
}

function missing(): DomainError {
  return new DomainError('not_found', 'There is no such invitation. It may have been accepted or revoked.')
}

function addressKey(organizationId: string, email: string): string {
  return `${organizationId}\n${canonicalEmail(email)}`
}

function inviterKey(organizationId: string, userId: string): string {
  return `${organizationId}:${userId}`
}
