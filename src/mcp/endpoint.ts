import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server'
import type { Middleware } from 'koa'
import type { Logger } from 'pino'
import { accessIdOf, type Principal, type Scope } from '../domain/principal.ts'
import type { RequestRefused } from '../http/errors.ts'
import type { Readiness } from '../http/health.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import { type McpResource, parseMcpPath } from '../http/resource.ts'
import { GrantRevoked, type Store } from '../storage/contract.ts'
import { type Admission, presentCaller } from './admission.ts'
import { type BearerTokenDeps, createBearerAuthentication } from './bearer-token.ts'
import { refuse, refuseConfigured } from '../http/authentication.ts'
import { createCallCounter } from './call-counter.ts'
import { countCall, isWithin } from './call-limit.ts'
import { createChallenges } from './challenge.ts'
import { parseClientFacts } from './client-facts.ts'
import { readMessage, sendMessage } from './message.ts'
import { exchange, toRequest } from './exchange.ts'
import { createOpenExchanges } from './open-exchanges.ts'
import { createOriginGuard } from './origin.ts'
import type { PlainCall, PlainCalls } from './plain-calls.ts'
import { createRequiredScopes } from './required-scope.ts'
import type { ServerFactory } from './session-calls.ts'
import { createSessionRequests, type SessionReading } from './session-requests.ts'
import type { Tool } from './tools/define-tool.ts'
import { withinMoment } from './within-moment.ts'

export interface McpEndpointDeps extends Omit<BearerTokenDeps, 'artifacts' | 'documents'> {
  store: Pick<Store, 'artifacts' | 'documents' | 'logs' | 'bus' | 'limiter'>
  publicUrl: string
  /** Their scopes are checked before a server object sees the call. */
  tools: readonly Tool[]
  serverFor: ServerFactory
  /** Answers what needs no server object; absent: everything gets one. */
  plainCalls?: PlainCalls | undefined
  isAllowedOrigin: (origin: string) => boolean
  readiness: Readiness
  logger: Logger
}

/** A request that was let in, and the protocol session it names, where that is being read already. */
interface Admitted {
  principal: Principal
  admission: Admission
  reading: SessionReading
}

const rate = { name: 'mcp', limit: 600, windowSeconds: 60 }

/**
 * The MCP endpoint: revisions 2024-10-07 to 2026-07-28 on one path, and the same on a path of each organization. What
 * state there is, the protocol sessions of 2025-era clients, is in the store, so any process answers any request. The
 * order is from cheap and certain to costly: origin, method, token, rate, then the body. Whoever is not let in costs no
 * parsing, and 401 comes before anything that tells the protocol revisions apart.
 */
