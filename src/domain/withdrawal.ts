import { StoreUnavailable } from '../storage/contract.ts'
import { actorOf, type ClientSessionEnd } from './client-session-end.ts'
import type { ClientSessions } from './client-sessions.ts'
import type { Invitations } from './invitations.ts'
import type { LeaverTokens } from './leaver-tokens.ts'
import type { Member } from './members.ts'
import { revokeSessions } from './session-revocation.ts'

/** Whether everything was taken, or the store failed on the way; repeating it is harmless. */
export type WithdrawalOutcome = 'complete' | 'incomplete'

export type Withdrawal = ReturnType<typeof createWithdrawal>

/**
 * Takes from a member what was given in their name: client sessions in the organization, invitations they sent that
 * are not accepted yet, and from somebody who leaves the API tokens they made, where the organization wants that.
 *
 * It comes after the membership, role or user has changed, which is asked at every request, refresh and acceptance. So
 * nothing of it lets anybody in meanwhile, nor when it fails half way; what is left only waits to be tidied.
 */
export function createWithdrawal({
  clientSessions,
  invitations,
  leaverTokens,
}: {
  clientSessions: ClientSessions
  invitations: Invitations
  leaverTokens: LeaverTokens
}) {
  /** @param address where the request came from. @throws {StoreUnavailable} when it may be incomplete */
  async function require(
    member: Pick<Member, 'organizationId' | 'userId'>,
    by: ClientSessionEnd['by'],
    address?: string,
  ): Promise<void> {
    const { organizationId, userId } = member
    await invitations.revokeSentBy(organizationId, userId)
    if (by.kind === 'removal' || by.kind === 'departure') {
      await leaverTokens.end(member, { actor: actorOf(by, ''), address })
    }
    const live = await clientSessions.listLive('user', userId)
    const theirs = live.filter((session) => session.organizationId === organizationId)
    const { failed } = await revokeSessions(clientSessions, theirs, () => by, address)
    if (failed > 0) throw new StoreUnavailable(`${failed} client sessions could not be ended`)
  }

  /** As `require`, for when the change before it stands already: what could not be taken is told, not thrown. */
  async function attempt(
    member: Pick<Member, 'organizationId' | 'userId'>,
    by: ClientSessionEnd['by'],
    address?: string,
  ): Promise<WithdrawalOutcome> {
    try {
      await require(member, by, address)
      return 'complete'
    } catch (error) {
      if (error instanceof StoreUnavailable) return 'incomplete'
      throw error
    }
  }

  return { require, attempt }
}
