import type { Middleware } from 'koa'
import { errors } from 'oidc-provider'
import { RequestRefused } from '../http/errors.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import { TemporarilyUnavailable } from './storage-adapter.ts'

const retryAfterSeconds = 5

/** Answers that the same request may succeed later; clients keep their tokens on this code. */
export function refuseForNow(ctx: Context, message: string): void {
  ctx.status = 503
  ctx.body = { error: 'temporarily_unavailable', error_description: message }
}

/** Answers that a code or token is not accepted, in words for whoever holds it (RFC 6749 §5.2). */
export function refuseGrant(ctx: Context, message: string): void {
  ctx.status = 400
  ctx.body = { error: 'invalid_grant', error_description: message }
}

/**
 * Answers what our own checks in front of oidc-provider refuse in the library's form (RFC 6749 §5.2), and adds
 * Retry-After to its answer when the store is out of reach.
 */
export function protocolErrors(): Middleware<RequestState> {
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      if (error instanceof errors.OIDCProviderError) {
        ctx.status = error.statusCode
        ctx.body = { error: error.error, error_description: error.error_description }
      } else if (error instanceof RequestRefused) {
        ctx.status = error.status
        ctx.body = { error: error.error, error_description: error.message }
        if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds))
      } else {
        throw error
      }
      if (error instanceof TemporarilyUnavailable) ctx.status = 503
    }
    if (ctx.status === 503) ctx.set('Retry-After', String(retryAfterSeconds))
  }
}
