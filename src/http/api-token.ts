import { allowsAddress } from '../domain/address-list.ts'
import { describeExpiry, describeTokenEnd } from '../domain/api-token-end.ts'
import { isApiToken } from '../domain/api-token-format.ts'
import { type ApiToken, type ApiTokens, isLive } from '../domain/api-tokens.ts'
import type { Organization, Organizations } from '../domain/organizations.ts'
import { describeDisabling, type ServiceAccounts } from '../domain/service-accounts.ts'
import type { McpResource } from './resource.ts'
import {
  type Authentication,
  describeDeletion,
  type Refusal,
  refuseConfigured as refuse,
} from './authentication.ts'

export interface ApiTokenDeps {
  apiTokens: ApiTokens
  serviceAccounts: ServiceAccounts
  organizations: Organizations
  now: () => number
}

/** What a request tells beside its token. */
export interface Presentation {
  /** Where it was sent to. */
  resource: McpResource
  /** The network address it came from. */
  address: string
}

/**
 * Turns an API token into a principal. Token, service account and organization are read each time: whatever of them
 * ends is refused at the next request, on every process.
 * @throws {StoreUnavailable}
 */
export function createApiTokenAuthentication(deps: ApiTokenDeps) {
  const { apiTokens, serviceAccounts, organizations, now } = deps

  return async function authenticate(secret: string, presentation: Presentation): Promise<Authentication> {
    if (!isApiToken(secret)) {
      return refuse(
        'malformed',
        'This API token is not whole. It was cut or mistyped on the way; copy it again, all 53 characters from ot_sat_ on, without quotes.',
      )
    }
    const token = await apiTokens.findBySecret(secret)
    if (!token) {
      return refuse('unknown', 'This API token is unknown here. It is of another server, or ended long ago.')
    }
    const [account, organization] = await Promise.all([
      serviceAccounts.find(token.serviceAccountId),
      organizations.find(token.organizationId),
    ])
    if (!isLive(token, now())) return refuseEnded(token, organization)
    if (!account || !organization) {
      return refuse('service_account_deleted', 'The service account of this API token was deleted.')
    }
    if (organization.deletion) return refuse('organization_deleted', describeDeletion(organization))
    if (account.disabled) {
      return refuse('service_account_disabled', describeDisabling(account, organization.name))
    }
    if (!allowsAddress(token.addresses, presentation.address)) {
      return refuse(
        'address_not_allowed',
        `This API token may not be used from ${presentation.address}. An administrator of ${organization.name} can rotate it into one that may.`,
      )
    }
    if (!(await isServedAt(organization, presentation.resource))) {
      return refuse(
        'other_organization',
        `This API token is of ${organization.name}, and the address you configured is of another organization.`,
      )
    }
    return {
      outcome: 'accepted',
      until: token.expiresAt ?? Infinity,
      // Unlike an access token, which its client renews meanwhile, an API token that has expired is over.
      isStillIn: async () => (await authenticate(secret, presentation)).outcome === 'accepted',
      principal: {
        kind: 'service_account',
        serviceAccount: { id: account.id, name: account.name },
        organization: { id: organization.id, slug: organization.slug, name: organization.name },
        scopes: account.scopes,
        token: { kind: 'api_token', id: token.id, name: token.name, expiresAt: token.expiresAt },
      },
    }
  }

  async function isServedAt({ id, slug }: Organization, resource: McpResource): Promise<boolean> {
    if (resource.slug === undefined || resource.slug === slug) return true
    return (await organizations.findBySlug(resource.slug))?.id === id
  }
}

function refuseEnded({ ended, expiresAt }: ApiToken, organization: Organization | undefined): Refusal {
  const name = organization?.name ?? 'its organization'
  if (expiresAt !== undefined && expiresAt < (ended?.at ?? Infinity)) {
    return refuse('expired', describeExpiry(expiresAt, name))
  }
  return refuse('token_ended', ended ? describeTokenEnd(ended, name) : 'This API token has ended.')
}
