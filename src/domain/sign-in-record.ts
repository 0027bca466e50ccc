import type { AuditLog } from './audit-log.ts'
import type { Members } from './members.ts'
import type { Users } from './users.ts'

/** How and from where somebody tried to sign in. */
export interface SignInAttempt {
  /** `password`, `passkey`, or the host of an upstream provider. */
  method: string
  address: string
  userAgent: string
}

export type SignInRecord = ReturnType<typeof createSignInRecord>

/** Tells the audit log of each of a user's organizations who signed in, and who failed to. */
export function createSignInRecord(deps: { users: Users; members: Members; auditLog: AuditLog }) {
  const { users, members, auditLog } = deps

  async function succeeded(userId: string, { address, ...attempt }: SignInAttempt): Promise<void> {
    const actor = { kind: 'user', id: userId } as const
    const memberships = await members.listMemberships(userId)
    await Promise.all(
      memberships.map(({ organization }) =>
        auditLog.append(organization.id, { type: 'sign_in.succeeded', ...attempt, actor, address }),
      ),
    )
  }

  /**
   * An address that belongs to nobody concerns no organization.
   * @returns whether it belongs to somebody
   */
  async function failed(email: string, { address, ...attempt }: SignInAttempt): Promise<boolean> {
    const user = await users.findByEmail(email)
    if (!user) return false
    for (const { organization } of await members.listMemberships(user.id)) {
      const actor = { kind: 'unknown' } as const
      auditLog.note(organization.id, { type: 'sign_in.failed', userId: user.id, ...attempt, actor, address })
    }
    return true
  }

  return { succeeded, failed }
}
