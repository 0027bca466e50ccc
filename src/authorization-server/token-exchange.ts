import type { Middleware } from 'koa'
import { errors } from 'oidc-provider'
import { addressGroup } from '../domain/address-network.ts'
import { DomainError } from '../domain/errors.ts'
import type { IdentityExchange } from '../domain/identity-exchange.ts'
import { jobTokenSeconds } from '../domain/job-tokens.ts'
import { serviceAccountScopes } from '../domain/principal.ts'
import { countAttempt } from '../http/rate-limit.ts'
import type { RequestState } from '../http/request-context.ts'
import { parseResource, resourceIdentifier } from '../http/resource.ts'
import { UpstreamUnavailable } from '../http/upstream.ts'
import type { Limiter } from '../storage/contract.ts'
import { refuseForNow, refuseGrant } from './protocol-errors.ts'
import { parametersOf } from './token-request.ts'

const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const identityTokenTypes = [
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:id_token',
]
/** A service account may have more than clients can ask for; what it has is what its jobs get. */
const knownToAccounts: ReadonlySet<string> = new Set(serviceAccountScopes)
const exchanges = { name: 'token-exchange', limit: 300, windowSeconds: 60 }

export interface TokenExchangeDeps {
  publicUrl: string
  limiter: Limiter
  identityExchange: IdentityExchange
}

/**
 * Token exchange (RFC 8693) for CI jobs: the identity token of a job for an access token of the service account that
 * `service_account` names. There is no client to authenticate (RFC 8693 §2.1): the identity token is the proof. Every
 * other grant is left to oidc-provider, and so is whoever comes as an OAuth client: for them this grant is off.
 */
export function tokenExchange(deps: TokenExchangeDeps): Middleware<RequestState> {
  const { publicUrl, limiter, identityExchange } = deps

  return async (ctx, next) => {
    const form = parametersOf(ctx)
    if (ctx.path !== '/oauth/token' || form.get('grant_type') !== grantType) return next()
    if (form.has('client_id')) return next()
    await countAttempt(limiter, exchanges, addressGroup(ctx.state.address))
    const request = parseRequest(form, publicUrl)
    try {
      const { token, secret } = await identityExchange.exchange({ ...request, address: ctx.state.address })
      ctx.set('Cache-Control', 'no-store')
      ctx.body = {
        access_token: secret,
        issued_token_type: accessTokenType,
        token_type: 'Bearer',
        expires_in: jobTokenSeconds,
        scope: token.scopes.join(' '),
      }
    } catch (error) {
      if (error instanceof DomainError) return refuseGrant(ctx, error.message)
      if (!(error instanceof UpstreamUnavailable)) throw error
      ctx.state.log.warn({ err: error }, 'issuer of identity tokens')
      refuseForNow(ctx, error.message)
    }
  }
}

/** @throws {errors.OIDCProviderError} `invalid_request`, `invalid_scope` or `invalid_target` (RFC 8693 §2.2.2) */
function parseRequest(form: URLSearchParams, publicUrl: string) {
  for (const name of new Set(form.keys())) {
    // RFC 6749 §3.2. Of `resource` there may be several, which was looked at before.
    if (name !== 'resource' && form.getAll(name).length > 1) {
      throw new errors.InvalidRequest(`send ${name} once`)
    }
  }
  if (!identityTokenTypes.includes(form.get('subject_token_type') ?? '')) {
    throw new errors.InvalidRequest(`subject_token_type must be ${identityTokenTypes.join(' or ')}`)
  }
  if ((form.get('requested_token_type') ?? accessTokenType) !== accessTokenType) {
    throw new errors.InvalidRequest('only access tokens are issued')
  }
  if (form.has('actor_token') || form.has('audience')) {
    throw new errors.InvalidRequest('actor_token and audience mean nothing here; resource names the target')
  }
  const scope = form.get('scope') ?? undefined
  if (scope !== undefined && !scope.split(' ').every((each) => knownToAccounts.has(each)))
    throw new errors.InvalidScope('unknown scope', scope)
  const resource = parseResource(publicUrl, form.get('resource') ?? resourceIdentifier(publicUrl))
  if (!resource) throw new errors.InvalidTarget()
  return {
    identityToken: requireParameter(form, 'subject_token'),
    serviceAccountId: requireParameter(form, 'service_account'),
    resource,
  }
}

function requireParameter(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (!value) throw new errors.InvalidRequest(`${name} is missing or empty`)
  return value
}
