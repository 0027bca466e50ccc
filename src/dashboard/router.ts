import type { BlockList } from 'node:net'
import { Router } from '@koa/router'
import type { Architecture } from '../architecture/architecture.ts'
import type { AccountSafety } from '../domain/account-safety.ts'
import type { ApiTokens } from '../domain/api-tokens.ts'
import type { AuditLog } from '../domain/audit-log.ts'
import type { ClientSessions } from '../domain/client-sessions.ts'
import type { FirstRun } from '../domain/first-run.ts'
import type { InvitationAcceptance } from '../domain/invitation-acceptance.ts'
import type { Invitations } from '../domain/invitations.ts'
import type { Mailer } from '../domain/mail.ts'
import type { MemberChanges } from '../domain/member-changes.ts'
import type { Members } from '../domain/members.ts'
import type { OrganizationSignIns } from '../domain/organization-sign-in.ts'
import type { ProvidedAccounts } from '../domain/provided-accounts.ts'
import type { OrganizationDeletion } from '../domain/organization-deletion.ts'
import type { OrganizationNames } from '../domain/organization-names.ts'
import type { Passkeys } from '../domain/passkeys.ts'
import type { PasswordResets } from '../domain/password-resets.ts'
import type { SessionBlocks } from '../domain/session-blocks.ts'
import type { SignInRecord } from '../domain/sign-in-record.ts'
import type { SignInProvider } from '../domain/sign-in-provider.ts'
import type { Users } from '../domain/users.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import type { Csrf } from '../http/csrf.ts'
import { RequestRefused } from '../http/errors.ts'
import type { InvitationLimit } from '../http/invitation-limit.ts'
import type { OrganizationLimit } from '../http/organization-limit.ts'
import type { PasskeyCeremonies } from '../http/passkey-ceremonies.ts'
import type { RequestState } from '../http/request-context.ts'
import type { CountResetRequest } from '../http/reset-requests.ts'
import type { SignInForm } from '../http/sign-in-form.ts'
import type { SignIns } from '../http/sign-ins.ts'
import type { Upstream } from '../http/upstream.ts'
import type { Render } from '../http/views.ts'
import { createAccountMails } from './account-mails.ts'
import { createAccountPages } from './account-pages.ts'
import { createAccountSessionPages } from './account-session-pages.ts'
import { createArchitecturePages } from './architecture-pages.ts'
import { createAuditPages } from './audit-pages.ts'
import { createConnectPage } from './connect-page.ts'
import { createConnectionCheckPage } from './connection-check-page.ts'
import { createForgottenPasswordPages } from './forgotten-password-pages.ts'
import { createFreshSignIn } from './fresh-sign-in.ts'
import { createHomePage } from './home-page.ts'
import { createInvitationPage } from './invitation-page.ts'
import { createInvitePages } from './invite-pages.ts'
import { createMemberChangePages } from './member-change-pages.ts'
import { createMemberPages } from './member-pages.ts'
import { createNewOrganizationPage } from './new-organization-page.ts'
import { createOrganizationDeletionPages } from './organization-deletion-pages.ts'
import { createOrganizationPage } from './organization-page.ts'
import { createOrganizationSettingsPage } from './organization-settings-page.ts'
import { createPasskeyPages } from './passkey-pages.ts'
import { createOrganizationSignInPage } from './organization-sign-in-page.ts'
import { addDiagramRoutes, type DiagramRouteDeps } from './diagram-routes.ts'
import { addServiceAccountRoutes, type ServiceAccountRouteDeps } from './service-account-routes.ts'
import { createSessionBlockPages } from './session-block-pages.ts'
import { createSessionPages } from './session-pages.ts'
import { createSessionRevocationPages } from './session-revocation-pages.ts'
import { createSessionScopes } from './session-scopes.ts'
import { createSetupPage } from './setup-page.ts'
import { createSignInPages } from './sign-in-pages.ts'
import { createSignInSettingsPages } from './sign-in-settings-pages.ts'
import { createTokenSessions } from './token-sessions.ts'
import { createUpstreamPages } from './upstream-pages.ts'
import { createViewers } from './viewer.ts'

