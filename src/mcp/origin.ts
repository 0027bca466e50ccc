import type { Context } from '../http/request-context.ts'

const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'MCP-Protocol-Version',
  'Mcp-Session-Id',
  'Mcp-Method',
  'Mcp-Name',
  'Last-Event-ID',
].join(', ')

/**
 * Answers CORS for web pages that may use the MCP endpoint and refuses all others, before anything about the request
 * is believed or read (MCP 2026-07-28, Streamable HTTP, Security: a bad Origin is answered 403).
 * @returns whether the request may go on; otherwise it is answered
 */
export function createOriginGuard({
  isAllowedOrigin,
}: {
  isAllowedOrigin: (origin: string) => boolean
}): (ctx: Context) => boolean {
  return (ctx) => {
    ctx.vary('Origin')
    const origin = ctx.req.headers.origin
    if (origin !== undefined && !isAllowedOrigin(origin)) {
      ctx.status = 403
      ctx.body = {
        error: 'forbidden',
        error_description: 'Web pages of this origin may not use this server.',
      }
      return false
    }
    if (origin !== undefined) {
      ctx.set('Access-Control-Allow-Origin', origin)
      ctx.set('Access-Control-Expose-Headers', 'Mcp-Session-Id, WWW-Authenticate, Retry-After, X-Request-Id')
    }
    if (ctx.method !== 'OPTIONS') return true
    // A preflight never carries credentials, so it is answered without them.
    ctx.set('Allow', 'POST, GET, DELETE, OPTIONS')
    ctx.set('Access-Control-Allow-Methods', 'POST, GET, DELETE')
    ctx.set('Access-Control-Allow-Headers', allowedHeaders)
    ctx.set('Access-Control-Max-Age', '7200')
    ctx.status = 204
    return false
  }
}
