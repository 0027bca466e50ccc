import type { Router } from '@koa/router'
import type { RequestState } from '../http/request-context.ts'
import type { AccountMails } from './account-mails.ts'
import { type AccountPagesDeps, createAccountPages } from './account-pages.ts'
import type { FreshSignIn } from './fresh-sign-in.ts'
import { createNewOrganizationPage, type NewOrganizationPageDeps } from './new-organization-page.ts'
import { createPasskeyPages, type PasskeyPagesDeps } from './passkey-pages.ts'
import type { Viewers } from './viewer.ts'

export type AccountRouteDeps = Omit<AccountPagesDeps, 'accountMails'> &
  PasskeyPagesDeps &
  NewOrganizationPageDeps

/** Adds the pages about one's own account, but those about its sessions. */
export function addAccountRoutes(
  router: Router<RequestState>,
  {
    signedIn,
    fresh,
    accountMails,
  }: Pick<Viewers, 'signedIn'> & Pick<FreshSignIn, 'fresh'> & { accountMails: AccountMails },
  deps: AccountRouteDeps,
): void {
  const account = createAccountPages({ ...deps, accountMails })
  const passkeys = createPasskeyPages(deps)
  const newOrganization = createNewOrganizationPage(deps)

  router
    .get('/account', signedIn(account.show))
    .post('/account/profile', signedIn(account.rename))
    .post('/account/password', signedIn(account.changePassword))
    .get('/account/passkeys/new', signedIn(fresh(passkeys.offer)))
    .get('/account/passkeys/options', signedIn(fresh(passkeys.options)))
    .post('/account/passkeys', signedIn(fresh(passkeys.add)))
    .post('/account/passkeys/:id/rename', signedIn(passkeys.rename))
    .post('/account/passkeys/:id/remove', signedIn(fresh(passkeys.remove)))
    .get('/account/organizations/new', signedIn(newOrganization.show))
    .post('/account/organizations/new', signedIn(newOrganization.submit))
}
