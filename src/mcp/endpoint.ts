import { type AuthInfo, createMcpHandler } from '@modelcontextprotocol/server'
import type { Middleware } from 'koa'
import type { Logger } from 'pino'
import type { Principal, Scope } from '../domain/principal.ts'
import { countAttempt } from '../http/rate-limit.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import { parseMcpPath } from '../http/resource.ts'
import type { Limiter } from '../storage/contract.ts'
import { type BearerTokenDeps, createBearerAuthentication } from './bearer-token.ts'
import { createChallenges } from './challenge.ts'
import { parseClientFacts } from './client-facts.ts'
import { readMessage } from './message.ts'
import { exchange } from './exchange.ts'
import { createOriginGuard } from './origin.ts'
import { createMcpServers, type McpServerDeps } from './server.ts'
import type { Caller } from './tool-call.ts'

export interface McpEndpointDeps extends BearerTokenDeps, McpServerDeps {
  limiter: Limiter
  isAllowedOrigin: (origin: string) => boolean
  logger: Logger
}

const rate = { name: 'mcp', limit: 600, windowSeconds: 60 }

/**
 * The MCP endpoint: revisions 2024-10-07 to 2026-07-28 on one path, and the same on a path of each organization, without
 * state, so any process answers any request.
 * The order is from cheap and certain to costly: origin, method, token, rate, then the body. Whoever is not let in
 * costs no parsing, and 401 comes before anything that tells the protocol revisions apart.
 */
export function createMcpEndpoint(deps: McpEndpointDeps): Middleware<RequestState> {
  const { publicUrl, limiter, isAllowedOrigin, logger, clientSessions, tools } = deps
  const admitsOrigin = createOriginGuard({ isAllowedOrigin })
  const authenticate = createBearerAuthentication(deps)
  const challenges = createChallenges({ publicUrl })
  const requiredScopes = new Map(tools.map((tool) => [tool.name, tool.requiredScope]))
  const serverFor = createMcpServers(deps)
  const handler = createMcpHandler(({ authInfo }) => serverFor(callerOf(authInfo)), {
    onerror: (err) => logger.warn({ err }, 'MCP message not served'),
  })

  function noteUse(ctx: Context, { clientSession }: Principal, message: unknown): void {
    const userAgent = ctx.get('User-Agent')
    const headers = { userAgent, protocolVersion: ctx.get('MCP-Protocol-Version') }
    const use = {
      address: ctx.state.address,
      userAgent,
      ...parseClientFacts(message, headers, requiredScopes),
    }
    // Not waited for: showing when a session was last used is not worth a slower answer, nor a failed one.
    clientSessions.noteUse(clientSession.id, use).catch((err: unknown) => {
      ctx.state.log.debug({ err }, 'last use not noted')
    })
  }

  function missingScope(message: unknown, granted: readonly Scope[]): Scope | undefined {
    const { method, params } = message as { method?: unknown; params?: { name?: unknown } }
    // Decided on the body, never on the Mcp-Name header, which is only compared with it later.
    const required = method === 'tools/call' ? requiredScopes.get(String(params?.name)) : undefined
    return required !== undefined && !granted.includes(required) ? required : undefined
  }

  return async (ctx, next) => {
    const resource = parseMcpPath(publicUrl, ctx.path)
    if (!resource) return next()
    if (!admitsOrigin(ctx)) return
    if (ctx.method !== 'POST') return refuseMethod(ctx)
    const authentication = await authenticate(ctx.req.headers.authorization, resource.identifier)
    if (authentication.outcome === 'refused') {
      return challenges.unauthorized(ctx, authentication.reason, authentication.description)
    }
    const { principal } = authentication
    await countAttempt(limiter, rate, principal.clientSession.id)
    const message = await readMessage(ctx)
    if (message === undefined) return
    noteUse(ctx, principal, message)
    const missing = missingScope(message, principal.scopes)
    if (missing !== undefined) return challenges.insufficientScope(ctx, [missing], principal.scopes)
    const { requestId, log } = ctx.state
    await exchange(ctx, handler, message, authInfoOf({ principal, requestId, log }))
  }
}

/** GET and DELETE belong to protocol sessions, which there are none of. */
function refuseMethod(ctx: Context): void {
  ctx.set('Allow', 'POST')
  ctx.status = 405
  ctx.body = {
    error: 'invalid_request',
    error_description: 'This MCP server keeps no sessions: only POST is served.',
  }
}

/** The SDK hands this on untouched. The token stays behind: nothing below this line may pass it on. */
function authInfoOf(caller: Caller): AuthInfo {
  const { clientSession, scopes } = caller.principal
  return { token: '', clientId: clientSession.clientId, scopes: [...scopes], extra: { caller } }
}

function callerOf(authInfo: AuthInfo | undefined): Caller {
  const caller = authInfo?.extra?.['caller']
  if (caller === undefined) throw new Error('an MCP request reached the server without its caller')
  return caller as Caller
}
