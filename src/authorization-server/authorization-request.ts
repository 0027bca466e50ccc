import type { Middleware } from 'koa'
import type { RequestState } from '../http/request-context.ts'
import { resourceIdentifier } from '../http/resource.ts'
import type { Render } from '../http/views.ts'
import { identityOf } from './clients.ts'
import { isNativeRedirect, redirectHost } from './redirect-uris.ts'
import { canonicalResource, narrowScope } from './resource-indicator.ts'

export interface AuthorizationRequestDeps {
  publicUrl: string
  render: Render
}

/**
 * Brings an authorization request to the form oidc-provider can serve: scope and resource have defaults (clients leave
 * them out when they found nothing announced; the library would end in `access_denied` after the sign-in), and are
 * canonical before anything is compared with them.
 */
export function authorizationRequest({
  publicUrl,
  render,
}: AuthorizationRequestDeps): Middleware<RequestState> {
  return async (ctx, next) => {
    const query = new URLSearchParams(ctx.querystring)
    const requested = query.getAll('resource')
    query.delete('resource')
    const canonical = new Set(requested.map((value) => canonicalResource(value, publicUrl)))
    if (canonical.size === 0) canonical.add(resourceIdentifier(publicUrl))
    for (const value of canonical) query.append('resource', value)
    // A repeated scope stays repeated, so that oidc-provider refuses it like every other repeated parameter.
    if (query.getAll('scope').length <= 1) query.set('scope', narrowScope(query.get('scope') ?? undefined))
    if (query.getAll('response_mode').some((mode) => mode !== 'query')) {
      // RFC 9700 §4.3: a fragment or a posted form has more places to leak from; the code needs neither.
      query.delete('response_mode')
    }
    // RFC 9700 §2.1.2. oidc-provider answers the implicit types in the fragment, the refusal too, where it would pass
    // the check below; a type it does not know at all is refused in the query.
    if (query.getAll('response_type').length === 1 && query.get('response_type') !== 'code') {
      query.set('response_type', 'unsupported')
    }
    ctx.querystring = query.toString()
    await next()
    if (leavesToStranger(ctx.response.get('Location'), query.get('client_id') ?? '')) {
      const url = ctx.response.get('Location')
      ctx.remove('Location')
      ctx.status = 400
      const message = new URL(url).searchParams.get('error_description') ?? 'The request was refused.'
      render(ctx, 'leaving', { host: redirectHost(url), url, message })
    }
  }
}

/**
 * Whether an error would be redirected at once to a host that registered itself. Anyone can make a link of ours that
 * ends there (RFC 9700 §4.11.2), so a person has to agree first.
 */
function leavesToStranger(location: string, clientId: string): boolean {
  const url = URL.parse(location)
  return (
    url !== null &&
    url.searchParams.has('error') &&
    identityOf(clientId) === 'claimed' &&
    !isNativeRedirect(location)
  )
}
