import { RequestRefused } from '../http/errors.ts'
import { countAttempt, type RateRule } from '../http/rate-limit.ts'
import type { Context } from '../http/request-context.ts'
import { type Limiter, StoreUnavailable } from '../storage/contract.ts'
import { refuseMessage } from './message.ts'

/**
 * Counts a request of somebody who was let in.
 * @returns false when it was answered 429, with Retry-After and a sentence that clients show. Without a limiter it is
 *   true: reading for a while without limit does less harm than not at all.
 */
export async function isWithinLimit(
  ctx: Context,
  limiter: Limiter,
  rule: RateRule,
  who: string,
): Promise<boolean> {
  try {
    await countAttempt(limiter, rule, who)
    return true
  } catch (error) {
    if (error instanceof RequestRefused) {
      ctx.set('Retry-After', String(error.retryAfterSeconds))
      refuseMessage(ctx, error.status, -32000, `${error.message} Nothing was done, and you stay signed in.`)
      return false
    }
    if (!(error instanceof StoreUnavailable)) throw error
    ctx.state.log.warn({ err: error }, 'MCP request not counted')
    return true
  }
}
