import type { Router } from '@koa/router'
import type { RequestState } from '../http/request-context.ts'
import { type ApiTokenPagesDeps, createApiTokenPages } from './api-token-pages.ts'
import type { FreshSignIn } from './fresh-sign-in.ts'
import { createLeakedTokenPages, type LeakedTokenPagesDeps } from './leaked-token-pages.ts'
import { createServiceAccountPages, type ServiceAccountPagesDeps } from './service-account-pages.ts'
import { createTrustRulePages, type TrustRulePagesDeps } from './trust-rule-pages.ts'
import type { Viewers } from './viewer.ts'

export type ServiceAccountRouteDeps = ServiceAccountPagesDeps &
  ApiTokenPagesDeps &
  TrustRulePagesDeps &
  LeakedTokenPagesDeps

/** Adds the pages about service accounts and their tokens. */
export function addServiceAccountRoutes(
  router: Router<RequestState>,
  { inOrganization, fresh }: Pick<Viewers, 'inOrganization'> & Pick<FreshSignIn, 'fresh'>,
  deps: ServiceAccountRouteDeps,
): void {
  const accounts = createServiceAccountPages(deps)
  const tokens = createApiTokenPages(deps)
  const trustRules = createTrustRulePages(deps)
  const leakedToken = createLeakedTokenPages(deps)

  router
    .get('/organizations/:slug/service-accounts', inOrganization(accounts.list))
    .post('/organizations/:slug/service-accounts', inOrganization(fresh(accounts.create)))
    .get('/organizations/:slug/service-accounts/new', inOrganization(accounts.askNew))
    .post('/organizations/:slug/service-accounts/policy', inOrganization(fresh(accounts.changePolicy)))
    .get('/organizations/:slug/service-accounts/:id', inOrganization(accounts.show))
    .post('/organizations/:slug/service-accounts/:id', inOrganization(fresh(accounts.describe)))
    .post('/organizations/:slug/service-accounts/:id/disable', inOrganization(fresh(accounts.disable)))
    .post('/organizations/:slug/service-accounts/:id/enable', inOrganization(fresh(accounts.enable)))
    .post('/organizations/:slug/service-accounts/:id/delete', inOrganization(fresh(accounts.remove)))
    .get('/organizations/:slug/service-accounts/:id/tokens/new', inOrganization(fresh(tokens.askNew)))
    .post('/organizations/:slug/service-accounts/:id/tokens', inOrganization(fresh(tokens.generate)))
    .get(
      '/organizations/:slug/service-accounts/:id/tokens/:token/rotate',
      inOrganization(fresh(tokens.askRotation)),
    )
    .post(
      '/organizations/:slug/service-accounts/:id/tokens/:token/rotate',
      inOrganization(fresh(tokens.rotate)),
    )
    .post(
      '/organizations/:slug/service-accounts/:id/tokens/:token/revoke',
      inOrganization(fresh(tokens.revoke)),
    )
    .get('/organizations/:slug/service-accounts/:id/trust', inOrganization(trustRules.show))
    .post('/organizations/:slug/service-accounts/:id/trust', inOrganization(fresh(trustRules.add)))
    .post(
      '/organizations/:slug/service-accounts/:id/trust/:rule/remove',
      inOrganization(fresh(trustRules.remove)),
    )
    .get('/leaked-token', leakedToken.show)
    .post('/leaked-token', leakedToken.submit)
    .post('/.well-known/leak-report', leakedToken.report)
}
