import { type Adapter, type Configuration, errors, interactionPolicy, Provider } from 'oidc-provider'
import { addressGroup } from '../domain/address-network.ts'
import { type ClientSessions, clientSessionLifetimeSeconds } from '../domain/client-sessions.ts'
import type { Secrets } from '../domain/secrets.ts'
import { scopes } from '../domain/principal.ts'
import { hasPublicHost } from '../domain/public-host.ts'
import type { Context } from '../http/request-context.ts'
import { parseResource, resourceIdentifier } from '../http/resource.ts'
import type { Limiter } from '../storage/contract.ts'
import { pinnedClients } from './clients.ts'
import { refuseRedirectUri } from './redirect-uris.ts'
import { knownScopes } from './resource-indicator.ts'
import { sessionCookie, signInLifetimeSeconds } from './sign-ins.ts'
import type { SigningKeys } from './signing-keys.ts'
import { translateErrors } from './storage-adapter.ts'

/** Claude Code refreshes 300 s before expiry, so anything near that would mean a refresh for each call. */
export const accessTokenLifetimeSeconds = 30 * 60
/** A session that is not used for this long must sign in again. */
export const refreshTokenLifetimeSeconds = 30 * 24 * 60 * 60
/** Claude Code waits five minutes for the whole interaction; a person at another client may take longer. */
const interactionLifetimeSeconds = 15 * 60

export interface ProviderDeps {
  publicUrl: string
  secure: boolean
  adapter: (model: string) => Adapter
  signingKeys: SigningKeys
  secrets: Secrets
  findAccount: NonNullable<Configuration['findAccount']>
  renderError: NonNullable<Configuration['renderError']>
  clientSessions: ClientSessions
  limiter: Limiter
  clientMetadataDocuments: boolean
  isAllowedOrigin: (origin: string) => boolean
  fetch: NonNullable<Configuration['fetch']>
}

