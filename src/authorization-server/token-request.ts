import type { Middleware } from 'koa'
import { errors } from 'oidc-provider'
import { addressGroup } from '../domain/address-network.ts'
import { describeEnd } from '../domain/client-session-end.ts'
import type { ClientSessions } from '../domain/client-sessions.ts'
import { mediaType, readBody } from '../http/body.ts'
import { RequestRefused } from '../http/errors.ts'
import { countAttempt } from '../http/rate-limit.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import { parseResource } from '../http/resource.ts'
import type { Artifacts, Limiter } from '../storage/contract.ts'
import { canonicalResource } from './resource-indicator.ts'

const bodyLimit = 56 * 1024
const refusals = { name: 'token-refused', limit: 300, windowSeconds: 60 }

export interface TokenRequestDeps {
  publicUrl: string
  artifacts: Artifacts
  limiter: Limiter
  clientSessions: ClientSessions
  isAllowedOrigin: (origin: string) => boolean
}

/**
 * Checks of the token and revocation endpoints that must come before oidc-provider's: it spends the code or the refresh
 * token first and compares the resource afterwards, so a wrong resource would cost the client its session.
 */
export function tokenRequest(deps: TokenRequestDeps): Middleware<RequestState> {
  const { publicUrl, artifacts, limiter, clientSessions, isAllowedOrigin } = deps

  /** Why a refresh is refused, when it is because its client session has ended. */
  async function findEnd(refreshToken: string): Promise<string | undefined> {
    const grantId = (await artifacts.get('RefreshToken', refreshToken))?.payload['grantId']
    const session = typeof grantId === 'string' ? await clientSessions.find(grantId) : undefined
    return session?.ended && describeEnd(session.ended)
  }

  /**
   * A code or refresh token is worth something only at the address it was issued for. `invalid_grant` and not
   * `invalid_target`: whoever brings the token of another address must sign in to this one, and clients do so on that.
   * @throws {RequestRefused} 400, before anything is spent
   */
  async function refuseOtherResource(form: URLSearchParams): Promise<void> {
    const resource = form.get('resource')
    if (resource === null) return
    const [model, id] = form.has('refresh_token')
      ? (['RefreshToken', form.get('refresh_token')] as const)
      : (['AuthorizationCode', form.get('code')] as const)
    const granted = id && (await artifacts.get(model, id))
    if (granted && granted.payload['resource'] !== resource) {
      throw new RequestRefused(400, 'invalid_grant', `This was issued for another address than ${resource}.`)
    }
  }

  return async (ctx, next) => {
    if (ctx.method !== 'POST') return next()
    const origin = ctx.get('Origin')
    // RFC 9700 §2.6 leaves CORS to browser clients; a foreign page has no business with a code, and is told so early.
    if (origin !== '' && !isAllowedOrigin(origin)) {
      throw new RequestRefused(403, 'invalid_request', `Pages of ${origin} may not call this endpoint.`)
    }
    if (mediaType(ctx.req) !== 'application/x-www-form-urlencoded' || ctx.get('Content-Type').includes(',')) {
      throw new errors.InvalidRequest('send the parameters as application/x-www-form-urlencoded')
    }
    const form = new URLSearchParams(await readBody(ctx.req, bodyLimit))
    refuseClientSecret(ctx, form)
    canonicalizeResource(form, publicUrl)
    await refuseOtherResource(form)
    // Where oidc-provider looks for a body that was read before it.
    Object.assign(ctx.req, { body: form.toString() })
    await next()
    // Only what was refused counts: many processes behind one address may refresh as often as they need to.
    if (ctx.status === 400 || ctx.status === 401) {
      await countAttempt(limiter, refusals, addressGroup(ctx.state.address))
    }
    const answer = ctx.body as { error?: string; error_description?: string } | undefined
    const refreshToken = form.get('refresh_token')
    if (answer?.error === 'invalid_grant' && refreshToken !== null) {
      const end = await findEnd(refreshToken)
      if (end !== undefined) ctx.body = { ...answer, error_description: end }
    }
  }
}

/** The parameters of a token request that {@link tokenRequest} has let pass; empty for any other method than POST. */
export function parametersOf(ctx: Context): URLSearchParams {
  return new URLSearchParams((ctx.req as { body?: string }).body)
}

/**
 * Every client is public, and one that tries to authenticate takes this server for another; oidc-provider, which knows
 * no method but `none` here, would ignore the secret.
 * @throws {RequestRefused} 401 `invalid_client` (RFC 6749 §5.2)
 */
function refuseClientSecret(ctx: Context, form: URLSearchParams): void {
  const isBasic = /^basic\b/i.test(ctx.get('Authorization'))
  if (isBasic) ctx.set('WWW-Authenticate', `Basic realm="${ctx.origin}"`)
  if (isBasic || form.get('client_secret') || form.get('client_assertion')) {
    throw new RequestRefused(401, 'invalid_client', 'Clients have no secret here: send client_id alone.')
  }
}

/** @throws {errors.InvalidTarget} for any resource but one of ours (RFC 8707 §2.2), before anything is spent */
function canonicalizeResource(form: URLSearchParams, publicUrl: string): void {
  const requested = new Set(form.getAll('resource').map((value) => canonicalResource(value, publicUrl)))
  const [resource, ...others] = requested
  if (resource === undefined) return
  if (others.length > 0 || !parseResource(publicUrl, resource)) throw new errors.InvalidTarget()
  form.set('resource', resource)
}
