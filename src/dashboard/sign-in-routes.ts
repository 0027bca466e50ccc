import type { Router } from '@koa/router'
import type { OrganizationSignIns } from '../domain/organization-sign-in.ts'
import type { SignInProvider } from '../domain/sign-in-provider.ts'
import type { RequestState } from '../http/request-context.ts'
import type { AccountMails } from './account-mails.ts'
import { createForgottenPasswordPages, type ForgottenPasswordPagesDeps } from './forgotten-password-pages.ts'
import type { FreshSignIn } from './fresh-sign-in.ts'
import { createOrganizationSignInPage, type OrganizationSignInPageDeps } from './organization-sign-in-page.ts'
import { createSetupPage, type SetupPageDeps } from './setup-page.ts'
import { createSignInPages, type SignInPagesDeps } from './sign-in-pages.ts'
import { createUpstreamPages, type UpstreamPagesDeps } from './upstream-pages.ts'
import type { Viewers } from './viewer.ts'

export type SignInRouteDeps = SetupPageDeps &
  SignInPagesDeps &
  Omit<UpstreamPagesDeps, 'signInPages' | 'findProvider'> &
  OrganizationSignInPageDeps &
  Omit<ForgottenPasswordPagesDeps, 'accountMails'> & {
    /** The operator's. */
    signInProvider: SignInProvider | undefined
    organizationSignIns: OrganizationSignIns
  }

/** Adds the pages people pass through before they are signed in, and when they prove again who they are. */
export function addSignInRoutes(
  router: Router<RequestState>,
  {
    signedInAnyhow,
    freshSignIn,
    accountMails,
  }: Pick<Viewers, 'signedInAnyhow'> & { freshSignIn: FreshSignIn; accountMails: AccountMails },
  deps: SignInRouteDeps,
): void {
  const setup = createSetupPage(deps)
  const signIn = createSignInPages(deps)
  const operatorProvider = createUpstreamPages({
    ...deps,
    signInPages: signIn,
    findProvider: () => Promise.resolve(deps.signInProvider),
  })
  const organizationProvider = createUpstreamPages({
    ...deps,
    signInPages: signIn,
    findProvider: (ctx) => deps.organizationSignIns.findFor(ctx.params['organization'] ?? ''),
  })
  const organizationSignIn = createOrganizationSignInPage(deps)
  const forgottenPassword = createForgottenPasswordPages({ ...deps, accountMails })

  router
    .get('/setup', setup.show)
    .post('/setup', setup.submit)
    .get('/sign-in', signIn.show)
    .post('/sign-in', signIn.submit)
    .get('/sign-in/oidc', operatorProvider.begin)
    .get('/sign-in/oidc/callback', operatorProvider.finish)
    .get('/sign-in/oidc/:organization', organizationProvider.begin)
    .get('/sign-in/oidc/:organization/callback', organizationProvider.finish)
    .get('/sign-in/organization', organizationSignIn.show)
    .post('/sign-in/organization', organizationSignIn.submit)
    .get('/sign-in/confirm', signedInAnyhow(freshSignIn.show))
    .post('/sign-in/confirm', signedInAnyhow(freshSignIn.submit))
    .get('/sign-in/passkey/options', signIn.passkeyOptions)
    .post('/sign-in/passkey', signIn.submitPasskey)
    .get('/forgot-password', forgottenPassword.ask)
    .post('/forgot-password', forgottenPassword.submitAddress)
    .get('/reset-password', forgottenPassword.show)
    .post('/reset-password', forgottenPassword.submit)
    .post('/sign-out', signedInAnyhow(signIn.signOut))
}
