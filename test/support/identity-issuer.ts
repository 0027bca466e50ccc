import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { ProviderFetch } from '../../src/upstream/public-fetch.ts'

export type IdentityIssuer = Awaited<ReturnType<typeof startIdentityIssuers>>

/** Undefined leaves one out. */
export type Claims = Record<string, unknown>

export const githubIssuer = 'https://token.actions.githubusercontent.com'
export const gitlabIssuer = 'https://gitlab.com'

/** What GitHub Actions says of a push to the main branch of acme/shop. */
export const githubClaims = {
  sub: 'repo:acme/shop:ref:refs/heads/main',
  repository: 'acme/shop',
  repository_id: '74',
  repository_owner_id: '65',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  event_name: 'push',
}

/** What GitLab says of a push to the main branch of acme/platform/shop. */
export const gitlabClaims = {
  sub: 'project_path:acme/platform/shop:ref_type:branch:ref:main',
  project_path: 'acme/platform/shop',
  project_id: '22',
  namespace_id: '72',
  ref: 'main',
  ref_type: 'branch',
  ref_protected: 'true',
  pipeline_source: 'push',
}

/** CI systems that sign identity tokens, on loopback: every issuer there is, with one set of keys. */
export async function startIdentityIssuers(now: () => number) {
  const requests: string[] = []
  let key = await makeKey('first')
  let isDown = false
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const issuer = searchParams.get('of') ?? ''
    requests.push(`${issuer}${pathname}`)
    if (isDown) return response.writeHead(502).end()
    const document = pathname.endsWith('/keys')
      ? { keys: [key.published] }
      : { issuer, jwks_uri: `${issuer}/keys` }
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  /** As if every issuer were a name of the public internet. */
  const publicFetch: ProviderFetch = (url, request) => {
    const target = new URL(url)
    return fetch(`${origin}${target.pathname}?of=${encodeURIComponent(target.origin)}`, request)
  }

  let count = 0
  /** Signs an identity token for the audience, made now and good for five minutes. @param header for tokens that are wrong */
  async function sign(
    claims: Claims,
    { header = {}, signedWith = key.private }: { header?: object; signedWith?: CryptoKey | Uint8Array } = {},
  ): Promise<string> {
    const seconds = Math.floor(now() / 1000)
    const times = { iat: seconds, nbf: seconds, exp: seconds + 300 }
    return new SignJWT({ iss: githubIssuer, jti: `token-${++count}`, ...times, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: key.published.kid, ...header })
      .sign(signedWith)
  }

  return {
    requests,
    publicFetch,
    sign,
    publicKey: () => key.published,
    async rotate(kid: string) {
      key = await makeKey(kid)
    },
    fail: (down: boolean) => void (isDown = down),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

async function makeKey(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  return {
    private: privateKey,
    published: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' },
  }
}
