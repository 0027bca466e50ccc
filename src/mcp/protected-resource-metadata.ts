import type { Middleware } from 'koa'
import { scopes } from '../domain/principal.ts'
import type { RequestState } from '../http/request-context.ts'
import { mcpPath, resourceIdentifier } from '../http/resource.ts'

const wellKnown = '/.well-known/oauth-protected-resource'

/** Absolute, since claude.ai ignores a relative `resource_metadata`. RFC 9728 §3.1: the resource's path is appended. */
export function resourceMetadataUrl(publicUrl: string): string {
  return `${publicUrl}${wellKnown}${mcpPath}`
}

/**
 * OAuth 2.0 Protected Resource Metadata (RFC 9728), in path form and at the root, where older clients look.
 * `scopes_supported` is what clients ask for, all of it, so it stays minimal and without `offline_access`.
 */
export function protectedResourceMetadata({ publicUrl }: { publicUrl: string }): Middleware<RequestState> {
  const metadata = {
    resource: resourceIdentifier(publicUrl),
    authorization_servers: [publicUrl],
    scopes_supported: [...scopes],
    bearer_methods_supported: ['header'],
    resource_name: 'OpenTrace',
  }
  return async (ctx, next) => {
    if (ctx.path !== wellKnown && !ctx.path.startsWith(`${wellKnown}/`)) return next()
    ctx.set('Access-Control-Allow-Origin', '*')
    if (ctx.path !== wellKnown && ctx.path !== `${wellKnown}${mcpPath}`) {
      ctx.status = 404
      ctx.body = { error: 'not_found', error_description: `The only resource here is ${metadata.resource}.` }
    } else if (ctx.method === 'GET' || ctx.method === 'HEAD') {
      ctx.set('Cache-Control', 'public, max-age=300')
      ctx.body = metadata
    } else {
      ctx.set('Allow', 'GET, HEAD, OPTIONS')
      ctx.set('Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS')
      // Clients send MCP-Protocol-Version along, which makes a browser ask first.
      ctx.set('Access-Control-Allow-Headers', 'MCP-Protocol-Version')
      if (ctx.method === 'OPTIONS') {
        ctx.status = 204
        return
      }
      ctx.status = 405
      ctx.body = { error: 'invalid_request', error_description: 'This document can only be read.' }
    }
  }
}
