import type { User } from '../domain/users.ts'
import type { Context } from './request-context.ts'

/**
 * How somebody proved who they are: a password, a passkey bound to one device or synchronized between several
 * (RFC 8176 §2), or another provider's word: for a sign-in there of any age (`fed`), or for one made now (`fed_login`;
 * both are names of ours).
 */
export type AuthenticationMethod = 'pwd' | 'hwk' | 'swk' | 'fed' | 'fed_login'

/** A browser's sign-in, and who it belongs to. */
export interface SignIn {
  user: User
  /** Names this sign-in in CSRF purposes; no secret. */
  uid: string
  /** Epoch milliseconds, in whole seconds; confirming who one is renews it. */
  startedAt: number
  amr: AuthenticationMethod[]
  /** The only organization it reaches, whose provider vouched for the user; absent when it reaches all of the user's. */
  organizationId: string | undefined
}

/** Whether a sign-in reaches what is an organization's; what is the user's own is reached only without a limit. */
export function reaches({ organizationId }: Pick<SignIn, 'organizationId'>, id: string): boolean {
  return organizationId === undefined || organizationId === id
}

/** How a sign-in came about, and what it reaches therefore. */
export interface SignInMethod {
  amr: AuthenticationMethod[]
  organizationId?: string | undefined
}

/** One of the browsers in which a user is signed in. */
export interface BrowserSignIn {
  uid: string
  /** Epoch milliseconds, like `expiresAt`. */
  startedAt: number
  expiresAt: number
  amr: AuthenticationMethod[]
  /** Where it was last begun or confirmed from; absent where that is not known any more. */
  address: string | undefined
  userAgent: string | undefined
}

/**
 * The browser cookie session as the dashboard sees it. The authorization server implements it with oidc-provider's
 * Session, so that one sign-in serves both.
 */
export interface SignIns {
  /** The sign-in of this browser; absent when there is none or its user may not sign in any more. */
  find: (ctx: Context) => Promise<SignIn | undefined>
  /**
   * Signs a user in, or lets the one who is signed in go on with a fresh sign-in of the same `uid`. The session's
   * identifier is new either way, which stops session fixation. Every sign-in passes here.
   */
  start: (ctx: Context, user: User, how: SignInMethod) => Promise<SignIn>
  end: (ctx: Context) => Promise<void>
  /** Every browser the user is signed in with, newest first. */
  list: (user: User) => Promise<BrowserSignIn[]>
}
