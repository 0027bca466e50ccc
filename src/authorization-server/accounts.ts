import type { FindAccount } from 'oidc-provider'
import type { ClientSessions } from '../domain/client-sessions.ts'
import type { Members } from '../domain/members.ts'
import type { Organizations } from '../domain/organizations.ts'
import type { SessionBlocks } from '../domain/session-blocks.ts'
import type { User, Users } from '../domain/users.ts'

export interface AccountsDeps {
  users: Users
  members: Members
  organizations: Organizations
  clientSessions: ClientSessions
  sessionBlocks: SessionBlocks
}

/** Finds the user behind a sign-in, or behind a code or token of a grant, while they may act there. */
export type FindResourceOwner = (userId: string, grantId: string | undefined) => Promise<User | undefined>

/**
 * Of a code or token the client session must be live, its organization not deleted, the user still a member of it, and
 * neither user nor client blocked there. This is asked at every exchange and refresh, so whoever leaves is out.
 */
export function createFindResourceOwner(deps: AccountsDeps): FindResourceOwner {
  const { users, members, organizations, clientSessions, sessionBlocks } = deps
  return async (userId, grantId) => {
    const user = await users.find(userId)
    if (!user || user.disabledAt !== undefined) return undefined
    if (grantId === undefined) return user
    const session = await clientSessions.find(grantId)
    if (!session || session.ended || session.userId !== user.id) return undefined
    const [organization, member, block] = await Promise.all([
      organizations.find(session.organizationId),
      members.find(session.organizationId, user.id),
      sessionBlocks.findFor(session),
    ])
    return organization && !organization.deletion && member && !block ? user : undefined
  }
}

/** The same in oidc-provider's terms. */
export function createFindAccount(findResourceOwner: FindResourceOwner): FindAccount {
  return async (_ctx, accountId, token) => {
    const grantId = token && 'grantId' in token ? token.grantId : undefined
    const user = await findResourceOwner(accountId, grantId)
    return user && { accountId: user.id, claims: () => ({ sub: user.id }) }
  }
}
