import { type ApiTokens, isLive } from '../domain/api-tokens.ts'
import { isAdmin } from '../domain/members.ts'
import type { ServiceAccounts } from '../domain/service-accounts.ts'
import { presentMoment } from '../http/moment.ts'
import type { ViewData } from '../http/view-data.ts'
import { serviceAccountsPath } from './service-account-pages.ts'
import type { OrganizationViewer } from './viewer.ts'

/** The live API tokens that are in use, last used first; none for members. */
export type TokenSessions = (viewer: OrganizationViewer) => Promise<ViewData['sessions']['machines']>

/** What machines show among the sessions of an organization. */
export function createTokenSessions({
  serviceAccounts,
  apiTokens,
  now,
}: {
  serviceAccounts: ServiceAccounts
  apiTokens: ApiTokens
  now: () => number
}): TokenSessions {
  return async (viewer) => {
    const { organization, role } = viewer.membership
    if (!isAdmin(role)) return []
    const [accounts, tokens] = await Promise.all([
      serviceAccounts.list(organization.id),
      apiTokens.list('organization', organization.id),
    ])
    const used = tokens.flatMap((token) => {
      const account = accounts.find(({ id }) => id === token.serviceAccountId)
      const { lastUsedAt } = token
      const isUsed = account && lastUsedAt !== undefined && isLive(token, now())
      return isUsed ? [{ account, token, lastUsedAt }] : []
    })
    return used
      .toSorted((a, b) => b.lastUsedAt - a.lastUsedAt)
      .map(({ account, token, lastUsedAt }) => ({
        href: `${serviceAccountsPath(viewer)}/${account.id}`,
        account: account.name,
        isDisabled: account.disabled !== undefined,
        token: token.name,
        lastUsedAt: presentMoment(lastUsedAt, now()),
        lastAddress: token.lastAddress,
        lastTool: token.lastTool,
      }))
  }
}
