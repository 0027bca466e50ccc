import type { Limiter } from '../storage/contract.ts'
import { RequestRefused } from './errors.ts'

/** A named fixed window. */
export interface RateRule {
  name: string
  limit: number
  windowSeconds: number
}

/**
 * Counts one attempt of whoever `who` names.
 * @throws {RequestRefused} 429 with Retry-After. Clients keep their tokens on this code; on `invalid_grant` they would
 *   throw them away.
 */
export async function countAttempt(
  limiter: Pick<Limiter, 'hit'>,
  rule: RateRule,
  who: string,
): Promise<void> {
  const answer = await limiter.hit(`${rule.name}:${who}`, rule)
  if (!answer.allowed) {
    throw new RequestRefused(
      429,
      'temporarily_unavailable',
      `Too many attempts. Try again in ${answer.retryAfterSeconds} seconds.`,
      { retryAfterSeconds: answer.retryAfterSeconds },
    )
  }
}

/** Takes an attempt back that was fine after all, so that only the others are limited. */
export async function forgetAttempt(limiter: Limiter, rule: RateRule, who: string): Promise<void> {
  await limiter.refund(`${rule.name}:${who}`)
}
