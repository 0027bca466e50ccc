import { addressGroup } from '../domain/address-network.ts'
import { DomainError } from '../domain/errors.ts'
import { sha256 } from '../domain/identifiers.ts'
import type { SignInAttempt, SignInRecord } from '../domain/sign-in-record.ts'
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
  signInRecord,
  limiter,
}: {
  users: Users
  signInRecord: SignInRecord
  limiter: Limiter
}): CredentialCheck {
  /** Not waited for: whoever guesses must not learn from the time it takes which addresses exist. */
  function recordFailure(ctx: Context, email: string): void {
    signInRecord.failed(email, attemptOf(ctx, 'password')).then(
      (isKnown) => isKnown || ctx.state.log.info({}, 'sign-in with an address that belongs to nobody'),
      (err: unknown) => ctx.state.log.warn({ err }, 'failed sign-in not recorded'),
    )
  }

  async function authenticate(ctx: Context, email: string, password: string): Promise<User> {
    try {
      return await users.authenticate(email, password)
    } catch (error) {
      if (error instanceof DomainError && error.code === 'invalid_credentials') recordFailure(ctx, email)
      throw error
    }
  }

  return async (ctx, form) => {
    const email = form['email'] ?? ''
    const from = addressGroup(ctx.state.address)
    // An account is counted for each address group apart: otherwise anybody could lock its owner out from afar.
    const account = `${from}:${sha256(canonicalEmail(email))}`
    // Counted before the password is looked at, or parallel guesses would all pass; given back when it was right.
    await countAttempt(limiter, attemptsOfAddress, from)
    await countAttempt(limiter, attemptsOnAccount, account)
    const user = await authenticate(ctx, email, form['password'] ?? '')
    await Promise.all([
      signInRecord.succeeded(user.id, attemptOf(ctx, 'password')),
      forgetAttempt(limiter, attemptsOfAddress, from),
      forgetAttempt(limiter, attemptsOnAccount, account),
    ])
    return user
  }
}

/** How and from where a request tries to sign in. */
export function attemptOf(ctx: Context, method: string): SignInAttempt {
  return { method, address: ctx.state.address, userAgent: ctx.get('User-Agent').slice(0, 200) }
}
