import { resemblesApiToken } from '../domain/api-token-format.ts'
import { resemblesJobToken } from '../domain/job-tokens.ts'
import { type ApiTokenDeps, createApiTokenAuthentication } from '../http/api-token.ts'
import { type Authentication, refuseConfigured as refuse } from '../http/authentication.ts'
import { createJobTokenAuthentication, type JobTokenDeps } from '../http/job-token.ts'
import { resourceIdentifier } from '../http/resource.ts'

export interface ServiceAccountTokenDeps extends ApiTokenDeps, JobTokenDeps {
  publicUrl: string
}

const howTo = 'Send an API token of a service account that may send traces: "Authorization: Bearer ot_sat_…".'

/**
 * Turns an Authorization header into a service account. People and their clients send no traces: access tokens that
 * belong to a sign-in are refused.
 * @throws {StoreUnavailable}
 */
export function createServiceAccountAuthentication(deps: ServiceAccountTokenDeps) {
  const authenticateApiToken = createApiTokenAuthentication(deps)
  const authenticateJobToken = createJobTokenAuthentication(deps)
  // What tokens of CI jobs are issued for when they do not say: this server.
  const resource = { identifier: resourceIdentifier(deps.publicUrl), slug: undefined }

  return async function authenticate(
    authorization: string | undefined,
    address: string,
  ): Promise<Authentication> {
    const token = /^bearer\s+(.*)$/i.exec(authorization ?? '')?.[1]?.trim()
    if (token === undefined || token === '') return refuse('missing', `This needs a token. ${howTo}`)
    if (resemblesApiToken(token)) return authenticateApiToken(token, { resource, address })
    if (resemblesJobToken(token)) return authenticateJobToken(token, { resource, address })
    return refuse('unknown', `This is no token of a service account. ${howTo}`)
  }
}
