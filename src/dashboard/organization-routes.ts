import type { Router } from '@koa/router'
import type { RequestState } from '../http/request-context.ts'
import { type AuditPagesDeps, createAuditPages } from './audit-pages.ts'
import { type ConnectPageDeps, createConnectPage } from './connect-page.ts'
import { type ConnectionCheckDeps, createConnectionCheckPage } from './connection-check-page.ts'
import type { FreshSignIn } from './fresh-sign-in.ts'
import type { OrganizationDeletionPages } from './organization-deletion-pages.ts'
import { createOrganizationPage, type OrganizationPageDeps } from './organization-page.ts'
import {
  createOrganizationSettingsPage,
  type OrganizationSettingsPageDeps,
} from './organization-settings-page.ts'
import { createSignInSettingsPages, type SignInSettingsPagesDeps } from './sign-in-settings-pages.ts'
import type { Viewers } from './viewer.ts'

export type OrganizationRouteDeps = OrganizationPageDeps &
  OrganizationSettingsPageDeps &
  SignInSettingsPagesDeps &
  ConnectPageDeps &
  ConnectionCheckDeps &
  AuditPagesDeps

/** Adds the pages about an organization as a whole: overview, settings, connecting clients, audit log. */
export function addOrganizationRoutes(
  router: Router<RequestState>,
  {
    inOrganization,
    inAnyOrganization,
    fresh,
    deletion,
  }: Pick<Viewers, 'inOrganization' | 'inAnyOrganization'> &
    Pick<FreshSignIn, 'fresh'> & { deletion: OrganizationDeletionPages },
  deps: OrganizationRouteDeps,
): void {
  const organization = createOrganizationPage(deps)
  const settings = createOrganizationSettingsPage(deps)
  const signInSettings = createSignInSettingsPages(deps)
  const connectionCheck = createConnectionCheckPage(deps)
  const audit = createAuditPages(deps)

  router
    .get('/organizations/:slug', inOrganization(organization.show))
    .post('/organizations/:slug/sample', inOrganization(organization.importSample))
    .get('/organizations/:slug/settings', inOrganization(settings.show))
    .post('/organizations/:slug/settings', inOrganization(fresh(settings.rename)))
    .get('/organizations/:slug/settings/delete', inOrganization(fresh(deletion.confirm)))
    .post('/organizations/:slug/settings/delete', inOrganization(fresh(deletion.submit)))
    .post('/organizations/:slug/restore', inAnyOrganization(deletion.restore))
    .get('/organizations/:slug/settings/sign-in', inOrganization(signInSettings.show))
    .post('/organizations/:slug/settings/sign-in/domain', inOrganization(fresh(signInSettings.setDomain)))
    .post('/organizations/:slug/settings/sign-in/verify', inOrganization(fresh(signInSettings.verify)))
    .post('/organizations/:slug/settings/sign-in/provider', inOrganization(fresh(signInSettings.connect)))
    .post('/organizations/:slug/settings/sign-in/remove', inOrganization(fresh(signInSettings.remove)))
    .get('/organizations/:slug/connect', inOrganization(createConnectPage(deps)))
    .get('/organizations/:slug/connect/check', inOrganization(connectionCheck.show))
    .post('/organizations/:slug/connect/check', inOrganization(connectionCheck.run))
    .get('/organizations/:slug/audit-log', inOrganization(audit.show))
    .get('/organizations/:slug/audit-log.csv', inOrganization(audit.exportAs('csv')))
    .get('/organizations/:slug/audit-log.jsonl', inOrganization(audit.exportAs('jsonl')))
    .post('/organizations/:slug/audit-log/retention', inOrganization(fresh(audit.changeRetention)))
}
