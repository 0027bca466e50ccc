import { randomBytes } from 'node:crypto'
import type { Middleware } from 'koa'
import type { Context, RequestState } from './request-context.ts'

/**
 * Headers that hold for every response. Pages must not be framed, sniffed, cached or leak their URL: a consent page in
 * a frame is a click away from a stolen grant.
 */
export function securityHeaders({ secure }: { secure: boolean }): Middleware<RequestState> {
  const nextNonce = createNonces()
  return (ctx, next) => {
    ctx.state.cspNonce = nextNonce()
    const { res } = ctx
    res.setHeader('Content-Security-Policy', contentSecurityPolicy(ctx.state.cspNonce, []))
    for (const [name, value] of fixed) res.setHeader(name, value)
    if (secure) res.setHeader('Strict-Transport-Security', 'max-age=31536000')
    return next()
  }
}

const fixed = [
  ['X-Frame-Options', 'DENY'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Permissions-Policy', 'camera=(), geolocation=(), microphone=()'],
  ['Cache-Control', 'no-store'],
] as const

/** Gives 128 random bits each time, drawn in bulk: asking for few costs as much as all other headers together. */
function createNonces(): () => string {
  const size = 16
  let drawn = Buffer.alloc(0)
  return () => {
    if (drawn.length === 0) drawn = randomBytes(256 * size)
    const nonce = drawn.toString('base64', 0, size)
    drawn = drawn.subarray(size)
    return nonce
  }
}

/**
 * Lets the forms of this page end in a redirect to the given origin. Chromium enforces `form-action` along the whole
 * redirect chain, so without the client's redirect origin the way back from consent is blocked.
 * @param origin a validated redirect URI's origin, or `scheme:` for a custom scheme
 */
export function allowFormRedirect(ctx: Context, origin: string): void {
  ctx.set('Content-Security-Policy', contentSecurityPolicy(ctx.state.cspNonce, [origin]))
}

function contentSecurityPolicy(nonce: string, formActions: readonly string[]): string {
  const forms = formActions.map((origin) => ` ${origin}`).join('')
  return `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'${forms}; base-uri 'none'; frame-ancestors 'none'`
}
