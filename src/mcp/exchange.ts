import { Readable } from 'node:stream'
import type { McpHttpHandler } from '@modelcontextprotocol/server'
import type { Context } from '../http/request-context.ts'
import type { Admission } from './admission.ts'
import type { OpenExchanges } from './open-exchanges.ts'

/**
 * Has the SDK answer a message that was already read. Its own Node adapter would serialize the message again. Finite
 * answers are sent whole, though the SDK makes streams of those to 2025-era clients.
 */
export async function exchange(
  ctx: Context,
  request: Request,
  options: {
    handler: McpHttpHandler
    message: unknown
    admission: Admission
    exchanges: OpenExchanges
    /** Whether an answer that the SDK streams may have to be: one event, or a subscription. */
    mayStream: boolean
  },
): Promise<void> {
  const { handler, message, admission, exchanges, mayStream } = options
  const response = await handler.fetch(request, { parsedBody: message, authInfo: admission.authInfo })
  ctx.status = response.status
  // Nothing else of the SDK's headers is wanted: its Cache-Control would let an answer be stored.
  const contentType = response.headers.get('Content-Type')
  const isStream = mayStream && response.body !== null && contentType === 'text/event-stream'
  ctx.body = isStream ? Readable.from(response.body, { objectMode: false }) : await response.text()
  if (contentType === null) ctx.remove('Content-Type')
  else ctx.set('Content-Type', contentType)
  if (isStream) watchStream(ctx, ctx.body as Readable, { admission, exchanges })
}

function watchStream(
  ctx: Context,
  stream: Readable,
  { admission, exchanges }: { admission: Admission; exchanges: OpenExchanges },
): void {
  ctx.set('X-Accel-Buffering', 'no')
  const unwatch = exchanges.watch({
    accessId: admission.accessId,
    isStillIn: admission.isStillIn,
    end: () => ctx.res.end(),
    leave: () => ctx.res.end(),
  })
  stream.once('close', unwatch)
}

/** What the SDK sees of a request: the Accept and Mcp- headers. The token stays behind: nothing below may pass it on. */
export function toRequest(ctx: Context): Request {
  return new Request(ctx.request.href, { method: 'POST', headers: headersOf(ctx), signal: watchHangUp(ctx) })
}

/** Aborted when the client closes the connection before it has the answer. */
export function watchHangUp(ctx: Context): AbortSignal {
  const hangUp = new AbortController()
  const look = () => {
    if (!ctx.res.writableFinished) hangUp.abort()
  }
  if (ctx.res.closed) look()
  ctx.res.once('close', look)
  return hangUp.signal
}

function headersOf(ctx: Context): Headers {
  const { authorization: _authorization, cookie: _cookie, ...headers } = ctx.req.headers
  return new Headers(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
