import type { AuditLog } from './audit-log.ts'
import type { Members } from './members.ts'
import type { Users } from './users.ts'

/** How and from where somebody tried to sign in. */
export interface SignInAttempt {
  /** `password`, `passkey`, or the host of an upstream provider. */
  method: string
  address: string
  userAgent: string
  /** The only organization that the sign-in reaches, and so the only one told. */
  organizationId?: string | undefined
}

export type SignInRecord = ReturnType<typeof createSignInRecord>

/** Tells the audit log of each of a user's organizations who signed in, and who failed to. */
export function createSignInRecord(deps: { users: Users; members: Members; auditLog: AuditLog }) {
  const { users, members, auditLog } = deps

  async function succeeded(
    userId: string,
    { address, organizationId, ...attempt }: SignInAttempt,
  ): Promise<void> {
    const actor = { kind: 'user', id: userId } as const
    const ids =
      organizationId === undefined
        ? (await members.listMemberships(userId)).map(({ organization }) => organization.id)
        : [organizationId]
    await Promise.all(
      ids.map((id) => auditLog.append(id, { type: 'sign_in.succeeded', ...attempt, actor, address })),
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
