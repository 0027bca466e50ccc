import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import type { ProviderFetch } from '../../src/upstream/public-fetch.ts'
import { type Browser, createBrowser, type Page } from './browser.ts'

/** Who signs in at the upstream provider, without being asked anything. */
export interface UpstreamPerson {
  sub: string
  email?: string
  email_verified?: boolean
  name?: string
}

export const upstreamClient = { id: 'opentrace', secret: 'a-client-secret-of-the-upstream' }

export type UpstreamProvider = Awaited<ReturnType<typeof startUpstreamProvider>>

/**
 * Another OpenID Connect provider on loopback; down (503) until `serve` tells where its client is.
 * @param issuer what it calls itself, reached through `fetch`; absent: its address
 */
export async function startUpstreamProvider(issuer?: string) {
  let person: UpstreamPerson = { sub: 'nobody' }
  let provider: Provider | undefined
  const requests: { path: string; authorization: string | undefined }[] = []
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/'
    requests.push({ path, authorization: request.headers.authorization })
    if (!provider) response.writeHead(503).end()
    else if (path.startsWith('/interaction/')) {
      await provider.interactionFinished(request, response, { login: { accountId: person.sub } })
    } else await provider.callback()(request, response)
  }

  /** Names where the one client there is gets its answers. */
  function serve(redirectUri: string): void {
    provider = createProvider(issuer ?? origin, redirectUri, () => person)
  }

  /** Goes to the provider and signs in there; gives the way back, which is not taken yet. */
  async function visit(location: string, visitor: Browser = createBrowser(origin)): Promise<Page> {
    const { pathname, search } = new URL(location)
    return visitor.open(origin + pathname + search)
  }

  /** As if `issuer` were a name of the public internet. */
  const fetchAsPublic: ProviderFetch = (url, { headers, ...request }) => {
    const { host, pathname, search } = new URL(url)
    return fetch(origin + pathname + search, {
      ...request,
      headers: { ...headers, 'x-forwarded-proto': 'https', 'x-forwarded-host': host },
    })
  }

  return {
    issuer: issuer ?? origin,
    origin,
    requests,
    serve,
    visit,
    fetch: fetchAsPublic,
    signInAs: (other: UpstreamPerson) => void (person = other),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

function createProvider(issuer: string, redirectUri: string, person: () => UpstreamPerson): Provider {
  const provider = new Provider(issuer, {
    clients: [
      { client_id: upstreamClient.id, client_secret: upstreamClient.secret, redirect_uris: [redirectUri] },
    ],
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...person(), sub }) }),
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    scopes: ['openid', 'email', 'profile'],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    // Its people are not asked what they share.
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc
      const grant = new provider.Grant({
        clientId: client?.clientId ?? '',
        accountId: session?.accountId ?? '',
      })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    cookies: { keys: ['a key of the upstream provider'] },
  })
  provider.proxy = true
  return provider
}
