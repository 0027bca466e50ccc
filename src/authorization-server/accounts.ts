import type { FindAccount } from 'oidc-provider'
import type { ClientSessions } from '../domain/client-sessions.ts'
import type { Members } from '../domain/members.ts'
import type { SessionBlocks } from '../domain/session-blocks.ts'
import type { Users } from '../domain/users.ts'

export interface AccountsDeps {
  users: Users
  members: Members
  clientSessions: ClientSessions
  sessionBlocks: SessionBlocks
}

/**
 * The resource owner behind a sign-in, code or refresh token. With a token, its client session must be live and the
 * user still a member of its organization, and neither user nor client blocked there: this is asked at every exchange and refresh, so whoever leaves is out.
 */
export function createFindAccount({
  users,
  members,
  clientSessions,
  sessionBlocks,
}: AccountsDeps): FindAccount {
  return async (_ctx, accountId, token) => {
    const user = await users.find(accountId)
    if (!user || user.disabledAt !== undefined) return undefined
    if (token && 'grantId' in token && typeof token.grantId === 'string') {
      const session = await clientSessions.find(token.grantId)
      if (!session || session.ended || session.userId !== user.id) return undefined
      if (!(await members.find(session.organizationId, user.id))) return undefined
      if (await sessionBlocks.findFor(session)) return undefined
    }
    return { accountId: user.id, claims: () => ({ sub: user.id }) }
  }
}
