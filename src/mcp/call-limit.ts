import { RequestRefused } from '../http/errors.ts'
import { countAttempt, type RateRule } from '../http/rate-limit.ts'
import type { Context } from '../http/request-context.ts'
import type { RequestLog } from '../http/request-log.ts'
import { type Limiter, StoreUnavailable } from '../storage/contract.ts'
import { refuseMessage } from './message.ts'

/**
 * Counts a request of somebody who was let in.
 * @returns false when it was answered 429
 */
export async function isWithinLimit(
  ctx: Context,
  limiter: Limiter,
  rule: RateRule,
  who: string,
): Promise<boolean> {
  return isWithin(ctx, await countCall(ctx.state.log, limiter, rule, who))
}

/**
 * Counts a request without answering it, for who does not know yet whether it will be let in.
 * @returns why it is one too many, if it is. Without a limiter it is not: reading for a while without limit does less
 *   harm than not at all.
 */
export async function countCall(
  log: RequestLog,
  limiter: Pick<Limiter, 'hit'>,
  rule: RateRule,
  who: string,
): Promise<RequestRefused | undefined> {
  try {
    await countAttempt(limiter, rule, who)
    return undefined
  } catch (error) {
    if (error instanceof RequestRefused) return error
    if (!(error instanceof StoreUnavailable)) throw error
    log.warn({ err: error }, 'MCP request not counted')
    return undefined
  }
}

/** @returns false when the request was answered 429, with Retry-After and a sentence that clients show */
export function isWithin(ctx: Context, excess: RequestRefused | undefined): boolean {
  if (!excess) return true
  ctx.set('Retry-After', String(excess.retryAfterSeconds))
  refuseMessage(ctx, excess.status, -32000, `${excess.message} Nothing was done, and you stay signed in.`)
  return false
}
