import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, createBrowser } from '../support/browser.ts'
import {
  type AuthorizationOptions,
  authorizationUrl,
  authorize,
  callTool,
  pkce,
  redirectUri,
  register,
  signIn,
} from '../support/oauth-client.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'
import { assertErrorPage, assertErrorRedirect } from './refusals.ts'

let server: TestServer
/** A native client with http://127.0.0.1/callback. */
let native: string
/** Signed in as ada. */
let browser: Browser
let fetches = 0
before(async () => {
  server = await startServer({
    fetch: () => {
      fetches++
      return Promise.reject(new Error('no network'))
    },
  })
  await populate(server)
  native = await register(server.origin)
  const grant = await authorize(server.origin, { clientId: native })
  browser = grant.browser
})
after(() => server.stop())

/** A good authorization request with some parameters replaced, `''` removing one. */
function requestUrl(parameters: Record<string, string>): URL {
  return new URL(
    authorizationUrl(server.origin, {
      client_id: native,
      code_challenge: pkce().challenge,
      ...parameters,
    }),
  )
}

function send(parameters: Record<string, string>): Promise<Response> {
  return fetch(requestUrl(parameters), { redirect: 'manual' })
}

/** Tokens of ada in acme, with some parameters of the authorization request replaced. */
function tokens(parameters: Record<string, string>, options: AuthorizationOptions = {}) {
  return signIn(server.origin, { clientId: native, browser, parameters, ...options })
}

async function audienceOf(accessToken: string): Promise<unknown> {
  const artifact = await server.store.artifacts.get('AccessToken', accessToken)
  return artifact?.payload['aud']
}

test('AUTHZ-01 an unknown client never redirects (RFC 6749 §4.1.2.1)', async () => {
  const parameters = { client_id: 'nope', redirect_uri: 'https://evil.example/' }
  await assertErrorPage(await send(parameters), 'invalid_client')
})

test('AUTHZ-02 a client that is gone gets a page that says how to recover (RFC 6749 §4.1.2.1)', async () => {
  const clientId = await register(server.origin)
  assert.equal((await send({ client_id: clientId })).status, 303)
  await server.store.artifacts.delete('Client', clientId)
  const html = await assertErrorPage(await send({ client_id: clientId }), 'invalid_client')
  assert.match(html, /sign in again/)
})

const refusedRedirects: [title: string, uri: string][] = [
  ['AUTHZ-04 a trailing slash', 'http://127.0.0.1:5000/callback/'],
  ['AUTHZ-05 an added query', 'http://127.0.0.1:5000/callback?a=b'],
  ['AUTHZ-07 localhost for 127.0.0.1', 'http://localhost:5000/callback'],
  ['AUTHZ-08 [::1] for 127.0.0.1', 'http://[::1]:5000/callback'],
  ['AUTHZ-10 the registered host as user information', 'http://127.0.0.1:5000@evil.example/callback'],
  ['AUTHZ-11 a backslash', 'http://127.0.0.1:5000\\@evil.example/callback'],
  ['AUTHZ-13 a port that is none', 'http://127.0.0.1:99999/callback'],
  ['AUTHZ-14 a dot segment', 'http://127.0.0.1:5000/x/../callback'],
  ['AUTHZ-16 a fragment', 'http://127.0.0.1:5000/callback#f'],
  ['AUTHZ-17 another case of the scheme', 'HTTP://127.0.0.1:5000/callback'],
]
for (const [title, uri] of refusedRedirects) {
  test(`${title} in redirect_uri is refused on a page (RFC 9700 §2.1, RFC 8252 §7.3)`, async () => {
    await assertErrorPage(await send({ redirect_uri: uri }), 'invalid_redirect_uri')
  })
}

