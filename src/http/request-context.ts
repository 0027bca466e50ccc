import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import { isIPv6 } from 'node:net'
import type { Middleware, ParameterizedContext } from 'koa'
import type { Logger } from 'pino'
import { createRequestLog, type RequestLog } from './request-log.ts'

/** What every request carries. */
export interface RequestState {
  requestId: string
  log: RequestLog
  /** The client's address, through trusted proxies only. */
  address: string
  /** Where forms of the page may lead, besides here. */
  formRedirect?: string
}

/** A Koa context with our state. */
export type Context = ParameterizedContext<RequestState>

export interface RequestContextDeps {
  logger: Logger
  trustedProxies: BlockList
  now: () => number
}

/** Gives each request an id, a log and the client's address, and logs its end: never query, header or body. */
export function requestContext({
  logger,
  trustedProxies,
  now,
}: RequestContextDeps): Middleware<RequestState> {
  return async (ctx, next) => {
    const started = now()
    const requestId = randomUUID()
    ctx.state.requestId = requestId
    ctx.state.address = clientAddress(ctx.req, trustedProxies)
    ctx.state.log = createRequestLog(logger, requestId)
    ctx.set('X-Request-Id', requestId)
    try {
      await next()
    } finally {
      ctx.state.log.info(
        {
          method: ctx.method,
          path: withoutSecret(ctx.path),
          status: ctx.status,
          ms: now() - started,
          address: ctx.state.address,
        },
        'request',
      )
    }
  }
}

/** A path as it may be logged. Other one-time secrets travel in queries, which are not logged. */
function withoutSecret(path: string): string {
  return path.replace(/^\/invitations\/[^/]+/, '/invitations/…')
}

/**
 * The address a request came from. X-Forwarded-For is read from the right and only past trusted peers: what is left
 * of them was written by whoever connected, and can be anything.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: BlockList): string {
  let address = peerAddress(request)
  const header = request.headers['x-forwarded-for']
  if (header === undefined) return address
  const forwarded = (Array.isArray(header) ? header.join(',') : header)
    .split(',')
    .map((part) => plain(part.trim()))
  while (isTrusted(address, trustedProxies)) {
    const previous = forwarded.pop()
    if (!previous) break
    address = previous
  }
  return address
}

/** The address at the other end of the connection: the client's, or that of a proxy. */
export function peerAddress(request: IncomingMessage): string {
  return plain(request.socket.remoteAddress ?? '')
}

/** Whether an address is one of the operator's proxies. */
export function isTrusted(address: string, trustedProxies: BlockList): boolean {
  return trustedProxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** IPv4 addresses arrive as `::ffff:1.2.3.4` on a dual-stack socket. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
