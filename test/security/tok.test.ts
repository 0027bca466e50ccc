import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from '../support/browser.ts'
import {
  authorize,
  callTool,
  exchangeFields,
  pkce,
  post,
  redirectUri,
  refresh,
  register,
  type Tokens,
} from '../support/oauth-client.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { assertJsonError } from './refusals.ts'

let server: TestServer
let native: string
let otherClient: string
/** Signed in as ada. */
let browser: Browser
before(async () => {
  server = await startServer()
  await populate(server)
  native = await register(server.origin)
  otherClient = await register(server.origin)
  browser = (await authorize(server.origin, { clientId: native })).browser
})
after(() => server.stop())

/** The fields of a good exchange of a fresh code. */
async function freshExchange(): Promise<Record<string, string>> {
  const grant = await authorize(server.origin, { clientId: native, browser })
  return { ...exchangeFields(grant), resource: server.mcpUrl }
}

function exchange(fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return post(`${server.origin}/oauth/token`, fields, headers)
}

async function tokensOf(response: Response): Promise<Tokens> {
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text) as Tokens
}

function without(fields: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name))
}

/** Changes what is stored about a code. */
async function alterCode(code: string, change: Record<string, unknown>): Promise<void> {
  const artifact = await server.store.artifacts.get('AuthorizationCode', code)
  assert.ok(artifact)
  const { payload, expiresAt } = artifact
  const grantId = String(payload['grantId'])
  const altered = {
    model: 'AuthorizationCode',
    id: code,
    payload: { ...payload, ...change },
    expiresAt,
    grantId,
  }
  await server.store.artifacts.put(altered)
}

test('TOK-01 a good exchange gives a bearer token and is not cached (RFC 6749 §5.1)', async () => {
  const response = await exchange(await freshExchange())
  assert.match(response.headers.get('cache-control') ?? '', /no-store/)
  const tokens = await tokensOf(response)
  assert.equal(tokens.token_type, 'Bearer')
  assert.equal((await callTool(server.origin, tokens.access_token)).status, 200)
})

test('TOK-02 a code used twice revokes what it gave (OAuth 2.1 §4.1.3)', async () => {
  const fields = await freshExchange()
  const tokens = await tokensOf(await exchange(fields))
  await assertJsonError(await exchange(fields), 400, 'invalid_grant')
  await assertJsonError(await refresh(server.origin, native, tokens.refresh_token), 400, 'invalid_grant')
  assert.equal((await callTool(server.origin, tokens.access_token)).status, 401)
})

test('TOK-04 a wrong code_verifier is refused and does not spend the code (OAuth 2.1 §7.5.3)', async () => {
  const fields = await freshExchange()
  const wrong = { ...fields, code_verifier: pkce().verifier }
  await assertJsonError(await exchange(wrong), 400, 'invalid_grant')
  await tokensOf(await exchange(fields))
})

test('TOK-05 code_verifier must be sent (RFC 9700 §2.1.1)', async () => {
  const fields = await freshExchange()
  await assertJsonError(await exchange(without(fields, 'code_verifier')), 400, 'invalid_grant')
})

test('TOK-07 a code_verifier of 3 characters is malformed (RFC 7636 §4.1)', async () => {
  const fields = await freshExchange()
  await assertJsonError(await exchange({ ...fields, code_verifier: 'abc' }), 400, 'invalid_request')
})

test('TOK-08 a verifier for a code without challenge is refused (RFC 9700 §4.8.2, downgrade)', async () => {
  const fields = await freshExchange()
  // No authorization without challenge gets this far (AUTHZ-25), so the challenge is taken away afterwards.
  await alterCode(fields['code'] ?? '', { codeChallenge: undefined, codeChallengeMethod: undefined })
  await assertJsonError(await exchange(fields), 400, 'invalid_grant')
})

test('TOK-10 another client cannot redeem a code, nor spend it (RFC 6749 §4.1.3)', async () => {
  const fields = await freshExchange()
  await assertJsonError(await exchange({ ...fields, client_id: otherClient }), 400, 'invalid_grant')
  await tokensOf(await exchange(fields))
})

test('TOK-11 another resource is refused and does not spend the code (RFC 8707 §2.2)', async () => {
  const fields = await freshExchange()
  for (const resource of ['https://other.example/mcp', `${server.mcpUrl}/x`, `${server.mcpUrl}#x`]) {
    await assertJsonError(await exchange({ ...fields, resource }), 400, 'invalid_target')
  }
  await tokensOf(await exchange(fields))
})

test('TOK-13 scope at the token endpoint cannot widen what was consented to (RFC 6749 §3.3)', async () => {
  const fields = await freshExchange()
  const response = await exchange({ ...fields, scope: 'architecture:write admin openid' })
  assert.ok([200, 400].includes(response.status), `${response.status}`)
  if (response.status === 200) assert.equal((await tokensOf(response)).scope, 'architecture:read')
})

