import type { Provider } from 'oidc-provider'
import { earliestSignIn, isSignedOut, type User, type Users } from '../domain/users.ts'
import type { Context } from '../http/request-context.ts'
import type { AuthenticationMethod, BrowserSignIn, SignIn, SignIns } from '../http/sign-ins.ts'
import type { Artifact, Artifacts } from '../storage/contract.ts'

/** How long a browser stays signed in without use. */
export const signInLifetimeSeconds = 14 * 24 * 60 * 60
/** How long it is remembered where from; authorizations prolong a sign-in without passing here. */
const originLifetime = 365 * 24 * 60 * 60 * 1000

/** The browser's sign-in, kept in oidc-provider's Session so that authorizations and the dashboard share it. */
export function createSignIns({
  provider,
  artifacts,
  users,
  now,
}: {
  provider: Provider
  artifacts: Artifacts
  users: Users
  now: () => number
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
      return presentSession(session, user)
    },
    async start(ctx, user, { amr, organizationId }) {
      const before = await sessionOf(ctx)
      const goesOn = before?.accountId === user.id
      if (goesOn) before.resetIdentifier()
      else await before?.destroy()
      const session = goesOn ? before : new provider.Session()
      // Whole seconds, and perhaps of the second in which the user signed out of everything.
      const loginTs = Math.max(Math.floor(now() / 1000), earliestSignIn(user))
      session.loginAccount({ accountId: user.id, amr, acr: reachAsAcr(organizationId), loginTs })
      await session.save(signInLifetimeSeconds)
      await artifacts.put({
        model: 'SignIn',
        id: session.uid,
        payload: { address: ctx.state.address, userAgent: ctx.get('User-Agent').slice(0, 300) },
        expiresAt: now() + originLifetime,
      })
      setCookie(ctx, session.jti)
      return presentSession(session, user)
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
      const signIns = await Promise.all(items.map((artifact) => presentBrowser(artifact, user)))
      return signIns.filter((signIn) => signIn !== undefined).toSorted((a, b) => b.startedAt - a.startedAt)
    },
  }

  /** Undefined when the sign-in has ended. */
  async function presentBrowser(artifact: Artifact, user: User): Promise<BrowserSignIn | undefined> {
    const { payload, expiresAt } = artifact
    const { uid, loginTs, amr, acr } = payload as Partial<Session>
    if (uid === undefined || loginTs === undefined || expiresAt === undefined) return undefined
    if (isSignedOut(user, { uid, loginTs })) return undefined
    const origin = (await artifacts.get('SignIn', uid))?.payload as Origin | undefined
    return {
      ...presentSession({ uid, loginTs, amr, acr }, user),
      expiresAt,
      address: origin?.address,
      userAgent: origin?.userAgent,
    }
  }
}

/** Where a sign-in was begun or confirmed. */
interface Origin {
  address: string
  userAgent: string
}

type Session = Pick<InstanceType<Provider['Session']>, 'uid' | 'loginTs' | 'amr' | 'acr'>

/** A sign-in by what oidc-provider keeps of it. */
export function presentSession({ uid, loginTs = 0, amr, acr }: Session, user: User): SignIn {
  return {
    user,
    uid,
    startedAt: loginTs * 1000,
    amr: (amr ?? []) as AuthenticationMethod[],
    organizationId: reachOf(acr),
  }
}

const acrPrefix = 'organization:'

/**
 * What a sign-in reaches, as the authentication context class that oidc-provider keeps beside it and takes over from the
 * result of an interaction.
 */
export function reachAsAcr(organizationId: string | undefined): string | undefined {
  return organizationId === undefined ? undefined : acrPrefix + organizationId
}

/** The only organization that a sign-in with this class reaches. */
export function reachOf(acr: string | undefined): string | undefined {
  return acr?.startsWith(acrPrefix) ? acr.slice(acrPrefix.length) : undefined
}

/** Attributes of the sign-in cookie; `__Host-` (set in `provider.ts`) further requires Secure and no Domain. */
export function sessionCookie(secure: boolean) {
  return { signed: true, httpOnly: true, sameSite: 'lax', secure, path: '/', overwrite: true } as const
}
