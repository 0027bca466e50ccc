import type Koa from 'koa'
import type { Middleware } from 'koa'
import { RequestRefused } from './errors.ts'
import type { RequestState } from './request-context.ts'

/**
 * Accepts only requests that are meant for this server, and makes every URL built from the request come out under the
 * public one. oidc-provider builds its metadata from the request; with a foreign Host it would publish foreign
 * endpoints (poisoned discovery), and behind a TLS proxy it would publish http ones.
 */
export function requestTarget({
  app,
  publicUrl,
}: {
  app: Koa<RequestState>
  publicUrl: string
}): Middleware<RequestState> {
  const { host, hostname, protocol } = new URL(publicUrl)
  const fixed = {
    host: { value: host },
    hostname: { value: hostname },
    protocol: { value: protocol.slice(0, -1) },
    secure: { value: protocol === 'https:' },
    origin: { value: publicUrl },
  }
  // On what all requests of the app inherit from. Whoever comes before the check below looks at the header itself.
  Object.defineProperties(app.request, fixed)
  return (ctx, next) => {
    // RFC 9112 §3.2.2: in absolute form the target replaces Host. No client of ours is a proxy's client.
    if (!ctx.req.url?.startsWith('/')) {
      throw new RequestRefused(400, 'invalid_request', 'The request target must be a path.')
    }
    // RFC 9112 §3.2: more than one Host is an error. Node keeps the first of both headers and hides the second, which
    // a proxy in front may have read instead.
    const repeated = findRepeated(ctx.req.rawHeaders, ['host', 'authorization'])
    if (repeated !== undefined) {
      throw new RequestRefused(400, 'invalid_request', `The request has more than one ${repeated} header.`)
    }
    // RFC 9112 §3.2: absent (which only HTTP/1.0 and older allow) or malformed, it is not a wrong host but a bad request.
    if (!hostSyntax.test(ctx.req.headers.host ?? '')) {
      throw new RequestRefused(400, 'invalid_request', 'The request has no well-formed Host header.')
    }
    if (ctx.req.headers.host?.toLowerCase() !== host) {
      throw new RequestRefused(421, 'misdirected_request', `This server is ${publicUrl}. Open that address.`)
    }
    if (!isWellFormed(ctx.path)) {
      throw new RequestRefused(400, 'invalid_request', 'The path is not well-formed.')
    }
    return next()
  }
}

/** RFC 3986 §3.2.2, as far as names that resolve go: a name, IPv4 or bracketed IPv6 address, and a port. */
const hostSyntax = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/** @param rawHeaders names and values in turn */
function findRepeated(rawHeaders: readonly string[], names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const header = rawHeaders[i] ?? ''
    for (const name of names) {
      if (name.length !== header.length || name !== header.toLowerCase()) continue
      if (seen.has(name)) return name
      seen.add(name)
    }
  }
  return undefined
}

function isWellFormed(path: string): boolean {
  try {
    // A NUL, or a path that a browser reads as another host, has no meaning here and has fooled other parsers.
    return !decodeURIComponent(path).includes('\0') && !path.startsWith('//')
  } catch {
    return false
  }
}
