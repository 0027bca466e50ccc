import type { Middleware } from 'koa'
import { errors } from 'oidc-provider'
import { addressGroup } from '../domain/address-network.ts'
import { mediaType, readBody } from '../http/body.ts'
import { countAttempt } from '../http/rate-limit.ts'
import type { RequestState } from '../http/request-context.ts'
import type { Limiter } from '../storage/contract.ts'
import { isNativeRedirect, maxRedirectUris, refuseRedirectUri } from './redirect-uris.ts'

const bodyLimit = 56 * 1024
const maxNameLength = 200
// Claude Code registers anew for a new port, and an office shares one address: no low limit.
const registrations = { name: 'registration', limit: 150, windowSeconds: 600 }
const grantTypes = ['authorization_code', 'refresh_token']

/**
 * Dynamic client registration as real clients do it (RFC 7591). Their bodies carry nulls, empty strings, grant types of
 * other flows and no application type, each of which oidc-provider refuses or takes wrongly; so the body is brought to
 * the one shape we serve before the provider sees it, and refused here where it cannot be.
 */
export function registrationRequest({ limiter }: { limiter: Limiter }): Middleware<RequestState> {
  return async (ctx, next) => {
    // Registration is open and carries no credentials, so any page may call it (RFC 7591 §3).
    ctx.set('Access-Control-Allow-Origin', '*')
    if (ctx.method === 'OPTIONS') {
      ctx.set({
        'Access-Control-Allow-Methods': 'POST',
        'Access-Control-Allow-Headers': 'Content-Type, MCP-Protocol-Version',
      })
      ctx.status = 204
      return
    }
    if (ctx.method === 'POST') {
      // RFC 7591 §3.1. A form-like type would also let any page submit this without a preflight.
      if (mediaType(ctx.req) !== 'application/json') {
        throw new errors.InvalidRequest('send the client metadata as application/json')
      }
      await countAttempt(limiter, registrations, addressGroup(ctx.state.address))
      const metadata = normalizeMetadata(parseObject(await readBody(ctx.req, bodyLimit)))
      // Where oidc-provider looks for a body that was read before it.
      Object.assign(ctx.req, { body: JSON.stringify(metadata) })
    }
    await next()
    if (ctx.status === 201) ctx.body = withoutNulls(ctx.body as Record<string, unknown>)
  }
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Refused below, like everything else that is no object.
  }
  throw new errors.InvalidRequest('the client metadata must be a JSON object')
}

/**
 * The client metadata we serve: a public client of the authorization code flow.
 * @throws {errors.InvalidClientMetadata} `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 §3.2.2)
 */
export function normalizeMetadata(given: Record<string, unknown>): Record<string, unknown> {
  const redirectUris = given['redirect_uris']
  if (!Array.isArray(redirectUris) || redirectUris.length === 0 || redirectUris.length > maxRedirectUris) {
    throw new errors.InvalidClientMetadata(`redirect_uris must be a list of 1 to ${maxRedirectUris} URIs`)
  }
  for (const uri of redirectUris as unknown[]) {
    const refusal = refuseRedirectUri(uri)
    if (refusal !== undefined) throw new errors.InvalidClientMetadata(`redirect_uris ${refusal}`)
  }
  const name = given['client_name']
  if (typeof name === 'string' && name.length > maxNameLength) {
    throw new errors.InvalidClientMetadata(`client_name has at most ${maxNameLength} characters`)
  }
  requireServed(given, 'grant_types', 'authorization_code')
  requireServed(given, 'response_types', 'code')
  return {
    redirect_uris: redirectUris as string[],
    client_name: typeof name === 'string' && name.trim() !== '' ? name.trim() : 'Unnamed client',
    application_type: (redirectUris as string[]).some(isNativeRedirect) ? 'native' : 'web',
    grant_types: grantTypes,
    response_types: ['code'],
    // Nobody can keep a secret in a program that everybody runs; a method is not refused but overruled (RFC 7591 §3.2.1).
    token_endpoint_auth_method: 'none',
    ...webUri(given, 'client_uri'),
  }
}

/** Extra values are dropped, as RFC 7591 §2 allows; asking only for what we do not serve is refused. */
function requireServed(given: Record<string, unknown>, member: string, served: string): void {
  const values = given[member]
  if (values === undefined || values === null || (Array.isArray(values) && values.length === 0)) return
  if (!Array.isArray(values) || !values.includes(served)) {
    throw new errors.InvalidClientMetadata(`${member} must include ${served}`)
  }
}

function webUri(given: Record<string, unknown>, member: string): Record<string, string> {
  const value = given[member]
  return typeof value === 'string' && /^https:\/\/[^\s]{1,500}$/.test(value) && URL.canParse(value)
    ? { [member]: value }
    : {}
}

/** Claude Code validates the answer and breaks on any null. */
function withoutNulls(answer: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(answer).filter(([, value]) => value !== null && value !== undefined),
  )
}