export async function createMcpEndpoint(deps: McpEndpointDeps): Promise<Middleware<RequestState>> {
  const {
    store,
    publicUrl,
    isAllowedOrigin,
    readiness,
    logger,
    clientSessions,
    apiTokens,
    tools,
    serverFor,
    plainCalls,
    now,
  } = deps
  const { artifacts, documents, limiter, bus } = store
  const admitsOrigin = createOriginGuard({ isAllowedOrigin })
  const authenticate = createBearerAuthentication({ ...deps, artifacts, documents })
  const challenges = createChallenges({ publicUrl })
  const requiredScopes = createRequiredScopes(tools)
  const calls = createCallCounter({ limiter, now })
  const exchanges = await createOpenExchanges({ bus, readiness, now })
  const sessions = await createSessionRequests({ ...store, exchanges, serverFor, now })
  const handler = createMcpHandler(({ authInfo }) => serverFor(authInfo), {
    onerror: (err) => logger.warn({ err }, 'MCP message not served'),
  })

  function noteUse(ctx: Context, principal: Principal, message: unknown): void {
    const userAgent = ctx.get('User-Agent')
    const headers = { userAgent, protocolVersion: ctx.get('MCP-Protocol-Version') }
    const use = {
      address: ctx.state.address,
      userAgent,
      ...parseClientFacts(message, headers, requiredScopes),
    }
    // Not waited for: showing when a session was last used is not worth a slower answer, nor a failed one.
    // A job is over soon; when its rule was last used is told by the exchange.
    if (principal.token.kind === 'job_token') return
    const { noteUse: note } = principal.kind === 'user' ? clientSessions : apiTokens
    note(accessIdOf(principal), use)?.catch((err: unknown) => {
      ctx.state.log.debug({ err }, 'last use not noted')
    })
  }

  function missingScope(message: unknown, granted: readonly Scope[]): Scope | undefined {
    const required = requiredScopes.ofMessage(message)
    return required !== undefined && !granted.includes(required) ? required : undefined
  }

  /** Lets a request in, or answers it. */
  async function admit(ctx: Context, resource: McpResource): Promise<Admitted | undefined> {
    const { address, requestId, log } = ctx.state
    let counted: Promise<RequestRefused | undefined> | undefined
    let reading: SessionReading
    const count = (accessId: string) => {
      counted = countCall(log, calls, rate, accessId)
      counted.catch(() => {})
      return counted
    }
    // Where it is known whose token it is, all that the request needs is asked for in one round trip to the store.
    const expect = (accessId: string) => {
      reading = sessions.readEarly(ctx)
      void count(accessId)
    }
    const authentication = await authenticate(ctx.req.headers.authorization, { resource, address }, expect)
    if (authentication.outcome === 'refused') {
      challenges.refuse(ctx, authentication)
      return undefined
    }
    const { principal, isStillIn } = authentication
    const accessId = accessIdOf(principal)
    if (!isWithin(ctx, await (counted ?? count(accessId)))) return undefined
    const authInfo = presentCaller({ principal, address, requestId, log })
    return { principal, admission: { authInfo, accessId, isStillIn }, reading }
  }

  async function post(ctx: Context, admitted: Admitted): Promise<void> {
    const { principal, admission, reading } = admitted
    const message = await readMessage(ctx)
    if (message === undefined) return
    noteUse(ctx, principal, message)
    const missing = missingScope(message, principal.scopes)
    if (missing !== undefined) return challenges.insufficientScope(ctx, [missing], principal)
    const call = plainCalls?.recognize(ctx, message)
    if (call && plainCalls) return answerPlainCall(ctx, admitted, { call, plainCalls, message })
    const request = toRequest(ctx)
    const isLegacy = await isLegacyRequest(request, message)
    if (isLegacy && (await sessions.initialize(ctx, principal, { message, admission }))) return
    // Since 2026-07-28 there are no sessions; and older clients that never began one, as scripts, need none.
    if (isLegacy && ctx.get('Mcp-Session-Id') !== '') {
      const session = await sessions.require(ctx, principal, reading)
      return session && sessions.post(ctx, session, { message, admission })
    }
    await exchange(ctx, request, { handler, message, admission, exchanges, mayStream: !isLegacy })
  }

  async function answerPlainCall(
    ctx: Context,
    { principal, admission, reading }: Admitted,
    { call, plainCalls: plain, message }: { call: PlainCall; plainCalls: PlainCalls; message: unknown },
  ): Promise<void> {
    if (call.era === 'modern' || ctx.get('Mcp-Session-Id') === '') return plain.answer(ctx, call, admission)
    const session = await sessions.require(ctx, principal, reading)
    if (!session) return
    const plainAnswer = plain.begin(call, admission)
    const quick = await withinMoment(plainAnswer.answer)
    if (quick) return sendMessage(ctx, quick.text)
    // From here on it may become a stream, be cancelled, or end with its session.
    return sessions.post(ctx, session, { message, admission, plainAnswer })
  }

  return async (ctx, next) => {
    const resource = parseMcpPath(publicUrl, ctx.path)
    if (!resource) return next()
    if (!admitsOrigin(ctx)) return
    const isOfSession = ['GET', 'DELETE'].includes(ctx.method) && ctx.get('Mcp-Session-Id') !== ''
    if (ctx.method !== 'POST' && !isOfSession) return refuseMethod(ctx)
    const admitted = await admit(ctx, resource)
    if (!admitted) return
    const { principal, admission, reading } = admitted
    try {
      if (ctx.method === 'POST') return await post(ctx, admitted)
      const session = await sessions.require(ctx, principal, reading)
      if (!session) return
      if (ctx.method === 'GET') await sessions.serveStream(ctx, session, admission)
      else await sessions.end(ctx, session)
    } catch (error) {
      // Its client session or service account ended between the token check and the write.
      if (!(error instanceof GrantRevoked)) throw error
      const refusal =
        principal.kind === 'user'
          ? refuse('session_ended', 'This session has ended. Sign in again; in Claude Code, run /mcp.')
          : refuseConfigured('service_account_deleted', 'The service account of this API token was deleted.')
      challenges.refuse(ctx, refusal)
    }
  }
}

/** GET and DELETE belong to protocol sessions. */
function refuseMethod(ctx: Context): void {
  ctx.set('Allow', 'POST')
  ctx.status = 405
  ctx.body = {
    error: 'invalid_request',
    error_description: 'Without Mcp-Session-Id only POST is served.',
  }
}
