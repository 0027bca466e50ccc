import type { Middleware } from 'koa'
import { errors } from 'oidc-provider'
import { mediaType, readBody } from '../http/body.ts'
import { RequestRefused } from '../http/errors.ts'
import { addressGroup, countAttempt } from '../http/rate-limit.ts'
import type { RequestState } from '../http/request-context.ts'
import type { Limiter } from '../storage/contract.ts'
import { canonicalResource } from './resource-indicator.ts'

const bodyLimit = 56 * 1024

export interface TokenRequestDeps {
  resource: string
  limiter: Limiter
  isAllowedOrigin: (origin: string) => boolean
}

/**
 * Checks of the token and revocation endpoints that must come before oidc-provider's: it spends the code or the refresh
 * token first and compares the resource afterwards, so a wrong resource would cost the client its session.
 */
export function tokenRequest({
  resource,
  limiter,
  isAllowedOrigin,
}: TokenRequestDeps): Middleware<RequestState> {
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
    await countAttempt(
      limiter,
      { name: 'token', limit: 600, windowSeconds: 60 },
      addressGroup(ctx.state.address),
    )
    const form = new URLSearchParams(await readBody(ctx.req, bodyLimit))
    canonicalizeResource(form, resource)
    // Where oidc-provider looks for a body that was read before it.
    Object.assign(ctx.req, { body: form.toString() })
    await next()
  }
}

/** @throws {errors.InvalidTarget} for any resource but ours (RFC 8707 §2.2), before anything is spent */
function canonicalizeResource(form: URLSearchParams, resource: string): void {
  const requested = form.getAll('resource')
  if (requested.some((value) => canonicalResource(value, resource) !== resource))
    throw new errors.InvalidTarget()
  if (requested.length > 0) form.set('resource', resource)
}
