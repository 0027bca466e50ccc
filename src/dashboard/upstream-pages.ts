import { DomainError } from '../domain/errors.ts'
import type { ProvidedAccounts } from '../domain/provided-accounts.ts'
import type { SignInProvider } from '../domain/sign-in-provider.ts'
import type { SignInRecord } from '../domain/sign-in-record.ts'
import type { SignIns } from '../http/sign-ins.ts'
import { type Upstream, type UpstreamIntent, UpstreamUnavailable } from '../http/upstream.ts'
import { seeOther } from './redirects.ts'
import { parseReturnPath } from './return-path.ts'
import type { SignInPages } from './sign-in-pages.ts'
import type { PageContext } from './viewer.ts'

export interface UpstreamPagesDeps {
  upstream: Upstream
  providedAccounts: ProvidedAccounts
  signInRecord: SignInRecord
  signIns: SignIns
  signInPages: SignInPages
  /** The provider that a path names. */
  findProvider: (ctx: PageContext) => Promise<SignInProvider | undefined>
}

/** Signing in through a provider: the step out of the house, and the way back in. Whatever fails ends at the sign-in form. */
export function createUpstreamPages(deps: UpstreamPagesDeps) {
  const { upstream, providedAccounts, signInRecord, signIns, signInPages, findProvider } = deps

  /** `GET /sign-in/oidc…?return_to=…`, with `fresh` for whoever has to prove anew who they are. */
  async function begin(ctx: PageContext): Promise<void> {
    const provider = await requireProvider(ctx)
    const { return_to: given, fresh } = ctx.query
    const intent: UpstreamIntent = {
      returnTo: parseReturnPath(typeof given === 'string' ? given : undefined) ?? '/',
      isFresh: fresh !== undefined,
    }
    // Another site could otherwise sign this browser in as somebody of its choice, through a provider of its own.
    if (['cross-site', 'same-site'].includes(ctx.get('Sec-Fetch-Site'))) {
      const message = 'Another site sent you here. Begin the sign-in on this page, if you meant to.'
      return signInPages.refuse(ctx, { status: 403, message, returnTo: intent.returnTo })
    }
    try {
      seeOther(ctx, (await upstream.begin(ctx, provider, intent)).href)
    } catch (error) {
      refuse(ctx, error, intent.returnTo)
    }
  }

  /** `GET /sign-in/oidc…/callback` */
  async function finish(ctx: PageContext): Promise<void> {
    const provider = await requireProvider(ctx)
    let returnTo = '/'
    try {
      const { intent, identify } = await upstream.receive(ctx, provider)
      returnTo = intent.returnTo
      const user = await providedAccounts.require(provider, await identify(), ctx.state.address)
      await signIns.start(ctx, user, {
        amr: [intent.isFresh ? 'fed_login' : 'fed'],
        organizationId: provider.organization?.id,
      })
      await signInRecord.succeeded(user.id, {
        method: new URL(provider.issuer).host,
        address: ctx.state.address,
        userAgent: ctx.get('User-Agent').slice(0, 200),
        organizationId: provider.organization?.id,
      })
      seeOther(ctx, returnTo)
    } catch (error) {
      refuse(ctx, error, returnTo)
    }
  }

  /** Says why at the form where somebody can sign in otherwise. */
  function refuse(ctx: PageContext, error: unknown, returnTo: string): void {
    if (error instanceof UpstreamUnavailable) {
      ctx.set('Retry-After', '30')
      const message = `${error.message} Try again later, or sign in another way.`
      return signInPages.refuse(ctx, { status: 503, message, returnTo })
    }
    if (!(error instanceof DomainError && error.code === 'forbidden')) throw error
    signInPages.refuse(ctx, { status: 403, message: error.message, returnTo })
  }

  async function requireProvider(ctx: PageContext): Promise<SignInProvider> {
    const provider = await findProvider(ctx)
    if (!provider) throw new DomainError('not_found', 'Nobody signs in this way here.')
    return provider
  }

  return { begin, finish }
}
