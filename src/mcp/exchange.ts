import type { AuthInfo, McpHttpHandler } from '@modelcontextprotocol/server'
import type { Context } from '../http/request-context.ts'

/**
 * Has the SDK answer a message that was already read. Its own Node adapter would serialize the message again and
 * stream the answer; here every answer is finite, since no tool streams and there is nothing to subscribe to.
 */
export async function exchange(
  ctx: Context,
  handler: McpHttpHandler,
  parsedBody: unknown,
  authInfo: AuthInfo,
): Promise<void> {
  const hangUp = new AbortController()
  ctx.res.once('close', () => {
    if (!ctx.res.writableFinished) hangUp.abort()
  })
  const request = new Request(ctx.request.href, {
    method: 'POST',
    headers: headersOf(ctx),
    signal: hangUp.signal,
  })
  const response = await handler.fetch(request, { parsedBody, authInfo })
  const body = await response.text()
  ctx.status = response.status
  ctx.body = body
  // Nothing else of the SDK's headers is wanted: its Cache-Control would let an answer be stored.
  const contentType = response.headers.get('Content-Type')
  if (contentType === null) ctx.remove('Content-Type')
  else ctx.set('Content-Type', contentType)
}

/** The SDK reads the Accept and Mcp- headers. The token stays behind: nothing below may pass it on. */
function headersOf(ctx: Context): Headers {
  const { authorization: _authorization, cookie: _cookie, ...headers } = ctx.req.headers
  return new Headers(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