export interface DashboardDeps extends ServiceAccountRouteDeps, DiagramRouteDeps {
  /** The one configured origin. */
  publicUrl: string
  render: Render
  csrf: Csrf
  signIns: SignIns
  signInForm: SignInForm
  credentials: CredentialCheck
  upstream: Upstream
  organizationSignIns: OrganizationSignIns
  providedAccounts: ProvidedAccounts
  signInRecord: SignInRecord
  /** The operator's. */
  signInProvider: SignInProvider | undefined
  passkeyCeremonies: PasskeyCeremonies
  users: Users
  members: Members
  memberChanges: MemberChanges
  invitations: Invitations
  invitationAcceptance: InvitationAcceptance
  invitationLimit: InvitationLimit
  mailer: Mailer
  organizationNames: OrganizationNames
  organizationDeletion: OrganizationDeletion
  /** Who makes further organizations: every user, or only whoever runs the server. */
  organizationCreation: 'anyone' | 'operator'
  organizationLimit: OrganizationLimit
  clientSessions: ClientSessions
  sessionBlocks: SessionBlocks
  auditLog: AuditLog
  accountSafety: AccountSafety
  passkeys: Passkeys
  passwordResets: PasswordResets
  countResetRequest: CountResetRequest
  firstRun: FirstRun
  architecture: Architecture
  apiTokens: ApiTokens
  trustedProxies: BlockList
  storeWarnings: () => Promise<string[]>
  now: () => number
}

type RoutedMiddleware = ReturnType<Router<RequestState>['routes']>

