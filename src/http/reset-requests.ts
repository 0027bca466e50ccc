import { addressGroup } from '../domain/address-network.ts'
import { sha256 } from '../domain/identifiers.ts'
import { canonicalEmail } from '../domain/users.ts'
import type { Limiter } from '../storage/contract.ts'
import { countAttempt, type RateRule } from './rate-limit.ts'
import type { Context } from './request-context.ts'

const windowSeconds = 60 * 60
const requestsOfAddress: RateRule = { name: 'reset-address', limit: 20, windowSeconds }
const requestsForAccount: RateRule = { name: 'reset-account', limit: 3, windowSeconds }

/**
 * Counts one request for a mail that sets a forgotten password.
 * @returns whether a mail may be sent. An account's limit is told to nobody, known or not: its mailbox is full enough.
 * @throws {RequestRefused} 429 after too many from one network address
 */
export type CountResetRequest = (ctx: Context, email: string) => Promise<boolean>

/** Limits by network address, and by account wherever the requests come from. */
export function createCountResetRequest({ limiter }: { limiter: Limiter }): CountResetRequest {
  return async (ctx, email) => {
    await countAttempt(limiter, requestsOfAddress, addressGroup(ctx.state.address))
    const { name, ...rule } = requestsForAccount
    return (await limiter.hit(`${name}:${sha256(canonicalEmail(email))}`, rule)).allowed
  }
}
