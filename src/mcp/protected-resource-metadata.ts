import type { Middleware } from 'koa'
import { scopes } from '../domain/principal.ts'
import type { RequestState } from '../http/request-context.ts'
import { mcpPath, organizationMcpPath, parseMcpPath } from '../http/resource.ts'

const wellKnown = '/.well-known/oauth-protected-resource'

/** Absolute, since claude.ai ignores a relative `resource_metadata`. RFC 9728 §3.1: the resource's path is appended. */
export function resourceMetadataUrl(publicUrl: string, path: string): string {
  return `${publicUrl}${wellKnown}${path}`
}

/**
 * OAuth 2.0 Protected Resource Metadata (RFC 9728), in path form for each MCP endpoint and at the root, where older
 * clients look. `scopes_supported` is what clients ask for, all of it, so it stays minimal and without `offline_access`.
 */
export function protectedResourceMetadata({ publicUrl }: { publicUrl: string }): Middleware<RequestState> {
  const shared = {
    authorization_servers: [publicUrl],
    scopes_supported: [...scopes],
    bearer_methods_supported: ['header'],
    resource_name: 'OpenTrace',
  }
  const noSuchResource = `The resources here are ${publicUrl}${mcpPath} and ${publicUrl}${organizationMcpPath('{organization}')}.`
  return (ctx, next) => {
    if (ctx.path !== wellKnown && !ctx.path.startsWith(`${wellKnown}/`)) return next()
    ctx.set('Access-Control-Allow-Origin', '*')
    const resource = parseMcpPath(publicUrl, ctx.path.slice(wellKnown.length) || mcpPath)
    if (!resource) {
      ctx.status = 404
      ctx.body = { error: 'not_found', error_description: noSuchResource }
    } else if (ctx.method === 'GET' || ctx.method === 'HEAD') {
      ctx.set('Cache-Control', 'public, max-age=300')
      // RFC 9728 §3.3: clients compare `resource` with the URL they were given, byte for byte.
      ctx.body = { resource: resource.identifier, ...shared }
    } else {
      ctx.set('Allow', 'GET, HEAD, OPTIONS')
      ctx.set('Access-Control-Allow-Methods', 'GET, HEAD, OPTIONS')
      // Clients send MCP-Protocol-Version along, which makes a browser ask first.
      ctx.set('Access-Control-Allow-Headers', 'MCP-Protocol-Version')
      if (ctx.method === 'OPTIONS') {
        ctx.status = 204
        return undefined
      }
      ctx.status = 405
      ctx.body = { error: 'invalid_request', error_description: 'This document can only be read.' }
    }
    return undefined
  }
}