/** Every page and form that people use in a browser, but those inside an authorization. Other paths pass through. */
export function createDashboard(deps: DashboardDeps): RoutedMiddleware {
  const deletion = createOrganizationDeletionPages(deps)
  const { signedIn, signedInAnyhow, inOrganization, inAnyOrganization } = createViewers({
    ...deps,
    showDeleted: deletion.showDeleted,
  })
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
  const signInSettings = createSignInSettingsPages(deps)
  const freshSignIn = createFreshSignIn(deps)
  const { fresh } = freshSignIn
  const setup = createSetupPage(deps)
  const newOrganization = createNewOrganizationPage(deps)
  const connectionCheck = createConnectionCheckPage(deps)
  const organization = createOrganizationPage(deps)
  const settings = createOrganizationSettingsPage(deps)
  const sessionScopes = createSessionScopes(deps)
  const sessions = createSessionPages({ ...deps, sessionScopes, tokenSessions: createTokenSessions(deps) })
  const blocks = createSessionBlockPages({ ...deps, sessionScopes })
  const revocation = createSessionRevocationPages({ ...deps, sessionScopes })
  const revokeInOrganization = inOrganization((ctx, viewer) =>
    revocation.submit(ctx, viewer, sessionScopes.ofOrganization(viewer)),
  )
  const accountMails = createAccountMails(deps)
  const forgottenPassword = createForgottenPasswordPages({ ...deps, accountMails })
  const account = createAccountPages({ ...deps, accountMails })
  const passkeys = createPasskeyPages(deps)
  const accountSessions = createAccountSessionPages({ ...deps, sessionScopes })
  const revokeOwn = signedIn((ctx, viewer) => revocation.submit(ctx, viewer, sessionScopes.ofAccount(viewer)))
  const architecture = createArchitecturePages(deps)
  const invitation = createInvitationPage(deps)
  const invite = createInvitePages(deps)
  const memberChange = createMemberChangePages(deps)
  const audit = createAuditPages(deps)

  const router = new Router<RequestState>({ strict: true })
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
    .get('/', signedInAnyhow(createHomePage(deps)))
    .get('/account', signedIn(account.show))
    .post('/account/profile', signedIn(account.rename))
    .post('/account/password', signedIn(account.changePassword))
    .get('/account/passkeys/new', signedIn(fresh(passkeys.offer)))
    .get('/account/passkeys/options', signedIn(fresh(passkeys.options)))
    .post('/account/passkeys', signedIn(fresh(passkeys.add)))
    .post('/account/passkeys/:id/rename', signedIn(passkeys.rename))
    .post('/account/passkeys/:id/remove', signedIn(fresh(passkeys.remove)))
    .get('/account/sessions', signedIn(accountSessions.show))
    .get(
      '/account/sessions/revoke',
      signedIn((ctx, viewer) => revocation.confirm(ctx, sessionScopes.ofAccount(viewer))),
    )
    .post('/account/sessions/revoke', revokeOwn)
    .post('/account/sessions/:id/revoke', revokeOwn)
    .get('/account/organizations/new', signedIn(newOrganization.show))
    .post('/account/organizations/new', signedIn(newOrganization.submit))
    .post('/account/sign-ins/end', signedIn(accountSessions.signOutEverywhere))
    .post('/account/sign-ins/:uid/end', signedIn(accountSessions.endSignIn))
    .get('/organizations/:slug', inOrganization(organization.show))
    .get('/organizations/:slug/settings', inOrganization(settings.show))
    .post('/organizations/:slug/settings', inOrganization(fresh(settings.rename)))
    .get('/organizations/:slug/settings/delete', inOrganization(fresh(deletion.confirm)))
    .post('/organizations/:slug/settings/delete', inOrganization(fresh(deletion.submit)))
    .get('/organizations/:slug/settings/sign-in', inOrganization(signInSettings.show))
    .post('/organizations/:slug/settings/sign-in/domain', inOrganization(fresh(signInSettings.setDomain)))
    .post('/organizations/:slug/settings/sign-in/verify', inOrganization(fresh(signInSettings.verify)))
    .post('/organizations/:slug/settings/sign-in/provider', inOrganization(fresh(signInSettings.connect)))
    .post('/organizations/:slug/settings/sign-in/remove', inOrganization(fresh(signInSettings.remove)))
    .post('/organizations/:slug/restore', inAnyOrganization(deletion.restore))
    .post('/organizations/:slug/sample', inOrganization(organization.importSample))
    .get('/organizations/:slug/connect', inOrganization(createConnectPage(deps)))
    .get('/organizations/:slug/connect/check', inOrganization(connectionCheck.show))
    .post('/organizations/:slug/connect/check', inOrganization(connectionCheck.run))
    .get('/organizations/:slug/sessions', inOrganization(sessions))
    .get(
      '/organizations/:slug/sessions/revoke',
      inOrganization((ctx, viewer) => revocation.confirm(ctx, sessionScopes.ofOrganization(viewer))),
    )
    .get('/organizations/:slug/sessions/block', inOrganization(blocks.confirm))
    .post('/organizations/:slug/sessions/block', inOrganization(blocks.submit))
    .post('/organizations/:slug/sessions/blocks/:id/lift', inOrganization(blocks.lift))
    .post('/organizations/:slug/sessions/revoke', revokeInOrganization)
    .post('/organizations/:slug/sessions/:id/revoke', revokeInOrganization)
    .get('/organizations/:slug/members', inOrganization(createMemberPages(deps)))
    .get('/organizations/:slug/members/invite', inOrganization(invite.show))
    .post('/organizations/:slug/members/invite', inOrganization(fresh(invite.submit)))
    .post('/organizations/:slug/members/invitations/:id/renew', inOrganization(fresh(invite.renew)))
    .post('/organizations/:slug/members/invitations/:id/revoke', inOrganization(invite.revoke))
    .get(
      '/organizations/:slug/members/leave',
      inOrganization((ctx, viewer) => memberChange.confirmLeaving(ctx, viewer)),
    )
    .post('/organizations/:slug/members/leave', inOrganization(memberChange.leave))
    .get('/organizations/:slug/members/:id', inOrganization(memberChange.show))
    .post('/organizations/:slug/members/:id/role', inOrganization(fresh(memberChange.changeRole)))
    .post('/organizations/:slug/members/:id/remove', inOrganization(fresh(memberChange.remove)))
    .get('/invitations/:token', invitation.show)
    .post('/invitations/:token', invitation.submit)
    .post('/invitations/:token/switch', invitation.switchAccount)
    .get('/organizations/:slug/audit-log', inOrganization(audit.show))
    .get('/organizations/:slug/audit-log.csv', inOrganization(audit.exportAs('csv')))
    .get('/organizations/:slug/audit-log.jsonl', inOrganization(audit.exportAs('jsonl')))
    .post('/organizations/:slug/audit-log/retention', inOrganization(fresh(audit.changeRetention)))
    .get('/organizations/:slug/architecture', inOrganization(architecture.list))

  addServiceAccountRoutes(router, { inOrganization, fresh }, deps)
  addDiagramRoutes(router, { inOrganization }, deps)
  router.get('/organizations/:slug/architecture/:ref', inOrganization(architecture.show))

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
