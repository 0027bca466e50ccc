import { addressGroup } from '../domain/address-network.ts'
import type { ApiTokenIssue } from '../domain/api-token-issue.ts'
import type { TokenMails } from '../domain/token-mails.ts'
import type { Limiter } from '../storage/contract.ts'
import { countAttempt, type RateRule } from './rate-limit.ts'
import type { Context } from './request-context.ts'

/**
 * Ends an API token that somebody presents as found.
 * @returns what became of it; undefined for what is no token of ours
 * @throws {RequestRefused} 429 after too many reports from one address
 */
export type LeakReport = (ctx: Context, token: string) => Promise<'revoked' | 'had_ended' | undefined>

const reportsOfAddress: RateRule = { name: 'leak-report', limit: 30, windowSeconds: 60 * 60 }

/** Where whoever finds a token can end it, without an account: the token is the proof. */
export function createLeakReport({
  apiTokenIssue,
  tokenMails,
  limiter,
}: {
  apiTokenIssue: ApiTokenIssue
  tokenMails: TokenMails
  limiter: Limiter
}): LeakReport {
  return async (ctx, token) => {
    await countAttempt(limiter, reportsOfAddress, addressGroup(ctx.state.address))
    const report = await apiTokenIssue.reportLeak(token, ctx.state.address)
    if (!report?.hasEnded) return report && 'had_ended'
    // Not waited for: the token has ended, whatever becomes of the mails.
    tokenMails.tellOfLeak(report.token).catch((err: unknown) => {
      ctx.state.log.error({ err, apiTokenId: report.token.id }, 'leaked token not mailed')
    })
    return 'revoked'
  }
}
