import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  type CustomFetch,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client'
import { sha256 } from '../domain/identifiers.ts'
import { providerKey, type SignInProvider } from '../domain/sign-in-provider.ts'
import { UpstreamUnavailable } from '../http/upstream.ts'
import type { ProviderFetch } from './public-fetch.ts'

export interface ProviderClientsDeps {
  /** Asks the operator's provider, which may be anywhere. */
  fetch: ProviderFetch
  /** Asks providers of organizations, and no host that is not public. */
  publicFetch: ProviderFetch
  now: () => number
}

/** openid-client for each provider: what it says of itself is asked when it is first needed, and again after an hour. */
export type ProviderClients = (provider: SignInProvider) => Promise<Configuration>

const lifetime = 60 * 60 * 1000
const timeoutSeconds = 5

/** @throws {UpstreamUnavailable} from the function it returns, while a provider cannot be asked */
export function createProviderClients({ fetch, publicFetch, now }: ProviderClientsDeps): ProviderClients {
  const cache = new Map<string, { client: Promise<Configuration>; until: number }>()

  async function discover(provider: SignInProvider): Promise<Configuration> {
    const issuer = new URL(provider.issuer)
    const client = await discovery(
      issuer,
      provider.clientId,
      { client_secret: provider.clientSecret },
      authentication(provider.clientSecret),
      {
        [customFetch]: failingClearly(provider, provider.organization ? publicFetch : fetch),
        timeout: timeoutSeconds,
        execute: [
          // OpenID Connect Core §3.1.3.7 lets TLS stand for the signature; plain http on loopback has none.
          enableNonRepudiationChecks,
          ...(issuer.protocol === 'http:' && !provider.organization ? [allowInsecureRequests] : []),
        ],
      },
    )
    // The library lets two well-known providers name another issuer than asked: one that any of their tenants may use.
    if (client.serverMetadata().issuer !== provider.issuer) {
      throw new UpstreamUnavailable(
        `${provider.name} calls itself ${client.serverMetadata().issuer}, which is not the issuer that is set here.`,
      )
    }
    return client
  }

  return (provider) => {
    const { issuer, clientId, clientSecret } = provider
    const key = JSON.stringify([providerKey(provider), issuer, clientId, sha256(clientSecret)])
    const cached = cache.get(key)
    if (cached && cached.until > now()) return cached.client
    for (const [old, { until }] of cache) if (until <= now()) cache.delete(old)
    const client = discover(provider)
    cache.set(key, { client, until: now() + lifetime })
    // A provider that is down is asked again the next time.
    client.catch(() => cache.delete(key))
    return client
  }
}

/** OpenID Connect Core §9: in the header, unless the provider names only the way in the body. */
function authentication(clientSecret: string): ClientAuth {
  const basic = ClientSecretBasic(clientSecret)
  const post = ClientSecretPost(clientSecret)
  return (server, ...request) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const chosen = methods.includes('client_secret_basic') ? basic : post
    chosen(server, ...request)
  }
}

/** No answer, or one that says it is the server's fault, means that the provider is down, whatever was asked. */
function failingClearly(provider: SignInProvider, fetch: ProviderFetch): CustomFetch {
  const unavailable = (cause: unknown) =>
    new UpstreamUnavailable(`${provider.name} cannot be reached right now.`, { cause })
  return async (url, { body, signal = null, ...options }) => {
    // The library sends forms, or nothing.
    const request = { ...options, signal, body: body instanceof URLSearchParams ? body.toString() : null }
    const response = await fetch(url, request).catch((error: unknown) => {
      throw unavailable(error)
    })
    if (response.status >= 500) throw unavailable(new Error(`${url} answered ${response.status}`))
    return response
  }
}
