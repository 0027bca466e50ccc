import type { Middleware } from 'koa'
import type { TraceIngest } from '../architecture/ingestion/trace-ingest.ts'
import { type OtlpEncoding, readTraceRequest } from '../architecture/ingestion/trace-request.ts'
import { describeLeftOut } from '../architecture/importers/traces/importer.ts'
import type { ApiTokens } from '../domain/api-tokens.ts'
import { DomainError } from '../domain/errors.ts'
import type { Principal, ServiceAccountPrincipal } from '../domain/principal.ts'
import { bearerChallenge } from '../http/bearer-challenge.ts'
import { mediaType, readCompressible } from '../http/body.ts'
import { RequestRefused } from '../http/errors.ts'
import { countAttempt } from '../http/rate-limit.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import { type Limiter, StoreUnavailable } from '../storage/contract.ts'
import { answerFailure, answerTaken } from './otlp-answer.ts'
import { createServiceAccountAuthentication, type ServiceAccountTokenDeps } from './service-account-token.ts'

/** Where OTLP/HTTP exporters send traces, below what they call the endpoint. */
export const tracesPath = '/v1/traces'

export interface TraceEndpointDeps extends ServiceAccountTokenDeps {
  apiTokens: ApiTokens
  limiter: Limiter
  traceIngest: TraceIngest
}

const scope = 'architecture:ingest'
const rate = { name: 'ingest', limit: 1_200, windowSeconds: 60 }
/** As it is sent, and without compression. */
const maxBytes = 8 * 1024 * 1024

/**
 * Takes in traces by OTLP/HTTP (opentelemetry.io/docs/specs/otlp, OTLP/HTTP), from service accounts that may send them.
 * The order is from cheap to costly: method, token, rate, type, body. What is answered with 200 is stored or left out
 * on purpose; 429 and 503 ask to send it again.
 */
export function createTraceEndpoint(deps: TraceEndpointDeps): Middleware<RequestState> {
  const { apiTokens, limiter, traceIngest } = deps
  const authenticate = createServiceAccountAuthentication(deps)

  async function receive(ctx: Context, encoding: OtlpEncoding | undefined): Promise<void> {
    if (ctx.method !== 'POST') {
      ctx.set('Allow', 'POST')
      throw new RequestRefused(405, 'invalid_request', 'Traces are sent here with POST.')
    }
    const principal = await admit(ctx)
    await countAttempt(limiter, rate, principal.token.id)
    noteUse(ctx, principal)
    if (encoding === undefined) {
      const message = 'Send traces as application/x-protobuf or application/json.'
      throw new RequestRefused(415, 'invalid_request', message)
    }
    const body = await readCompressible(ctx.req, maxBytes)
    const { spans, ...leftOut } = readTraceRequest(body, encoding)
    const source = sourceOf(principal)
    const limits = await traceIngest.receive(principal.organization.id, source, spans)
    answerTaken(ctx, encoding, {
      rejectedSpans: leftOut.malformed + leftOut.unnamed + leftOut.excess,
      errorMessage: [...describeLeftOut(leftOut), ...limits].join('; '),
    })
  }

  /** @throws {RequestRefused} 401 or 403, with the challenge of RFC 6750 set */
  async function admit(ctx: Context): Promise<ServiceAccountPrincipal> {
    const authentication = await authenticate(ctx.req.headers.authorization, ctx.state.address)
    if (authentication.outcome === 'refused') {
      const { reason, description } = authentication
      const error = reason === 'missing' ? {} : { error: 'invalid_token', error_description: description }
      ctx.set('WWW-Authenticate', bearerChallenge(error))
      throw new RequestRefused(401, 'invalid_token', description)
    }
    const { principal } = authentication
    if (!isSender(principal)) {
      const description = `This needs the permission ${scope}, which this service account was not given.`
      ctx.set(
        'WWW-Authenticate',
        bearerChallenge({ error: 'insufficient_scope', error_description: description, scope }),
      )
      throw new RequestRefused(403, 'insufficient_scope', description)
    }
    return principal
  }

  /** Not waited for: showing when a token was last used is not worth a slower answer, nor a failed one. */
  function noteUse(ctx: Context, { token }: ServiceAccountPrincipal): void {
    if (token.kind === 'job_token') return
    const use = { address: ctx.state.address, userAgent: ctx.get('User-Agent') }
    apiTokens.noteUse(token.id, use)?.catch((err: unknown) => {
      ctx.state.log.debug({ err }, 'last use not noted')
    })
  }

  return async (ctx, next) => {
    if (ctx.path !== tracesPath) return next()
    const encoding = encodings[mediaType(ctx.req)]
    try {
      await receive(ctx, encoding)
    } catch (error) {
      const failure = failureOf(error)
      if (!failure) throw error
      if (failure.status === 503) ctx.state.log.warn({ err: error }, 'traces not taken')
      answerFailure(ctx, encoding ?? 'json', failure)
    }
  }
}

const encodings: Record<string, OtlpEncoding> = {
  'application/json': 'json',
  'application/x-protobuf': 'protobuf',
}

function isSender(principal: Principal): principal is ServiceAccountPrincipal {
  return principal.kind === 'service_account' && principal.scopes.includes(scope)
}

/** By the name of the service account, which says what sends. */
function sourceOf({ serviceAccount }: ServiceAccountPrincipal): string {
  const slug = serviceAccount.name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{Mn}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 63)
  return slug === '' ? 'traces' : slug
}

interface Failure {
  status: number
  message: string
  retryAfterSeconds?: number | undefined
}

/** @returns undefined for a defect */
function failureOf(error: unknown): Failure | undefined {
  if (error instanceof RequestRefused) return error
  if (error instanceof DomainError && error.code === 'invalid_input')
    return { status: 400, message: error.message }
  // Others kept changing the same graph: as good as a store that is busy.
  if (error instanceof StoreUnavailable || (error instanceof DomainError && error.code === 'conflict')) {
    const message = 'The server cannot store traces right now. Send them again in a few seconds.'
    return { status: 503, message, retryAfterSeconds: 5 }
  }
  return undefined
}
