import type { User } from '../domain/users.ts'
import type { Context } from './request-context.ts'

/** A browser's sign-in, and who it belongs to. */
export interface SignIn {
  user: User
  /** Names this sign-in in CSRF purposes; no secret. */
  uid: string
}

/** One of the browsers in which a user is signed in. */
export interface BrowserSignIn {
  uid: string
  /** Epoch milliseconds, like `expiresAt`. */
  startedAt: number
  expiresAt: number
}

/**
 * The browser cookie session as the dashboard sees it. The authorization server implements it with oidc-provider's
 * Session, so that one sign-in serves both.
 */
export interface SignIns {
  /** The sign-in of this browser; absent when there is none or its user may not sign in any more. */
  find: (ctx: Context) => Promise<SignIn | undefined>
  /** Signs a user in. The session's identifier is new, which stops session fixation. */
  start: (ctx: Context, user: User) => Promise<void>
  end: (ctx: Context) => Promise<void>
  /** Every browser the user is signed in with, newest first. */
  list: (user: User) => Promise<BrowserSignIn[]>
  /** Signs the user out in every browser, but the one whose `uid` is given. */
  endAll: (user: User, exceptUid: string | undefined) => Promise<void>
}
