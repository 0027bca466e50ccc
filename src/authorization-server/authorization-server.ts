import { Router } from '@koa/router'
import type { Middleware } from 'koa'
import type { Configuration } from 'oidc-provider'
import type { AuditLog } from '../domain/audit-log.ts'
import type { ClientSessions } from '../domain/client-sessions.ts'
import type { IdentityExchange } from '../domain/identity-exchange.ts'
import type { Members } from '../domain/members.ts'
import type { OrganizationSignIns } from '../domain/organization-sign-in.ts'
import type { Organizations } from '../domain/organizations.ts'
import type { Secrets } from '../domain/secrets.ts'
import type { SessionBlocks } from '../domain/session-blocks.ts'
import type { SignInProvider } from '../domain/sign-in-provider.ts'
import type { Users } from '../domain/users.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import type { Csrf } from '../http/csrf.ts'
import type { RequestState } from '../http/request-context.ts'
import type { SignInForm } from '../http/sign-in-form.ts'
import type { SignIns } from '../http/sign-ins.ts'
import type { Render } from '../http/views.ts'
import type { Store } from '../storage/contract.ts'
import { createFindAccount, createFindResourceOwner } from './accounts.ts'
import { authorizationRequest } from './authorization-request.ts'
import { createRenderError, keepOutageAnswers } from './error-pages.ts'
import { codeExchange } from './code-exchange.ts'
import { createConsentStep } from './consent-step.ts'
import { createGrantSession } from './grant-session.ts'
import { createInteractions } from './interactions.ts'
import { createSignInStep } from './sign-in-step.ts'
import { authorizationServerMetadata } from './metadata.ts'
import { protocolErrors } from './protocol-errors.ts'
import { createProvider } from './provider.ts'
import { refreshRotation } from './refresh-rotation.ts'
import { refusedRefreshes } from './refused-refreshes.ts'
import { registrationRequest } from './registration-request.ts'
import { endContexts } from './request-contexts.ts'
import { hideSignedOut } from './signed-out-sessions.ts'
import { createSignIns } from './sign-ins.ts'
import { loadSigningKeys } from './signing-keys.ts'
import { createFlights } from './single-flight.ts'
import { createStorageAdapter, translateErrors } from './storage-adapter.ts'
import { tokenExchange } from './token-exchange.ts'
import { tokenRequest } from './token-request.ts'

export interface AuthorizationServerDeps {
  publicUrl: string
  clientMetadataDocuments: boolean
  store: Store
  secrets: Secrets
  users: Users
  members: Members
  organizations: Organizations
  organizationSignIns: OrganizationSignIns
  /** Who makes further organizations: every user, or only whoever runs the server. */
  organizationCreation: 'anyone' | 'operator'
  clientSessions: ClientSessions
  auditLog: AuditLog
  identityExchange: IdentityExchange
  sessionBlocks: SessionBlocks
  credentials: CredentialCheck
  /** The operator's, offered beside the password. */
  signInProvider: SignInProvider | undefined
  csrf: Csrf
  signInForm: SignInForm
  render: Render
  isAllowedOrigin: (origin: string) => boolean
  /** How client ID metadata documents are fetched; the options carry the SSRF guard and must be passed on. */
  fetch: NonNullable<Configuration['fetch']>
  now: () => number
}

export interface AuthorizationServer {
  signIns: SignIns
  /** Our checks of requests that oidc-provider serves later; they fall through to it. */
  requests: Router<RequestState>
  /** The sign-in and consent pages. */
  interactions: Router<RequestState>
  /** oidc-provider itself. It ends every request it matches, so it comes last. */
  protocol: Middleware<RequestState>[]
}

/** Builds the OAuth 2.1 authorization server. */
export async function createAuthorizationServer(deps: AuthorizationServerDeps): Promise<AuthorizationServer> {
  const { publicUrl, store, secrets, render, now } = deps
  const { artifacts, limiter } = store
  const findResourceOwner = createFindResourceOwner(deps)
  const findAccount = createFindAccount(findResourceOwner)
  const provider = createProvider({
    ...deps,
    limiter,
    secure: publicUrl.startsWith('https:'),
    adapter: hideSignedOut(createStorageAdapter({ artifacts, now }), deps),
    signingKeys: await loadSigningKeys({ documents: store.documents, secrets }),
    findAccount: (...request) => translateErrors(async () => findAccount(...request)),
    renderError: createRenderError({ render }),
  })

  const flights = createFlights({ artifacts, now })
  const exchange = codeExchange({ ...deps, artifacts, flights })
  const rotation = refreshRotation({ ...deps, artifacts, limiter, flights, findResourceOwner })
  const refused = refusedRefreshes({ ...deps, artifacts, limiter, findResourceOwner })
  const requests = new Router<RequestState>()
    .get(
      ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
      authorizationServerMetadata(),
    )
    .get(['/oauth/authorize', '/oauth/authorize/:uid'], keepOutageAnswers())
    .get('/oauth/authorize', authorizationRequest({ publicUrl, render }))
    .all('/oauth/register', protocolErrors(), registrationRequest({ limiter }))
    .all(
      ['/oauth/token', '/oauth/revoke'],
      protocolErrors(),
      // Clients answer a 503 here with a new sign-in, so a short outage of the store is waited out.
      (_ctx, next) => store.patiently(next),
      tokenRequest({ ...deps, artifacts, limiter }),
      tokenExchange({ ...deps, limiter }),
      exchange,
      rotation,
      refused,
    )

  const signIns = createSignIns({ provider, artifacts, users: deps.users, now })
  const grantSession = createGrantSession({ ...deps, provider, artifacts })
  const interactions = createInteractions({
    ...deps,
    provider,
    signIns,
    signIn: createSignInStep({ ...deps, provider, signIns }),
    consent: createConsentStep({ ...deps, provider, artifacts, grantSession }),
  })

  const protocol = [endContexts(), ...(provider.middleware as Middleware<RequestState>[])]
  return { signIns, requests, interactions, protocol }
}
