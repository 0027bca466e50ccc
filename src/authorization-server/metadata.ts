import type { Middleware } from 'koa'
import type { RequestState } from '../http/request-context.ts'
import { knownScopes } from './resource-indicator.ts'

/** Members of oidc-provider's document about ID tokens, which are never issued here. */
const openIdOnly = [
  'acr_values_supported',
  'claims_parameter_supported',
  'claims_supported',
  'id_token_signing_alg_values_supported',
  'subject_types_supported',
  'token_endpoint_auth_signing_alg_values_supported',
]

/** Makes the metadata (RFC 8414 §2) say what is really served: oidc-provider lists what its library could do. */
export function authorizationServerMetadata(): Middleware<RequestState> {
  return async (ctx, next) => {
    await next()
    if (ctx.status !== 200 || typeof ctx.body !== 'object' || ctx.body === null) return
    const document = { ...(ctx.body as Record<string, unknown>) }
    for (const member of openIdOnly) delete document[member]
    ctx.body = {
      ...document,
      scopes_supported: [...knownScopes],
      response_modes_supported: ['query'],
      token_endpoint_auth_methods_supported: ['none'],
      revocation_endpoint_auth_methods_supported: ['none'],
    }
    // A deploy may add endpoints; clients ask seldom enough.
    ctx.set('Cache-Control', 'public, max-age=300')
  }
}