test('TOK-14 a code lives for 60 seconds (RFC 6749 §4.1.2)', async () => {
  const fields = await freshExchange()
  const code = fields['code'] ?? ''
  const artifact = await server.store.artifacts.get('AuthorizationCode', code)
  const { iat, exp } = artifact?.payload ?? {}
  assert.equal(Number(exp) - Number(iat), 60)
  const passed = Math.floor(Date.now() / 1000) - 1
  await alterCode(code, { iat: passed - 60, exp: passed })
  await assertJsonError(await exchange(fields), 400, 'invalid_grant')
})

test('TOK-16 a refresh or access token is no code (type confusion)', async () => {
  const tokens = await tokensOf(await exchange(await freshExchange()))
  const fields = await freshExchange()
  for (const code of [tokens.refresh_token, tokens.access_token]) {
    await assertJsonError(await exchange({ ...fields, code }), 400, 'invalid_grant')
  }
  await tokensOf(await refresh(server.origin, native, tokens.refresh_token))
  const asRefreshToken = await refresh(server.origin, native, fields['code'] ?? '')
  await assertJsonError(asRefreshToken, 400, 'invalid_grant')
})

test('TOK-17 an unknown client is told invalid_client, so that it registers anew (RFC 6749 §5.2)', async () => {
  const fields = await freshExchange()
  await assertJsonError(await exchange({ ...fields, client_id: 'nope' }), 401, 'invalid_client')
})

test('TOK-19 a public client with a secret is refused (RFC 6749 §2.3)', async () => {
  const fields = await freshExchange()
  await assertJsonError(await exchange({ ...fields, client_secret: 'x' }), 401, 'invalid_client')
})

test('TOK-20 a client that asked for a secret has none to authenticate with (RFC 6749 §5.2)', async () => {
  // There are no confidential clients: whoever registers as one becomes public, and any secret is wrong.
  const clientId = await register(server.origin, { token_endpoint_auth_method: 'client_secret_basic' })
  const fields = { grant_type: 'authorization_code', code: 'x', redirect_uri: redirectUri }
  for (const secret of ['', 'wrong']) {
    const authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
    const response = await exchange(fields, { authorization })
    assert.match(response.headers.get('www-authenticate') ?? '', /^Basic realm=/)
    await assertJsonError(response, 401, 'invalid_client')
  }
})

test('TOK-22 malformed Basic credentials are refused (RFC 6749 §5.2)', async () => {
  for (const authorization of ['Basic !!!', 'Basic', 'Basic Og==', 'Digest x']) {
    const response = await exchange({ grant_type: 'authorization_code', code: 'x' }, { authorization })
    assert.ok([400, 401].includes(response.status), `${authorization}: ${response.status}`)
    const { error } = (await response.json()) as { error: string }
    assert.ok(['invalid_request', 'invalid_client'].includes(error), `${authorization}: ${error}`)
  }
})

const otherGrants: [title: string, grantType: string][] = [
  ['TOK-23 password', 'password'],
  ['TOK-25 token-exchange', 'urn:ietf:params:oauth:grant-type:token-exchange'],
  ['TOK-26 jwt-bearer', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
]
for (const [title, grantType] of otherGrants) {
  test(`${title} is no grant of a client here (RFC 9700 §2.4, surface)`, async () => {
    const response = await exchange({ grant_type: grantType, client_id: native })
    await assertJsonError(response, 400, 'unsupported_grant_type')
  })
}

test('TOK-28 a parameter sent twice is refused (RFC 6749 §3.2)', async () => {
  for (const name of ['grant_type', 'code', 'client_id', 'code_verifier']) {
    const fields = await freshExchange()
    const body = new URLSearchParams(fields)
    body.append(name, name === 'grant_type' ? 'refresh_token' : 'other')
    const response = await fetch(`${server.origin}/oauth/token`, { method: 'POST', body })
    await assertJsonError(response, 400, 'invalid_request')
  }
})

test('TOK-29 JSON, also with two content types, is refused (cloudflare/workers-oauth-provider #240)', async () => {
  for (const type of [
    'application/json, application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded, application/json',
    'application/json',
    'text/plain',
  ]) {
    const response = await fetch(`${server.origin}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: '{}',
    })
    await assertJsonError(response, 400, 'invalid_request')
  }
})

test('TOK-31 the token endpoint takes POST only (RFC 6749 §3.2)', async () => {
  const query = new URLSearchParams(await freshExchange()).toString()
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const response = await fetch(`${server.origin}/oauth/token?${query}`, { method })
    assert.ok([404, 405].includes(response.status), `${method}: ${response.status}`)
  }
})

test('TOK-32 a page of another origin cannot exchange a code (RFC 9700 §2.6)', async () => {
  const fields = await freshExchange()
  for (const origin of ['https://evil.example', 'null']) {
    const response = await exchange(fields, { origin })
    assert.ok([400, 403].includes(response.status), `${response.status}`)
    assert.equal(response.headers.get('access-control-allow-origin'), null)
  }
  await tokensOf(await exchange(fields))
})
