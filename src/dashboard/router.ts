import { Router } from '@koa/router'
import { RequestRefused } from '../http/errors.ts'
import type { RequestState } from '../http/request-context.ts'
import { createAccountMails } from './account-mails.ts'
import { type AccountRouteDeps, addAccountRoutes } from './account-routes.ts'
import { addArchitectureRoutes, type ArchitectureRouteDeps } from './architecture-routes.ts'
import { createFreshSignIn, type FreshSignInDeps } from './fresh-sign-in.ts'
import { createHomePage } from './home-page.ts'
import { addMemberRoutes, type MemberRouteDeps } from './member-routes.ts'
import {
  createOrganizationDeletionPages,
  type OrganizationDeletionPagesDeps,
} from './organization-deletion-pages.ts'
import { addOrganizationRoutes, type OrganizationRouteDeps } from './organization-routes.ts'
import { addServiceAccountRoutes, type ServiceAccountRouteDeps } from './service-account-routes.ts'
import { addSessionRoutes, type SessionRouteDeps } from './session-routes.ts'
import { addSignInRoutes, type SignInRouteDeps } from './sign-in-routes.ts'
import { createViewers } from './viewer.ts'

/** What the pages of every area need. */
export type DashboardDeps = Omit<Parameters<typeof createViewers>[0], 'showDeleted'> &
  Parameters<typeof createAccountMails>[0] &
  Parameters<typeof createHomePage>[0] &
  FreshSignInDeps &
  SignInRouteDeps &
  AccountRouteDeps &
  OrganizationDeletionPagesDeps &
  OrganizationRouteDeps &
  SessionRouteDeps &
  MemberRouteDeps &
  ArchitectureRouteDeps &
  ServiceAccountRouteDeps

type RoutedMiddleware = ReturnType<Router<RequestState>['routes']>

/** Every page and form that people use in a browser, but those inside an authorization. Other paths pass through. */
export function createDashboard(deps: DashboardDeps): RoutedMiddleware {
  const deletion = createOrganizationDeletionPages(deps)
  const viewers = createViewers({ ...deps, showDeleted: deletion.showDeleted })
  const freshSignIn = createFreshSignIn(deps)
  const { fresh } = freshSignIn
  const accountMails = createAccountMails(deps)

  const router = new Router<RequestState>({ strict: true }).get(
    '/',
    viewers.signedInAnyhow(createHomePage(deps)),
  )

  addSignInRoutes(router, { ...viewers, freshSignIn, accountMails }, deps)
  addAccountRoutes(router, { ...viewers, fresh, accountMails }, deps)
  addOrganizationRoutes(router, { ...viewers, fresh, deletion }, deps)
  addSessionRoutes(router, viewers, deps)
  addMemberRoutes(router, { ...viewers, fresh }, deps)
  addArchitectureRoutes(router, viewers, deps)
  addServiceAccountRoutes(router, { ...viewers, fresh }, deps)

  const routes = router.routes()
  return (ctx, next) =>
    routes(ctx, () => {
      // No page calls next, so here either the path is nobody's or its method is not one of the page's.
      const { path: layers } = router.match(ctx.path, ctx.method)
      if (layers.length === 0) return next()
      const methods = layers.flatMap((layer) => layer.methods)
      ctx.set('Allow', methods.join(', '))
      throw new RequestRefused(405, 'invalid_request', `This page answers ${methods.join(' and ')} only.`)
    })
}
