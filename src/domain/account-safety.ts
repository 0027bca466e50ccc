import { StoreUnavailable } from '../storage/contract.ts'
import type { AuditEvent, AuditLog, Actor } from './audit-log.ts'
import type { ClientSessions } from './client-sessions.ts'
import type { Members } from './members.ts'
import { revokeSessions } from './session-revocation.ts'
import type { User, Users } from './users.ts'
import type { Withdrawal } from './withdrawal.ts'

export interface AccountSafetyDeps {
  users: Users
  members: Members
  clientSessions: ClientSessions
  withdrawal: Withdrawal
  auditLog: AuditLog
}

export type AccountSafety = ReturnType<typeof createAccountSafety>

/** What happens to a whole account, and so in each organization of its user. */
export function createAccountSafety({
  users,
  members,
  clientSessions,
  withdrawal,
  auditLog,
}: AccountSafetyDeps) {
  /** Writes down in each organization of a user what was done to the account. */
  async function record(
    userId: string,
    event: AuditEvent,
    by: { actor: Actor; address: string | undefined },
  ): Promise<void> {
    const memberships = await members.listMemberships(userId)
    await Promise.all(
      memberships.map(({ organization }) => auditLog.append(organization.id, { ...event, ...by })),
    )
  }

  /** By the user. @throws {StoreUnavailable} when not all could be ended */
  async function endClientSessions(userId: string, address: string | undefined): Promise<void> {
    const live = await clientSessions.listLive('user', userId)
    const by = { kind: 'user', userId } as const
    const { failed } = await revokeSessions(clientSessions, live, () => by, address)
    if (failed > 0) throw new StoreUnavailable(`${failed} client sessions could not be ended`)
  }

  /**
   * Sets another password; every other browser is signed out.
   * @param change with the sign-in that goes on, and whether client sessions end too (RFC 9700 §4.14.2)
   */
  async function changePassword(
    { id }: User,
    change: { password: string; signInUid: string; endsClientSessions: boolean },
    address: string,
  ): Promise<User> {
    const user = await users.setPassword(id, change.password, change.signInUid)
    if (change.endsClientSessions) await endClientSessions(id, address)
    await record(id, { type: 'password.changed' }, { actor: { kind: 'user', id }, address })
    return user
  }

  /** Sets a forgotten password. Somebody else may have known the old one, so every sign-in and client session ends. */
  async function resetPassword({ id }: User, password: string, address: string): Promise<void> {
    await users.setPassword(id, password, undefined)
    await endClientSessions(id, address)
    await record(id, { type: 'password.reset' }, { actor: { kind: 'user', id }, address })
  }

  /**
   * By the operator. The user is refused at once; what was given in their name is taken as well, and stays so when the
   * suspension is lifted.
   */
  async function suspend({ id }: User): Promise<void> {
    await users.suspend(id)
    for (const { organization } of await members.listMemberships(id)) {
      await withdrawal.require({ organizationId: organization.id, userId: id }, { kind: 'suspension' })
    }
    await record(
      id,
      { type: 'user.suspended', userId: id },
      { actor: { kind: 'operator' }, address: undefined },
    )
  }

  async function restore({ id }: User): Promise<void> {
    await users.restore(id)
    await record(
      id,
      { type: 'user.restored', userId: id },
      { actor: { kind: 'operator' }, address: undefined },
    )
  }

  return { record, endClientSessions, changePassword, resetPassword, suspend, restore }
}
