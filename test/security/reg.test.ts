import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createBrowser } from '../support/browser.ts'
import { authorizationUrl, authorize, claudeCode, pkce, signInAt } from '../support/oauth-client.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { assertJsonError } from './refusals.ts'

const loopback = ['http://127.0.0.1:54321/callback']

let server: TestServer
/** Every URL the server tried to fetch. */
const fetched: string[] = []
before(async () => {
  server = await startServer({
    fetch: (url) => {
      fetched.push(new Request(url).url)
      return Promise.reject(new Error('no network'))
    },
  })
  await populate(server)
})
after(() => server.stop())

function register(metadata: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.origin}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
  })
}

async function registered(metadata: unknown): Promise<Record<string, unknown> & { client_id: string }> {
  const response = await register(metadata)
  assert.equal(response.status, 201)
  return (await response.json()) as Record<string, unknown> & { client_id: string }
}

/** The consent page that ada sees for a client. */
async function consentPage(clientId: string, redirectUri: string): Promise<string> {
  const browser = createBrowser(server.origin)
  const url = authorizationUrl(server.origin, {
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: pkce().challenge,
  })
  const page = await signInAt(browser, await browser.open(url))
  assert.match(page.html, /name="decision"/)
  return page.html
}

test('REG-01 a native loopback client registers as public (RFC 7591 §3.2.1)', async () => {
  const response = await register({
    application_type: 'native',
    client_name: 't',
    redirect_uris: loopback,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  })
  assert.equal(response.status, 201)
  assert.match(response.headers.get('cache-control') ?? '', /no-store/)
  const client = (await response.json()) as Record<string, unknown>
  assert.equal(typeof client['client_id'], 'string')
  assert.ok(!('client_secret' in client))
})

