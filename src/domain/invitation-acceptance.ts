import { Conflict, type DocumentChange, type Documents, type StoredDocument } from '../storage/contract.ts'
import type { AuditLog } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { deletionOf, type Invitation, type Invitations, presentInvitation } from './invitations.ts'
import { mayManage } from './member-rules.ts'
import type { Members } from './members.ts'
import type { Organization, Organizations } from './organizations.ts'
import { readRoster } from './roster.ts'
import { canonicalEmail, type NewUser, type User, type Users } from './users.ts'
import type { Withdrawal } from './withdrawal.ts'

/** An invitation that can be accepted, with what its page shows. */
export interface OpenInvitation {
  invitation: Invitation
  organization: Organization
  inviter: User
  /** Whether somebody has an account with the address, and so signs in instead of making one. */
  isKnownAddress: boolean
}

export interface InvitationAcceptanceDeps {
  documents: Documents
  users: Users
  organizations: Organizations
  members: Members
  invitations: Invitations
  withdrawal: Withdrawal
  auditLog: AuditLog
  now: () => number
}

export type InvitationAcceptance = ReturnType<typeof createInvitationAcceptance>

/** How an invitation becomes a membership: once, for its address, while it and its inviter's right to it stand. */
export function createInvitationAcceptance(deps: InvitationAcceptanceDeps) {
  const { documents, users, organizations, members, invitations, withdrawal, auditLog, now } = deps

  /** @throws {DomainError} `gone` for a link that never was one, was used, replaced or revoked, or has expired */
  async function require(token: string): Promise<OpenInvitation> {
    return (await open(token)).found
  }

  async function open(token: string): Promise<{ document: StoredDocument; found: OpenInvitation }> {
    const document = await invitations.findByToken(token)
    if (!document) {
      const used =
        'This invitation link was used, revoked or replaced by a newer one, or was not copied whole.'
      throw new DomainError('gone', `${used} If you accepted it, sign in. Otherwise ask for a new one.`)
    }
    const invitation = presentInvitation(document)
    const { organizationId, invitedBy, role, email } = invitation
    if (invitation.expiresAt <= now()) {
      throw new DomainError(
        'gone',
        'This invitation has expired: a link works for 7 days. Ask for a new one.',
      )
    }
    const [organization, inviter, sender, known] = await Promise.all([
      organizations.find(organizationId),
      users.find(invitedBy),
      members.find(organizationId, invitedBy),
      users.findByEmail(email),
    ])
    const mayInvite = inviter?.disabledAt === undefined && sender && mayManage(sender.role, role)
    if (!organization || organization.deletion || !inviter || !mayInvite) {
      const message = 'Whoever sent this invitation may not invite to it any more. Ask for a new one.'
      throw new DomainError('gone', message)
    }
    return { document, found: { invitation, organization, inviter, isKnownAddress: known !== undefined } }
  }

  /** Makes the account of the invitation's address, and a member of it. @throws {DomainError} `conflict` when it exists */
  async function acceptAsNew(
    token: string,
    { name, password }: Pick<NewUser, 'name' | 'password'>,
    address: string,
  ): Promise<{ user: User; organization: Organization }> {
    const { invitation } = await require(token)
    const { user, change } = await users.prepare({ email: invitation.email, name, password })
    return { user, organization: await join(token, user, [change], address) }
  }

  /** Makes an existing user a member. @throws {DomainError} `forbidden` for another's address */
  async function accept(token: string, user: User, address: string): Promise<Organization> {
    return join(token, user, [], address)
  }

  /** One commit for all of it: of two acceptances, or an acceptance and a revocation, at once, one finds it done. */
  async function join(
    token: string,
    user: User,
    account: DocumentChange[],
    address: string,
  ): Promise<Organization> {
    for (;;) {
      const { organizationId } = (await require(token)).invitation
      const roster = await readRoster(documents, organizationId, now)
      // Asked again under the roster: the inviter may have lost their role meanwhile.
      const { document, found } = await open(token)
      const { invitation, organization } = found
      requireAddressee(invitation, user)
      if (account.length > 0 && found.isKnownAddress) throw accountExists(invitation)
      const member = await members.find(organizationId, user.id)
      // Should an outage have left anything of an earlier membership, it must not come back to life with this one.
      if (!member)
        await withdrawal.require({ organizationId, userId: user.id }, { kind: 'user', userId: user.id })
      const joining = member ? [] : [members.prepare(organizationId, user.id, invitation.role)]
      try {
        await documents.commit([deletionOf(document), roster, ...account, ...joining])
      } catch (error) {
        if (error instanceof Conflict) continue
        throw error
      }
      await auditLog.append(organizationId, {
        type: 'invitation.accepted',
        invitationId: invitation.id,
        role: member?.role ?? invitation.role,
        actor: { kind: 'user', id: user.id },
        address,
      })
      return organization
    }
  }

  return { require, accept, acceptAsNew }
}

function requireAddressee({ email }: Invitation, user: User): void {
  if (canonicalEmail(user.email) === canonicalEmail(email)) return
  throw new DomainError('forbidden', `This invitation is for ${email}. You are signed in as ${user.email}.`)
}

function accountExists({ email }: Invitation): DomainError {
  return new DomainError('conflict', `${email} has an account already. Sign in with it to accept.`)
}
