import type { Provider } from 'oidc-provider'
import { isSignedOut, type User, type Users } from '../domain/users.ts'
import type { Context } from '../http/request-context.ts'
import type { BrowserSignIn, SignIns } from '../http/sign-ins.ts'
import type { Artifact, Artifacts } from '../storage/contract.ts'

/** How long a browser stays signed in without use. */
export const signInLifetimeSeconds = 14 * 24 * 60 * 60

/** The browser's sign-in, kept in oidc-provider's Session so that authorizations and the dashboard share it. */
export function createSignIns({
  provider,
  artifacts,
  users,
}: {
  provider: Provider
  artifacts: Artifacts
  users: Users
}): SignIns {
  /** @param id the new session identifier; absent removes the cookie */
  function setCookie(ctx: Context, id: string | null): void {
    ctx.cookies.set(provider.cookieName('session'), id, {
      ...sessionCookie(ctx.secure),
      ...(id === null ? {} : { maxAge: signInLifetimeSeconds * 1000 }),
    })
  }

  async function sessionOf(ctx: Context) {
    const id = ctx.cookies.get(provider.cookieName('session'), sessionCookie(ctx.secure))
    return id === undefined ? undefined : provider.Session.find(id)
  }

  return {
    async find(ctx) {
      const session = await sessionOf(ctx)
      if (!session?.accountId) return undefined
      const user = await users.find(session.accountId)
      if (!user || user.disabledAt !== undefined) return undefined
      // Half way to its end it is prolonged: whoever comes back within that time is never signed out.
      if (session.exp - Date.now() / 1000 < signInLifetimeSeconds / 2) {
        await session.save(signInLifetimeSeconds)
        setCookie(ctx, session.jti)
      }
      return { user, uid: session.uid }
    },
    async start(ctx, user) {
      await (await sessionOf(ctx))?.destroy()
      const session = new provider.Session()
      session.loginAccount({ accountId: user.id, amr: ['pwd'] })
      await session.save(signInLifetimeSeconds)
      setCookie(ctx, session.jti)
    },
    async end(ctx) {
      await (await sessionOf(ctx))?.destroy()
      setCookie(ctx, null)
    },
    async list({ id }) {
      // Read anew: signing out changes what it says about earlier sign-ins.
      const user = await users.find(id)
      if (!user) return []
      const { items } = await artifacts.list('Session', { userId: id }, { limit: 500 })
      return items
        .map((artifact) => presentSignIn(artifact, user))
        .filter((signIn) => signIn !== undefined)
        .toSorted((a, b) => b.startedAt - a.startedAt)
    },
    endAll: (user, exceptUid) => users.signOutEverywhere(user.id, exceptUid),
  }
}

/** What the library keeps of a sign-in; undefined when it has ended. */
function presentSignIn({ payload, expiresAt }: Artifact, user: User): BrowserSignIn | undefined {
  const { uid, loginTs } = payload as { uid?: string; loginTs?: number }
  if (uid === undefined || loginTs === undefined || expiresAt === undefined) return undefined
  return isSignedOut(user, { uid, loginTs }) ? undefined : { uid, startedAt: loginTs * 1000, expiresAt }
}

/** Attributes of the sign-in cookie; `__Host-` (set in `provider.ts`) further requires Secure and no Domain. */
export function sessionCookie(secure: boolean) {
  return { signed: true, httpOnly: true, sameSite: 'lax', secure, path: '/', overwrite: true } as const
}
