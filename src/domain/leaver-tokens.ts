import { type ApiTokens, isLive } from './api-tokens.ts'
import type { Actor, AuditLog } from './audit-log.ts'
import type { ServiceAccountPolicies } from './service-account-policy.ts'

export type LeaverTokens = ReturnType<typeof createLeaverTokens>

/** What becomes of the API tokens that a person made when they leave an organization. */
export function createLeaverTokens({
  apiTokens,
  policies,
  auditLog,
  now,
}: {
  apiTokens: ApiTokens
  policies: ServiceAccountPolicies
  auditLog: AuditLog
  now: () => number
}) {
  /**
   * Ends them, where the organization wants that.
   * @param by who took the membership, perhaps the person, and from where
   */
  async function end(
    { organizationId, userId }: { organizationId: string; userId: string },
    by: { actor: Actor; address?: string | undefined },
  ): Promise<void> {
    if (!(await policies.find(organizationId)).endsWithMaker) return
    const made = (await apiTokens.list('organization', organizationId)).filter(
      (token) => token.createdBy.kind === 'user' && token.createdBy.id === userId && isLive(token, now()),
    )
    for (const { id } of made) {
      const ended = await apiTokens.end(id, { at: now(), reason: 'maker_left', actor: by.actor })
      if (!ended) continue
      await auditLog.append(organizationId, {
        type: 'api_token.maker_left',
        apiTokenId: id,
        tokenName: ended.name,
        serviceAccountId: ended.serviceAccountId,
        ...by,
      })
    }
  }

  return { end }
}