test('REG-02 without application_type, a loopback client may authorize from another port (RFC 8252 §7.3)', async () => {
  const { client_id: clientId } = await registered({
    client_name: 'Claude Code',
    redirect_uris: ['http://localhost:54321/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  })
  const page = await createBrowser(server.origin).open(
    authorizationUrl(server.origin, {
      client_id: clientId,
      redirect_uri: 'http://localhost:777/callback',
      code_challenge: pkce().challenge,
    }),
  )
  assert.equal(page.status, 200)
  assert.match(page.html, /name="password"/)
})

const refusedRedirects: [title: string, redirectUris: unknown, type?: 'native'][] = [
  ['REG-04 http on a host that is not loopback (RFC 8252 §7.3)', ['http://evil.example/cb'], 'native'],
  ['REG-05 localhost.evil.example (CVE-2024-8883)', ['http://localhost.evil.example/cb'], 'native'],
  [
    'REG-07 user information before loopback (consent spoofing)',
    ['http://evil.example@127.0.0.1/cb'],
    'native',
  ],
  [
    'REG-08 other spellings of 127.0.0.1 (parser confusion)',
    ['http://127.1:1/cb', 'http://0x7f000001/cb'],
    'native',
  ],
  [
    'REG-10 javascript: in any case (cloudflare/workers-oauth-provider #80)',
    ['JaVaScRiPt://x/%0aalert(1)'],
    'native',
  ],
  ['REG-11 data: (cloudflare/workers-oauth-provider #87)', ['data:text/html,x'], 'native'],
  ['REG-13 file: (cloudflare/workers-oauth-provider #98)', ['file:///etc/passwd'], 'native'],
  ['REG-14 blob: (cloudflare/workers-oauth-provider #98)', ['blob:https://x/1'], 'native'],
  ['REG-16 a fragment (RFC 6749 §3.1.2)', ['https://e.example/cb#x']],
  ['REG-17 a wildcard host (RFC 9700 §4.1)', ['https://*.example/cb']],
  ['REG-20 500 of them (storage)', Array.from({ length: 500 }, (_, i) => `https://e.example/${i}`)],
]
for (const [title, redirectUris, type] of refusedRedirects) {
  test(`${title}: refused as redirect URI`, async () => {
    const each = title.startsWith('REG-08') && Array.isArray(redirectUris) ? redirectUris : []
    for (const uris of [redirectUris, ...each.map((uri: unknown) => [uri])]) {
      const body = { redirect_uris: uris, ...(type && { application_type: type }) }
      await assertJsonError(await register(body), 400, 'invalid_redirect_uri')
    }
  })
}

test('REG-19 redirect_uris must be a list of strings, and not empty (RFC 7591 §3.2.2)', async () => {
  const wrong = [undefined, null, [], 'https://e.example/cb', [['https://e.example/cb']], [1], [''], {}]
  for (const value of wrong) {
    const answer = await register({ client_name: 'x', redirect_uris: value })
    await assertJsonError(answer, 400, 'invalid_redirect_uri')
  }
})

test('REG-22 grant types of other flows are refused (RFC 9700 §2.1.2, §2.4)', async () => {
  const others = [
    'implicit',
    'password',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:token-exchange',
  ]
  for (const types of [['implicit', 'password'], ...others.map((type) => [type])]) {
    const answer = await register({ redirect_uris: ['https://e.example/cb'], grant_types: types })
    await assertJsonError(answer, 400, 'invalid_client_metadata')
  }
  // Beside the code flow they are dropped, since editors list them (RFC 7591 §2); the answer says what is served.
  const client = await registered({ redirect_uris: loopback, grant_types: ['authorization_code', ...others] })
  assert.deepEqual(client['grant_types'], ['authorization_code', 'refresh_token'])
})

test('REG-23 response types of other flows are refused (RFC 9700 §2.1.2)', async () => {
  for (const type of ['token', 'id_token', 'code id_token', 'none']) {
    const answer = await register({ redirect_uris: ['https://e.example/cb'], response_types: [type] })
    await assertJsonError(answer, 400, 'invalid_client_metadata')
  }
})

test('REG-25 client_id and client_secret are not the client’s to choose (client takeover)', async () => {
  const client = await registered({
    client_id: claudeCode,
    client_secret: 'hacked',
    redirect_uris: loopback,
    application_type: 'native',
    token_endpoint_auth_method: 'none',
  })
  assert.notEqual(client.client_id, claudeCode)
  assert.ok(!('client_secret' in client))
})

test('REG-26 no secret is issued, whichever method was asked for or left out (RFC 7591 §3.2.1)', async () => {
  for (const method of [undefined, 'client_secret_basic', 'client_secret_post', 'private_key_jwt']) {
    const client = await registered({ redirect_uris: loopback, token_endpoint_auth_method: method })
    assert.equal(client['token_endpoint_auth_method'], 'none')
    assert.ok(!('client_secret' in client))
  }
})

test('REG-28 a logo on an internal address is neither fetched nor shown (SSRF, tracking)', async () => {
  const logo = 'http://169.254.169.254/latest'
  const client = await registered({ redirect_uris: loopback, logo_uri: logo, client_name: 'With logo' })
  const html = await consentPage(client.client_id, 'http://127.0.0.1:54321/callback')
  assert.match(html, /With logo/)
  assert.doesNotMatch(html, /169\.254/)
  assert.deepEqual(fetched, [])
})

test('REG-29 markup in client_name is shown as text only (stored XSS)', async () => {
  const name = '<img src=x onerror=alert(1)>'
  const { client_id: clientId } = await registered({ redirect_uris: loopback, client_name: name })
  const redirectUri = 'http://127.0.0.1:54321/callback'
  const { browser } = await authorize(server.origin, { clientId, redirectUri })
  const sessions = await browser.open('/organizations/acme/sessions')
  for (const html of [await consentPage(clientId, redirectUri), sessions.html]) {
    assert.match(html, /&lt;img src=x onerror=alert\(1\)/)
    assert.doesNotMatch(html, /<img src=x/)
  }
})

test('REG-31 client_name has a limit (storage, pages)', async () => {
  const answer = await register({ redirect_uris: loopback, client_name: 'A'.repeat(40_000) })
  await assertJsonError(answer, 400, 'invalid_client_metadata')
})

test('REG-32 a client that only claims a known name is labelled so, with its redirect host (consent phishing)', async () => {
  const redirectUri = 'https://evil.example/cb'
  const client = await registered({ redirect_uris: [redirectUri], client_name: 'Claude Code' })
  const html = await consentPage(client.client_id, redirectUri)
  assert.match(html, /Unverified/)
  assert.match(html, /evil\.example/)
})

test('REG-34 broken JSON is invalid_request (robustness)', async () => {
  for (const body of ['{"a":', '', '[]', 'null', '"x"']) {
    await assertJsonError(await register(body), 400, 'invalid_request')
  }
})

test('REG-35 a body over the limit is refused (denial of service)', async () => {
  const answer = await register({ redirect_uris: loopback, client_name: 'A'.repeat(60_000) })
  await assertJsonError(answer, 413, 'invalid_request')
})

test('REG-37 text/plain, which any page may post, is refused (CSRF)', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/plain; a=application/json']) {
    const answer = await register({ redirect_uris: loopback }, { 'content-type': type })
    await assertJsonError(answer, 400, 'invalid_request')
  }
})

test('REG-38 __proto__ and constructor have no effect (prototype pollution)', async () => {
  const response = await register(
    '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}},"redirect_uris":["http://127.0.0.1/cb"],"application_type":"native"}',
  )
  assert.equal(response.status, 201)
  const client = (await response.json()) as object
  assert.ok(!('isAdmin' in client))
  const unrelated = await registered({ redirect_uris: loopback })
  assert.ok(!('isAdmin' in unrelated) && !('x' in unrelated))
  assert.ok(!('isAdmin' in {}) && !('x' in {}))
})

test('REG-40 no client can be read with a registration token: none is issued (RFC 7592 §2)', async () => {
  const client = await registered({ redirect_uris: loopback })
  assert.ok(!('registration_access_token' in client) && !('registration_client_uri' in client))
  const response = await fetch(`${server.origin}/oauth/register/${client.client_id}`, {
    headers: { authorization: 'Bearer something' },
  })
  assert.equal(response.status, 401)
})

test('REG-41 a client cannot be read without a token (RFC 7592)', async () => {
  const client = await registered({ redirect_uris: loopback })
  const response = await fetch(`${server.origin}/oauth/register/${client.client_id}`)
  assert.equal(response.status, 401)
  assert.doesNotMatch(await response.text(), /redirect_uris/)
})

test('REG-43 a malformed Authorization header is no defect (CVE-2026-9803)', async () => {
  for (const authorization of ['Bearer', 'Bearer ', 'Basic !!!', '\u00e9']) {
    const response = await register({ redirect_uris: loopback }, { authorization })
    assert.ok([201, 400, 401].includes(response.status), `${authorization}: ${response.status}`)
  }
})
