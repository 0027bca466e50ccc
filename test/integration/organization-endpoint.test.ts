import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createBrowser } from '../support/browser.ts'
import {
  authorizationUrl,
  authorize,
  callTool,
  exchangeFields,
  pkce,
  post,
  refresh,
  register,
  signIn,
  signInAt,
} from '../support/oauth-client.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const acmePath = '/o/acme/mcp/v1'
const globexPath = '/o/globex/mcp/v1'

const stores: { name: string; skip: string | false; start: () => ReturnType<typeof startRedis> }[] = [
  { name: 'the embedded store', skip: false, start: async () => undefined },
  { name: 'Redis', skip: redisSkipReason(), start: () => startRedis() },
]

/** A page without what differs between any two authorizations, and without the names of the organizations here. */
function withoutNames(html: string): string {
  return html.replaceAll(/initech|globex/g, 'X').replaceAll(/(value|nonce|action)="[^"]*"/g, '')
}

for (const store of stores) {
  describe(`The MCP endpoint of one organization, on ${store.name}`, { skip: store.skip }, () => {
    let redis: Awaited<ReturnType<typeof startRedis>>
    let server: TestServer

    before(async () => {
      redis = await store.start()
      server = await startServer({ redisUrl: redis?.url })
      await populate(server)
    })
    after(async () => {
      await server.stop()
      await redis?.stop()
    })

    /** Tokens of ada for the endpoint at a path. */
    function tokensAt(path: string, organization: string) {
      return signIn(server.origin, { organization, parameters: { resource: server.origin + path } })
    }

    /** The page after signing in to an authorization for the endpoint at a path. */
    async function consentPage(path: string, email: string) {
      const browser = createBrowser(server.origin)
      const url = authorizationUrl(server.origin, {
        client_id: await register(server.origin),
        code_challenge: pkce().challenge,
        resource: server.origin + path,
      })
      return { browser, page: await signInAt(browser, await browser.open(url), email) }
    }

    it('has protected resource metadata of its own, at the inserted path (RFC 9728 §3.1), with its URL as resource', async () => {
      const answer = await fetch(`${server.origin}/.well-known/oauth-protected-resource${acmePath}`)
      const document = (await answer.json()) as Record<string, unknown>
      assert.equal(document['resource'], server.origin + acmePath)
      assert.deepEqual(document['authorization_servers'], [server.origin])
      assert.equal(answer.headers.get('access-control-allow-origin'), '*')
    })

    it('challenges with the metadata of this URL, whether there is such an organization or not', async () => {
      for (const path of [acmePath, '/o/no-such-organization/mcp/v1']) {
        const response = await callTool(server.origin, 'x', 'whoami', {}, path)
        assert.equal(response.status, 401)
        const expected = `resource_metadata="${server.origin}/.well-known/oauth-protected-resource${path}"`
        assert.ok(response.headers.get('www-authenticate')?.includes(expected))
        const metadata = await fetch(`${server.origin}/.well-known/oauth-protected-resource${path}`)
        assert.equal(metadata.status, 200)
      }
    })

    it('is nowhere else: no other spelling of the path, no slug that cannot be one', async () => {
      for (const path of [
        '/o/Acme/mcp/v1',
        '/o/%61cme/mcp/v1',
        '/o/acme/mcp/v1/',
        '/o//mcp/v1',
        '/o/acme/mcp',
      ]) {
        assert.equal((await callTool(server.origin, 'x', 'whoami', {}, path)).status, 404, path)
        const metadata = await fetch(`${server.origin}/.well-known/oauth-protected-resource${path}`)
        assert.equal(metadata.status, 404, path)
      }
    })

    it('keeps the rules of the other endpoint for methods and origins', async () => {
      for (const method of ['GET', 'DELETE', 'OPTIONS']) {
        for (const origin of [server.origin, 'https://evil.example']) {
          const [here, there] = await Promise.all(
            [acmePath, '/mcp/v1'].map(async (path) => {
              const { status, headers } = await fetch(server.origin + path, { method, headers: { origin } })
              return [status, headers.get('allow'), headers.get('access-control-allow-origin')]
            }),
          )
          assert.deepEqual(here, there, `${method} from ${origin}`)
        }
      }
    })

    it('shows its organization fixed on the consent page, and its tokens work there', async () => {
      const { page } = await consentPage(acmePath, 'ada@example.com')
      assert.match(page.html, /<input type="hidden" name="organization" value="acme">/)
      assert.doesNotMatch(page.html, /Globex|type="radio"/)
      const tokens = await tokensAt(acmePath, 'acme')
      const answer = await callTool(server.origin, tokens.access_token, 'whoami', {}, acmePath)
      assert.equal(answer.status, 200)
      assert.match(await answer.text(), /"slug":"acme"/)
    })

    it('refuses another organization posted by hand', async () => {
      const { browser, page } = await consentPage(acmePath, 'ada@example.com')
      const refused = await browser.submit(page, { organization: 'globex', decision: 'allow' })
      assert.equal(refused.status, 403)
      assert.ok(refused.url.startsWith(server.origin))
    })

    it('tells whoever is not a member what to do, in the same words as for an organization that is not there', async () => {
      const { browser, page } = await consentPage(globexPath, 'mel@example.com')
      assert.match(page.html, /You are not a member of “globex”/)
      assert.match(page.html, /invite <strong>mel@example.com<\/strong>/)
      const { page: unknown } = await consentPage('/o/initech/mcp/v1', 'mel@example.com')
      assert.equal(withoutNames(unknown.html), withoutNames(page.html))
      const forced = await browser.submit(page, { organization: 'globex', decision: 'allow' })
      assert.equal(forced.status, 403)
      const cancelled = await browser.submit(page, { decision: 'deny' })
      assert.equal(new URL(cancelled.url).searchParams.get('error'), 'access_denied')
    })

    it('refuses tokens of other endpoints with its own challenge, as the others refuse its tokens (RFC 8707 §2)', async () => {
      const paths = [acmePath, globexPath, '/mcp/v1']
      const tokens = [
        await tokensAt(acmePath, 'acme'),
        await tokensAt(globexPath, 'globex'),
        await tokensAt('/mcp/v1', 'acme'),
      ]
      for (const [owner, { access_token }] of tokens.entries()) {
        for (const [place, path] of paths.entries()) {
          const answer = await callTool(server.origin, access_token, 'whoami', {}, path)
          assert.equal(answer.status, owner === place ? 200 : 401, `${paths[owner]} at ${path}`)
          const challenge = answer.headers.get('www-authenticate') ?? `oauth-protected-resource${path}"`
          assert.ok(challenge.includes(`oauth-protected-resource${path}"`), challenge)
        }
      }
    })

    it('does not let a refresh token or a code change its endpoint, and spends neither', async () => {
      const resource = server.origin + acmePath
      const elsewhere = { resource: server.origin + globexPath }
      const grant = await authorize(server.origin, { parameters: { resource } })
      const token = `${server.origin}/oauth/token`
      const wrong = await post(token, { ...exchangeFields(grant), ...elsewhere })
      assert.equal(((await wrong.json()) as { error: string }).error, 'invalid_grant')
      const exchanged = await post(token, { ...exchangeFields(grant), resource })
      const { refresh_token } = (await exchanged.json()) as { refresh_token: string }
      // Not invalid_target: on invalid_grant clients begin the sign-in that leads to a token for this endpoint.
      const moved = await refresh(server.origin, grant.clientId, refresh_token, elsewhere)
      assert.equal(((await moved.json()) as { error: string }).error, 'invalid_grant')
      const renewed = await refresh(server.origin, grant.clientId, refresh_token, { resource })
      const { access_token } = (await renewed.json()) as { access_token: string }
      assert.equal((await callTool(server.origin, access_token, 'whoami', {}, acmePath)).status, 200)
    })

    it('gives no token for two endpoints at once', async () => {
      const url = new URL(
        authorizationUrl(server.origin, {
          client_id: await register(server.origin),
          code_challenge: pkce().challenge,
          resource: server.origin + acmePath,
        }),
      )
      url.searchParams.append('resource', server.mcpUrl)
      const response = await fetch(url, { redirect: 'manual' })
      const location = new URL(response.headers.get('location') ?? '')
      assert.equal(location.searchParams.get('error'), 'invalid_target')
    })
  })
}
