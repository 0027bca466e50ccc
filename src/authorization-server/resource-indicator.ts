import { scopes } from '../domain/principal.ts'
import { parseResource, resourceIdentifier } from '../http/resource.ts'

/** Scopes a client may ask for here; `offline_access` is honoured by giving every session a refresh token anyway. */
export const knownScopes: ReadonlySet<string> = new Set([...scopes, 'offline_access'])

/** What a client gets that asks for nothing (RFC 6749 §3.3: the server's default). */
export const defaultScope = scopes.join(' ')

/**
 * The canonical form of a requested resource: scheme and host in lower case, no trailing slash (MCP 2026-07-28,
 * Canonical Server URI). The origin alone stands for the MCP endpoint that is pinned to no organization, since clients
 * without protected resource metadata send that. Everything else comes back as it was, to be refused as `invalid_target`.
 */
export function canonicalResource(requested: string, publicUrl: string): string {
  const url = URL.parse(requested)
  if (!url || url.search || url.hash || url.username || url.password || requested.includes('#'))
    return requested
  const canonical = `${url.origin}${url.pathname}`.replace(/\/+$/, '')
  if (canonical === publicUrl) return resourceIdentifier(publicUrl)
  return parseResource(publicUrl, canonical) ? canonical : requested
}

/** The known part of a requested scope, or the default when nothing of it is known: unknown scopes narrow, they do not refuse. */
export function narrowScope(requested: string | undefined): string {
  // RFC 6749 §3.3: characters outside %x21 / %x23-5B / %x5D-7E make the request malformed; oidc-provider says so.
  if (requested !== undefined && /[^\x20\x21\x23-\x5b\x5d-\x7e]/.test(requested)) return requested
  const asked = (requested ?? '').split(' ').filter((scope) => knownScopes.has(scope))
  return asked.some((scope) => scope !== 'offline_access')
    ? asked.join(' ')
    : [defaultScope, ...asked].join(' ')
}
