import { Router } from '@koa/router'
import type { Configuration, Provider } from 'oidc-provider'
import type { ClientSessions } from '../domain/client-sessions.ts'
import type { Members } from '../domain/members.ts'
import type { Secrets } from '../domain/secrets.ts'
import type { Users } from '../domain/users.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import type { Csrf } from '../http/csrf.ts'
import type { RequestState } from '../http/request-context.ts'
import { resourceIdentifier } from '../http/resource.ts'
import type { SignIns } from '../http/sign-ins.ts'
import type { Render } from '../http/views.ts'
import type { Store } from '../storage/contract.ts'
import { createFindAccount } from './accounts.ts'
import { authorizationRequest } from './authorization-request.ts'
import { createRenderError } from './error-pages.ts'
import { createConsentStep } from './consent-step.ts'
import { createGrantSession } from './grant-session.ts'
import { createInteractions } from './interactions.ts'
import { createSignInStep } from './sign-in-step.ts'
import { authorizationServerMetadata } from './metadata.ts'
import { protocolErrors } from './protocol-errors.ts'
import { createProvider } from './provider.ts'
import { registrationRequest } from './registration-request.ts'
import { createSignIns } from './sign-ins.ts'
import { loadSigningKeys } from './signing-keys.ts'
import { createStorageAdapter, translateErrors } from './storage-adapter.ts'
import { tokenRequest } from './token-request.ts'

export interface AuthorizationServerDeps {
  publicUrl: string
  clientMetadataDocuments: boolean
  store: Store
  secrets: Secrets
  users: Users
  members: Members
  clientSessions: ClientSessions
  credentials: CredentialCheck
  csrf: Csrf
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
  provider: Provider
}

/** Builds the OAuth 2.1 authorization server. */
export async function createAuthorizationServer(deps: AuthorizationServerDeps): Promise<AuthorizationServer> {
  const { publicUrl, store, secrets, render, now } = deps
  const { artifacts, limiter } = store
  const resource = resourceIdentifier(publicUrl)
  const findAccount = createFindAccount(deps)
  const provider = createProvider({
    ...deps,
    resource,
    limiter,
    secure: publicUrl.startsWith('https:'),
    adapter: createStorageAdapter({ artifacts, now }),
    signingKeys: await loadSigningKeys({ documents: store.documents, secrets }),
    findAccount: (...request) => translateErrors(async () => findAccount(...request)),
    renderError: createRenderError({ render }),
  })

  const requests = new Router<RequestState>()
    .get(
      ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'],
      authorizationServerMetadata(),
    )
    .get('/oauth/authorize', authorizationRequest({ resource, render }))
    .all('/oauth/register', protocolErrors(), registrationRequest({ limiter }))
    .all(
      ['/oauth/token', '/oauth/revoke'],
      protocolErrors(),
      // Clients answer a 503 here with a new sign-in, so a short outage of the store is waited out.
      (_ctx, next) => store.patiently(next),
      tokenRequest({ ...deps, resource, artifacts, limiter }),
    )

  const grantSession = createGrantSession({ ...deps, provider, resource, artifacts })
  const interactions = createInteractions({
    ...deps,
    provider,
    signIn: createSignInStep({ ...deps, provider }),
    consent: createConsentStep({ ...deps, provider, artifacts, grantSession }),
  })

  return {
    signIns: createSignIns({ provider, users: deps.users }),
    requests,
    interactions,
    provider,
  }
}
