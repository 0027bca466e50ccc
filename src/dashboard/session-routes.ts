import type { Router } from '@koa/router'
import type { RequestState } from '../http/request-context.ts'
import { type AccountSessionPagesDeps, createAccountSessionPages } from './account-session-pages.ts'
import { createSessionBlockPages, type SessionBlockPagesDeps } from './session-block-pages.ts'
import { createSessionPages, type SessionPagesDeps } from './session-pages.ts'
import { createSessionRevocationPages, type SessionRevocationPagesDeps } from './session-revocation-pages.ts'
import { createSessionScopes, type SessionScopeDeps } from './session-scopes.ts'
import { createTokenSessions } from './token-sessions.ts'
import type { Viewers } from './viewer.ts'

export type SessionRouteDeps = SessionScopeDeps &
  Parameters<typeof createTokenSessions>[0] &
  Omit<
    AccountSessionPagesDeps & SessionBlockPagesDeps & SessionPagesDeps & SessionRevocationPagesDeps,
    'sessionScopes' | 'tokenSessions'
  >

/** Adds the pages about sessions, of an organization and of one's own account. */
export function addSessionRoutes(
  router: Router<RequestState>,
  { signedIn, inOrganization }: Pick<Viewers, 'signedIn' | 'inOrganization'>,
  deps: SessionRouteDeps,
): void {
  const sessionScopes = createSessionScopes(deps)
  const sessions = createSessionPages({ ...deps, sessionScopes, tokenSessions: createTokenSessions(deps) })
  const blocks = createSessionBlockPages({ ...deps, sessionScopes })
  const own = createAccountSessionPages({ ...deps, sessionScopes })
  const revocation = createSessionRevocationPages({ ...deps, sessionScopes })
  const revokeOwn = signedIn((ctx, viewer) => revocation.submit(ctx, viewer, sessionScopes.ofAccount(viewer)))
  const revokeInOrganization = inOrganization((ctx, viewer) =>
    revocation.submit(ctx, viewer, sessionScopes.ofOrganization(viewer)),
  )

  router
    .get('/account/sessions', signedIn(own.show))
    .get(
      '/account/sessions/revoke',
      signedIn((ctx, viewer) => revocation.confirm(ctx, sessionScopes.ofAccount(viewer))),
    )
    .post('/account/sessions/revoke', revokeOwn)
    .post('/account/sessions/:id/revoke', revokeOwn)
    .post('/account/sign-ins/end', signedIn(own.signOutEverywhere))
    .post('/account/sign-ins/:uid/end', signedIn(own.endSignIn))
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
}
