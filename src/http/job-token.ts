import { type JobTokens } from '../domain/job-tokens.ts'
import type { Organizations } from '../domain/organizations.ts'
import { describeDisabling, type ServiceAccounts } from '../domain/service-accounts.ts'
import type { TrustRules } from '../domain/trust-rules.ts'
import type { Presentation } from './api-token.ts'
import { type Authentication, describeDeletion, refuseConfigured as refuse } from './authentication.ts'

export interface JobTokenDeps {
  jobTokens: JobTokens
  trustRules: TrustRules
  serviceAccounts: ServiceAccounts
  organizations: Organizations
}

/**
 * Turns the access token of a CI job into a principal. The rule that trusted the job, account and organization are read
 * each time: whatever of them ends is refused at the next request, on every process.
 * @throws {StoreUnavailable}
 */
export function createJobTokenAuthentication(deps: JobTokenDeps) {
  const { jobTokens, trustRules, serviceAccounts, organizations } = deps

  return async function authenticate(secret: string, presentation: Presentation): Promise<Authentication> {
    const token = await jobTokens.find(secret)
    if (!token) {
      return refuse(
        'unknown',
        'This access token of a CI job is unknown or has expired: it lives for 15 minutes. Exchange another identity token.',
      )
    }
    const [account, organization, rule] = await Promise.all([
      serviceAccounts.find(token.serviceAccountId),
      organizations.find(token.organizationId),
      trustRules.find(token.trustRuleId),
    ])
    if (!account || !organization) {
      return refuse('service_account_deleted', 'The service account of this CI job was deleted.')
    }
    if (organization.deletion) return refuse('organization_deleted', describeDeletion(organization))
    if (account.disabled) {
      return refuse('service_account_disabled', describeDisabling(account, organization.name))
    }
    if (!rule) {
      return refuse(
        'token_ended',
        `The rule that trusted this CI job was removed. Ask an administrator of ${organization.name} for another one.`,
      )
    }
    const { identifier } = presentation.resource
    if (token.resource !== identifier) {
      return refuse(
        'wrong_audience',
        `This access token was issued for ${token.resource}. Exchange an identity token with resource=${identifier}.`,
      )
    }
    return {
      outcome: 'accepted',
      until: token.expiresAt,
      // Nobody renews it, so what is open ends with it.
      isStillIn: async () => (await authenticate(secret, presentation)).outcome === 'accepted',
      principal: {
        kind: 'service_account',
        serviceAccount: { id: account.id, name: account.name },
        organization: { id: organization.id, slug: organization.slug, name: organization.name },
        scopes: token.scopes.filter((scope) => account.scopes.includes(scope)),
        token: { kind: 'job_token', id: token.id, name: token.name, expiresAt: token.expiresAt },
      },
    }
  }
}
