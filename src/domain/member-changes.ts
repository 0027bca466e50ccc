import { Conflict, type Documents } from '../storage/contract.ts'
import type { AuditEvent, AuditLog } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { isLowered, mayManage } from './member-rules.ts'
import {
  type ActingUser,
  isAdmin,
  type Member,
  memberId,
  memberRecord,
  type Members,
  type Membership,
} from './members.ts'
import type { Role } from './principal.ts'
import { readRoster } from './roster.ts'
import type { Withdrawal, WithdrawalOutcome } from './withdrawal.ts'

export interface MemberChangesDeps {
  documents: Documents
  members: Members
  withdrawal: Withdrawal
  auditLog: AuditLog
  now: () => number
}

/** What becomes of a member. */
type Fate = { kind: 'role'; role: Role } | { kind: 'removed' } | { kind: 'left' }

export type MemberChanges = ReturnType<typeof createMemberChanges>

/**
 * Roles changed, members removed, members leaving. Each is decided and written under the roster, so that of two owners
 * who lower each other at once one stays, and whoever has just lost a role changes nothing with it.
 */
export function createMemberChanges({ documents, members, withdrawal, auditLog, now }: MemberChangesDeps) {
  /**
   * A lower role ends the member's client sessions and the invitations they sent.
   * @throws {DomainError} `not_found` for somebody who is no member; `forbidden` for what the actor may not do;
   *   `conflict` for the last owner
   */
  async function changeRole(
    { organization }: Membership,
    by: ActingUser,
    userId: string,
    role: Role,
  ): Promise<WithdrawalOutcome> {
    const before = await decide(organization.id, by.id, userId, { kind: 'role', role })
    if (before.role === role) return 'complete'
    await record(before, by, { type: 'member.role_changed', userId, from: before.role, to: role })
    if (!isLowered(before.role, role)) return 'complete'
    const end = { kind: 'lowered_role', userId: by.id, organizationName: organization.name, role } as const
    return withdrawal.attempt(before, end, by.address)
  }

  /** Removes somebody, with the refusals of `changeRole`. */
  async function remove(
    { organization }: Membership,
    by: ActingUser,
    userId: string,
  ): Promise<WithdrawalOutcome> {
    const before = await decide(organization.id, by.id, userId, { kind: 'removed' })
    await record(before, by, { type: 'member.removed', userId, role: before.role })
    const end = { kind: 'removal', userId: by.id, organizationName: organization.name } as const
    return withdrawal.attempt(before, end, by.address)
  }

  /** @throws {DomainError} `conflict` for the last owner */
  async function leave({ organization }: Membership, by: ActingUser): Promise<WithdrawalOutcome> {
    const before = await decide(organization.id, by.id, by.id, { kind: 'left' })
    await record(before, by, { type: 'member.left', role: before.role })
    const end = { kind: 'departure', userId: by.id, organizationName: organization.name } as const
    return withdrawal.attempt(before, end, by.address)
  }

  /** Commits one change to one member, decided upon what holds at that moment. @returns the member as before */
  async function decide(
    organizationId: string,
    actorId: string,
    userId: string,
    fate: Fate,
  ): Promise<Member> {
    for (;;) {
      const roster = await readRoster(documents, organizationId, now)
      const [actor, document] = await Promise.all([
        members.find(organizationId, actorId),
        documents.get('member', memberId(organizationId, userId)),
      ])
      if (!actor || !document) throw new DomainError('not_found', 'There is no such member.')
      const { version, data } = document
      const target = data as Member
      await requireAllowed(actor, target, fate)
      const change =
        fate.kind === 'role'
          ? memberRecord({ ...target, role: fate.role }, version)
          : ({ op: 'delete', kind: 'member', id: document.id, version } as const)
      try {
        await documents.commit([roster, change])
        return target
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  async function requireAllowed(actor: Member, target: Member, fate: Fate): Promise<void> {
    if (fate.kind !== 'left' && !isAdmin(actor.role)) {
      throw new DomainError('forbidden', 'Only administrators manage members. Ask one of yours.')
    }
    // Before the rights of an admin: that nobody at all can do it is the better answer.
    if (target.role === 'owner' && !(fate.kind === 'role' && fate.role === 'owner')) {
      const owners = (await members.list(target.organizationId)).filter(({ role }) => role === 'owner')
      if (owners.length < 2) {
        throw new DomainError(
          'conflict',
          'An organization needs an owner. Make somebody else an owner first.',
        )
      }
    }
    if (fate.kind === 'left') return
    const isGivable = fate.kind !== 'role' || mayManage(actor.role, fate.role)
    if (!mayManage(actor.role, target.role) || !isGivable) {
      throw new DomainError('forbidden', 'Only owners make, change or remove owners. Ask one of yours.')
    }
  }

  async function record({ organizationId }: Member, by: ActingUser, event: AuditEvent): Promise<void> {
    await auditLog.append(organizationId, {
      ...event,
      actor: { kind: 'user', id: by.id },
      address: by.address,
    })
  }

  return { changeRole, remove, leave }
}
