import { randomBytes } from 'node:crypto'
import type { Middleware } from 'koa'
import type { Context, RequestState } from './request-context.ts'

/**
 * Headers that hold for every response. Nothing of ours may be framed, sniffed, cached or leak its URL: a consent page in
 * a frame is a click away from a stolen grant.
 */
export function securityHeaders({ secure }: { secure: boolean }): Middleware<RequestState> {
  return (ctx, next) => {
    const { res } = ctx
    for (const [name, value] of fixed) res.setHeader(name, value)
    if (secure) res.setHeader('Strict-Transport-Security', 'max-age=31536000')
    return next()
  }
}

/** What is no page may load and run nothing at all. */
const fixed = [
  ['Content-Security-Policy', contentSecurityPolicy([])],
  ['X-Frame-Options', 'DENY'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cache-Control', 'no-store'],
] as const

/**
 * Headers of a page, which may load what is ours.
 * @returns the nonce that lets its scripts run
 */
export function setPageHeaders(ctx: Context): string {
  const nonce = randomBytes(16).toString('base64')
  const { formRedirect } = ctx.state
  ctx.set(
    'Content-Security-Policy',
    contentSecurityPolicy([
      `script-src 'nonce-${nonce}'`,
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      `form-action 'self'${formRedirect === undefined ? '' : ` ${formRedirect}`}`,
    ]),
  )
  ctx.set('Cross-Origin-Opener-Policy', 'same-origin')
  ctx.set('Permissions-Policy', 'camera=(), geolocation=(), microphone=()')
  return nonce
}

/**
 * Lets the forms of the page that is rendered next end in a redirect to the given origin. Chromium enforces `form-action`
 * along the whole redirect chain, so without the client's redirect origin the way back from consent is blocked.
 * @param origin a validated redirect URI's origin, or `scheme:` for a custom scheme
 */
export function allowFormRedirect(ctx: Context, origin: string): void {
  ctx.state.formRedirect = origin
}

function contentSecurityPolicy(ofPage: readonly string[]): string {
  return ["default-src 'none'", ...ofPage, "base-uri 'none'", "frame-ancestors 'none'"].join('; ')
}
