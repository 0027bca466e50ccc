import type { Artifacts } from '../storage/contract.ts'
import type { AccountSafety } from './account-safety.ts'
import { DomainError } from './errors.ts'
import { newSecret } from './identifiers.ts'
import type { User, Users } from './users.ts'

export interface PasswordResetsDeps {
  artifacts: Artifacts
  users: Users
  accountSafety: AccountSafety
  now: () => number
}

export type PasswordResets = ReturnType<typeof createPasswordResets>

const hour = 60 * 60 * 1000
/** A mailbox may be read by others later; what an operator hands over may take a day to arrive. */
export const mailedResetLifetime = hour
export const operatorsResetLifetime = 24 * hour

/** Links that set a forgotten password: once, for a while, and none older than the present password. */
export function createPasswordResets({ artifacts, users, accountSafety, now }: PasswordResetsDeps) {
  /** @returns the token of the link */
  async function issue(user: User, lifetime: number): Promise<string> {
    const token = newSecret()
    await artifacts.put({
      model: 'PasswordReset',
      id: token,
      payload: { userId: user.id, issuedAt: now() },
      expiresAt: now() + lifetime,
    })
    return token
  }

  /**
   * Whose password the link sets.
   * @throws {DomainError} `not_found` when it was used, has expired or was never made
   */
  async function requireUser(token: string): Promise<User> {
    const artifact = await artifacts.get('PasswordReset', token)
    const { userId, issuedAt } = (artifact?.payload ?? {}) as { userId?: string; issuedAt?: number }
    const user = userId === undefined ? undefined : await users.find(userId)
    const isStale = user?.passwordChangedAt !== undefined && (issuedAt ?? 0) <= user.passwordChangedAt
    if (!user || user.disabledAt !== undefined || artifact?.consumedAt !== undefined || isStale) {
      throw new DomainError('not_found', 'This link is not valid (any more). Ask for a new one.')
    }
    return user
  }

  /** @throws {DomainError} `not_found`, also for all but the first of racing calls */
  async function complete(token: string, password: string, address: string): Promise<User> {
    const user = await requireUser(token)
    if ((await artifacts.consume('PasswordReset', token, { graceSeconds: 0 })) !== 'first') {
      throw new DomainError('not_found', 'This link was used already. Ask for a new one.')
    }
    await accountSafety.resetPassword(user, password, address)
    return user
  }

  return { issue, requireUser, complete }
}

/** Where a forgotten password is set, for whoever holds the token. */
export function resetLink(publicUrl: string, token: string): string {
  return `${publicUrl}/reset-password?${new URLSearchParams({ token }).toString()}`
}
