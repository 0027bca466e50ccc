import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Middleware } from 'koa'
import { clientAddress, type Context, isTrusted, peerAddress, type RequestState } from './request-context.ts'

/** What of a request only the server knows: how it arrived, through whatever stands in front. */
export interface Connection {
  /** The Host header; it must be the host of PUBLIC_URL. */
  host: string
  /** Whom the server takes for the client: rate limits, sessions and the audit log go by it. */
  address: string
  /** `ignored`: somebody in front names the client, and is not in TRUSTED_PROXIES. */
  forwardedFor: 'absent' | 'believed' | 'ignored'
}

/** Describes how a request arrived. */
export function describeConnection(request: IncomingMessage, trustedProxies: BlockList): Connection {
  const isForwarded = request.headers['x-forwarded-for'] !== undefined
  const isBelieved = isForwarded && isTrusted(peerAddress(request), trustedProxies)
  return {
    host: request.headers.host ?? '',
    address: clientAddress(request, trustedProxies),
    forwardedFor: !isForwarded ? 'absent' : isBelieved ? 'believed' : 'ignored',
  }
}

/** Where anybody can ask how their own requests arrive. */
export const connectionPath = '/connection'
/** Between the two events of the stream, in milliseconds. */
export const streamPause = 300

export interface ConnectionReportDeps {
  publicUrl: string
  trustedProxies: BlockList
  now: () => number
}

/**
 * `/connection`: tells the caller how this very request arrived, so that `opentrace doctor` can name what a proxy in
 * front does wrong. Before the Host check, since a rewritten Host is one of those faults. Asked for
 * `text/event-stream`, it sends two events with a pause between, which arrive together through a proxy that buffers.
 */
export function connectionReport(deps: ConnectionReportDeps): Middleware<RequestState> {
  const { publicUrl, trustedProxies, now } = deps
  return (ctx, next) => {
    if (ctx.path !== connectionPath || ctx.method !== 'GET') return next()
    ctx.set('Cache-Control', 'no-store')
    if (ctx.accepts('json', 'text/event-stream') === 'text/event-stream') return stream(ctx)
    const { host, address, forwardedFor } = describeConnection(ctx.req, trustedProxies)
    ctx.body = { public_url: publicUrl, host, address, forwarded_for: forwardedFor, time: now() }
  }
}

function stream(ctx: Context): void {
  const body = new PassThrough()
  ctx.type = 'text/event-stream'
  // As the streams of the MCP endpoint do, or this would find fault with a proxy that serves those well.
  ctx.set('X-Accel-Buffering', 'no')
  ctx.body = body
  body.write('data: first\n\n')
  void sleep(streamPause, undefined, { ref: false }).then(() => body.end('data: second\n\n'))
}