test('AUTHZ-19 the port of a loopback redirect may vary (RFC 8252 §7.3)', async () => {
  const response = await send({ redirect_uri: 'http://127.0.0.1:61234/callback' })
  assert.equal(response.status, 303)
  assert.match(response.headers.get('location') ?? '', /^\/interaction\//)
})

test('AUTHZ-20 redirect_uri must be sent (RFC 9700 §2.1)', async () => {
  await assertErrorPage(await send({ redirect_uri: '' }), 'invalid_request')
})

const refusedRequests: [title: string, parameters: Record<string, string>, error: string][] = [
  ['AUTHZ-22 plain PKCE (RFC 9700 §2.1.1)', { code_challenge_method: 'plain' }, 'invalid_request'],
  [
    'AUTHZ-23 a challenge without method, which means plain (RFC 7636 §4.3)',
    { code_challenge_method: '' },
    'invalid_request',
  ],
  ['AUTHZ-26 response_type token (RFC 9700 §2.1.2)', { response_type: 'token' }, 'unsupported_response_type'],
  [
    'AUTHZ-28 response_type code id_token (RFC 9700 §2.1.2)',
    { response_type: 'code id_token' },
    'unsupported_response_type',
  ],
  ['AUTHZ-29 response_type none (RFC 9700 §2.1.2)', { response_type: 'none' }, 'unsupported_response_type'],
  [
    'AUTHZ-31 a request object (SSRF)',
    { request: 'a.b.c', request_uri: 'https://evil.example/r' },
    'request_not_supported',
  ],
  ['AUTHZ-37 an unknown resource (RFC 8707 §2)', { resource: 'https://other.example/' }, 'invalid_target'],
  ['AUTHZ-43 illegal characters in scope (RFC 6749 §3.3)', { scope: 'a"b' }, 'invalid_scope'],
]
for (const [title, parameters, error] of refusedRequests) {
  test(`${title}: refused as ${error}`, async () => {
    assertErrorRedirect(await send(parameters), error, server.origin)
    assert.equal(fetches, 0)
  })
}

test('AUTHZ-25 PKCE is required of a client that asked to be confidential (OAuth 2.1 §4.1.1)', async () => {
  // There are no confidential clients: whoever asks becomes public.
  const clientId = await register(server.origin, { token_endpoint_auth_method: 'client_secret_basic' })
  const parameters = { client_id: clientId, code_challenge: '', code_challenge_method: '' }
  assertErrorRedirect(await send(parameters), 'invalid_request', server.origin)
})

const repeatable: [title: string, name: string][] = [
  ['AUTHZ-32 client_id', 'client_id'],
  ['AUTHZ-34 state', 'state'],
  ['AUTHZ-35 code_challenge', 'code_challenge'],
]
for (const [title, name] of repeatable) {
  test(`${title} sent twice is refused (RFC 6749 §3.1, CVE-2026-9689)`, async () => {
    for (const second of [undefined, 'other']) {
      const url = requestUrl({})
      url.searchParams.append(name, second ?? url.searchParams.get(name) ?? '')
      const response = await fetch(url, { redirect: 'manual' })
      // Which client, or which state, is meant is open, so neither may decide where the answer goes or carry it.
      if (name === 'client_id') await assertErrorPage(response, 'invalid_request')
      else {
        assert.equal(response.status, 303)
        const location = new URL(response.headers.get('location') ?? 'none:')
        assert.equal(location.searchParams.get('error'), 'invalid_request')
        assert.equal(location.searchParams.get('code'), null)
      }
    }
  })
}

test('AUTHZ-38 a resource with a fragment, or a relative one, is refused (RFC 8707 §2)', async () => {
  for (const resource of [`${server.mcpUrl}#x`, `${server.mcpUrl}#`, '/mcp/v1', `${server.mcpUrl}?a=b`]) {
    assertErrorRedirect(await send({ resource }), 'invalid_target', server.origin)
  }
})

test('AUTHZ-40 other spellings of the resource mean the same (MCP, Canonical Server URI)', async () => {
  const { host } = new URL(server.origin)
  const resource = `HTTP://${host.toUpperCase()}/mcp/v1/`
  const { access_token: token } = await tokens({ resource })
  assert.equal(await audienceOf(token), server.mcpUrl)
  assert.equal((await callTool(server.origin, token)).status, 200)
})

test('AUTHZ-41 without resource the token is for the MCP endpoint (RFC 8707 §2, server default)', async () => {
  const { access_token: token } = await tokens({ resource: '' })
  assert.equal(await audienceOf(token), server.mcpUrl)
  assert.equal((await callTool(server.origin, token)).status, 200)
})

test('AUTHZ-44 unknown, let alone privileged scopes are not granted (least privilege)', async () => {
  const { scope } = await tokens({ scope: 'architecture:read admin openid' })
  assert.equal(scope, 'architecture:read')
})

test('AUTHZ-46 an error is not redirected at once to a host that registered itself (RFC 9700 §4.11.2)', async () => {
  const uri = 'https://evil.example/cb'
  const clientId = await register(server.origin, { redirect_uris: [uri] })
  for (const fault of [
    { scope: 'a"b' },
    { response_type: 'token' },
    { resource: 'https://other.example/' },
  ]) {
    const response = await send({ client_id: clientId, redirect_uri: uri, ...fault })
    assert.equal(response.status, 400)
    assert.equal(response.headers.get('location'), null)
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
    const html = await response.text()
    assert.match(html, /<strong>evil\.example<\/strong>/)
    assert.doesNotMatch(html, /http-equiv="refresh"/i)
  }
})

test('AUTHZ-47 every answer carries exactly one iss, equal to the issuer (RFC 9207 §2)', async () => {
  const { callback } = await authorize(server.origin, { clientId: native, browser })
  assert.deepEqual(callback.searchParams.getAll('iss'), [server.origin])
  assert.deepEqual(callback.searchParams.getAll('state'), ['st'])
  const failed = await send({ response_type: 'token' })
  assertErrorRedirect(failed, 'unsupported_response_type', server.origin)
})

test('AUTHZ-49 the authorization endpoint takes no POST (surface)', async () => {
  const response = await fetch(`${server.origin}/oauth/authorize`, {
    method: 'POST',
    body: requestUrl({}).searchParams,
    redirect: 'manual',
  })
  assert.ok([404, 405].includes(response.status), `${response.status}`)
})

test('AUTHZ-50 the redirect after posted credentials is a 303 (RFC 9700 §4.12)', async () => {
  const fresh = createBrowser(server.origin)
  const inAuthorization = await fresh.open(requestUrl({}).href)
  const onDashboard = await fresh.open('/sign-in')
  for (const page of [inAuthorization, onDashboard]) {
    const action = /<form[^>]* action="([^"]+)"/.exec(page.html)?.[1] ?? ''
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    const response = await fresh.request(action, {
      method: 'POST',
      body: new URLSearchParams({ email: 'ada@example.com', password, csrf }),
    })
    assert.equal(response.status, 303, action)
    assert.ok(response.headers.has('location'))
  }
})

test('AUTHZ-52 a state of 8 KB comes back whole, one of 20 KB is refused (limits)', async () => {
  const state = 'x'.repeat(8000)
  const { callback } = await authorize(server.origin, { clientId: native, browser, parameters: { state } })
  assert.equal(callback.searchParams.get('state'), state)
  assert.equal(callback.href.startsWith(redirectUri), true)
  const response = await send({ state: 'x'.repeat(20_000) })
  assert.ok([414, 431].includes(response.status), `${response.status}`)
})