/** oidc-provider as an OAuth 2.1 authorization server: the code flow with S256 for public clients, and nothing else. */
export function createProvider(deps: ProviderDeps): Provider {
  return new Provider(deps.publicUrl, {
    adapter: deps.adapter,
    jwks: deps.signingKeys,
    clients: deps.clientMetadataDocuments ? pinnedClients() : [],
    findAccount: deps.findAccount,
    renderError: deps.renderError,
    fetch: deps.fetch,
    clientBasedCORS: (_ctx, origin) => deps.isAllowedOrigin(origin),
    cookies: {
      keys: deps.secrets.keysFor('cookies'),
      names: {
        session: deps.secure ? '__Host-session' : 'session',
        interaction: 'interaction',
        resume: 'resume',
      },
      long: sessionCookie(deps.secure),
      short: { signed: true, httpOnly: true, sameSite: 'lax', secure: deps.secure, overwrite: true },
    },
    routes: {
      authorization: '/oauth/authorize',
      token: '/oauth/token',
      registration: '/oauth/register',
      revocation: '/oauth/revoke',
      jwks: '/oauth/jwks',
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}`, policy: policy() },
    features: features(deps),
    responseTypes: ['code'],
    scopes: [...knownScopes],
    clientAuthMethods: ['none'],
    clientDefaults: {
      // Without it a missing type means `web`: exact ports, which no loopback client keeps.
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      // No ID token is issued, but the library checks that it could sign one.
      id_token_signed_response_alg: 'ES256',
    },
    // RFC 9700 §2.1.1: not only for public clients.
    pkce: { required: () => true },
    // OAuth 2.1 §4.1.3 binds the code to the redirect URI that was really used.
    allowOmittingSingleRegisteredRedirectUri: false,
    // By grant type, not by `offline_access`: clients that ask only the challenged scope need to refresh too.
    issueRefreshToken: (_ctx, client) => Promise.resolve(client.grantTypeAllowed('refresh_token')),
    rotateRefreshToken: true,
    // Signing out of the dashboard must not sign out the command line.
    expiresWithSession: () => Promise.resolve(false),
    // One Grant for each authorization. The library's default reuses the browser session's, so that revoking one
    // machine would sign out the other.
    loadExistingGrant: (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId
      return grantId === undefined ? Promise.resolve(undefined) : ctx.oidc.provider.Grant.find(grantId)
    },
    // Whatever makes the library revoke a grant ends the client session; ours goes first and writes down why.
    revokeGrantPolicy: async (ctx) => {
      const { AccessToken, RefreshToken } = ctx.oidc.entities
      // A replayed code is no entity yet when its grant is revoked.
      const code = ctx.oidc.params?.['code']
      const source =
        RefreshToken ??
        AccessToken ??
        (typeof code === 'string' ? await ctx.oidc.provider.AuthorizationCode.find(code) : undefined)
      const grantId = source?.grantId
      if (grantId !== undefined) {
        const kind = ctx.oidc.route === 'revocation' ? 'client' : 'replay'
        await translateErrors(() => deps.clientSessions.end(grantId, { kind }))
      }
      return true
    },
    ttl: {
      AccessToken: accessTokenLifetimeSeconds,
      AuthorizationCode: 60,
      Grant: clientSessionLifetimeSeconds,
      Interaction: interactionLifetimeSeconds,
      RefreshToken: refreshTokenLifetimeSeconds,
      Session: signInLifetimeSeconds,
    },
  })
}

function features({
  publicUrl,
  limiter,
  clientMetadataDocuments,
}: ProviderDeps): NonNullable<Configuration['features']> {
  return {
    clientIdMetadataDocument: {
      enabled: clientMetadataDocuments,
      ack: 'draft-02',
      allowFetch: (ctx, clientId) => translateErrors(() => allowFetch(limiter, ctx, clientId)),
      allowClient: (_ctx, client) =>
        Promise.resolve((client.redirectUris ?? []).every((uri) => refuseRedirectUri(uri) === undefined)),
    },
    registration: { enabled: true, issueRegistrationAccessToken: false },
    revocation: {
      enabled: true,
      // RFC 7009 §2.1: a client revokes its own tokens only.
      allowedPolicy: (_ctx, client, token) => Promise.resolve(token.clientId === client.clientId),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => Promise.resolve(resourceIdentifier(publicUrl)),
      useGrantedResource: () => Promise.resolve(true),
      getResourceServerInfo: (ctx, requested) => {
        // One client session works in one organization, so its tokens have one audience.
        if (Array.isArray(ctx.oidc.params?.['resource']))
          throw new errors.InvalidTarget('name one resource only')
        if (!parseResource(publicUrl, requested)) throw new errors.InvalidTarget()
        return Promise.resolve({
          scope: scopes.join(' '),
          audience: requested,
          accessTokenFormat: 'opaque',
          accessTokenTTL: accessTokenLifetimeSeconds,
        })
      },
    },
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
  }
}

/**
 * Whether a client's metadata document may be fetched: not from a literal address or a local name (the library checks
 * resolved addresses only after connecting, which still tells open ports), and not without limit.
 */
async function allowFetch(limiter: Limiter, ctx: Context, clientId: string): Promise<boolean> {
  if (!hasPublicHost(new URL(clientId))) return false
  const [mine, everybodys] = await Promise.all([
    limiter.hit(`cimd:${addressGroup(ctx.state.address)}`, { limit: 10, windowSeconds: 60 }),
    limiter.hit('cimd', { limit: 60, windowSeconds: 60 }),
  ])
  return mine.allowed && everybodys.allowed
}

/** Sign-in as the library asks for it; then, always, the page where organization and permissions are chosen. */
function policy() {
  const prompts = interactionPolicy.base()
  const consent = new interactionPolicy.Prompt(
    { name: 'consent', requestable: true },
    new interactionPolicy.Check(
      'organization_required',
      'an organization must be chosen',
      'interaction_required',
      (ctx) =>
        ctx.oidc.result?.consent?.grantId === undefined
          ? interactionPolicy.Check.REQUEST_PROMPT
          : interactionPolicy.Check.NO_NEED_TO_PROMPT,
    ),
  )
  prompts.remove('consent')
  prompts.add(consent)
  return prompts
}
