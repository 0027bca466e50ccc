import { addressGroup } from '../domain/address-network.ts'
import { sha256 } from '../domain/identifiers.ts'
import { canonicalEmail, type User, type Users } from '../domain/users.ts'
import type { Limiter } from '../storage/contract.ts'
import { countAttempt, forgetAttempt, type RateRule } from './rate-limit.ts'
import type { Context } from './request-context.ts'

/**
 * Checks the fields `email` and `password` of a sign-in form.
 * @throws {RequestRefused} 429 after too many attempts
 * @throws {DomainError} `invalid_credentials`
 */
export type CredentialCheck = (ctx: Context, form: Record<string, string>) => Promise<User>

const windowSeconds = 5 * 60
const attemptsOfAddress: RateRule = { name: 'sign-in-address', limit: 30, windowSeconds }
const attemptsOnAccount: RateRule = { name: 'sign-in-account', limit: 10, windowSeconds }

/** The step from a sign-in form to its user: the same, with the same limits, wherever somebody signs in. */
export function createCredentialCheck({
  users,
  limiter,
}: {
  users: Users
  limiter: Limiter
}): CredentialCheck {
  return async (ctx, form) => {
    const email = form['email'] ?? ''
    const from = addressGroup(ctx.state.address)
    // An account is counted for each address group apart: otherwise anybody could lock its owner out from afar.
    const account = `${from}:${sha256(canonicalEmail(email))}`
    // Counted before the password is looked at, or parallel guesses would all pass; given back when it was right.
    await countAttempt(limiter, attemptsOfAddress, from)
    await countAttempt(limiter, attemptsOnAccount, account)
    const user = await users.authenticate(email, form['password'] ?? '')
    await Promise.all([
      forgetAttempt(limiter, attemptsOfAddress, from),
      forgetAttempt(limiter, attemptsOnAccount, account),
    ])
    return user
  }
}
