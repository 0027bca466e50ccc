import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createBrowser } from '../support/browser.ts'
import { authorizationUrl, pkce, signIn } from '../support/oauth-client.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
before(async () => {
  server = await startServer()
  await populate(server)
})
after(() => server.stop())

/** Registration bodies as the clients send them, and a redirect URI each then asks for. */
const realClients: Record<string, { body: Record<string, unknown>; redirectUri: string }> = {
  'Claude Code': {
    body: {
      client_name: 'Claude Code (opentrace)',
      redirect_uris: ['http://localhost:51819/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      scope: 'architecture:read offline_access',
    },
    redirectUri: 'http://localhost:49152/callback',
  },
  Cursor: {
    body: {
      client_name: 'Cursor',
      redirect_uris: [
        'cursor://anysphere.cursor-mcp/oauth/callback',
        'https://www.cursor.com/agents/mcp/oauth/callback',
        'http://localhost:8787/callback',
      ],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    redirectUri: 'cursor://anysphere.cursor-mcp/oauth/callback',
  },
  'VS Code': {
    body: {
      client_name: 'Visual Studio Code',
      client_uri: 'https://code.visualstudio.com',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      redirect_uris: ['https://vscode.dev/redirect', 'http://127.0.0.1/', 'http://127.0.0.1:33418/'],
      scope: 'architecture:read',
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    redirectUri: 'http://127.0.0.1:50123/',
  },
  Codex: {
    body: {
      client_name: 'Codex',
      redirect_uris: ['http://127.0.0.1:54321/callback/abc123'],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      response_types: ['code'],
    },
    redirectUri: 'http://127.0.0.1:61000/callback/abc123',
  },
  'MCP Inspector': {
    body: {
      redirect_uris: ['http://localhost:6274/oauth/callback'],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      client_name: 'MCP Inspector',
      client_uri: 'https://github.com/modelcontextprotocol/inspector',
      scope: '',
      logo_uri: null,
      contacts: null,
    },
    redirectUri: 'http://localhost:6274/oauth/callback',
  },
}

for (const [name, { body, redirectUri }] of Object.entries(realClients)) {
  test(`${name} registers as it does, without a null in the answer, and signs in`, async () => {
    const response = await fetch(`${server.origin}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://localhost:6274' },
      body: JSON.stringify(body),
    })
    assert.equal(response.status, 201)
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
    const client = (await response.json()) as Record<string, unknown>
    assert.ok(!Object.values(client).includes(null), 'Claude Code refuses an answer with null')
    assert.equal(client['token_endpoint_auth_method'], 'none')
    assert.deepEqual(client['grant_types'], ['authorization_code', 'refresh_token'])
    assert.equal(client['scope'], undefined, 'a client tied to a scope could never ask for more')
    assert.equal(client['client_secret'], undefined)
    const { challenge } = pkce()
    const url = authorizationUrl(server.origin, {
      client_id: String(client['client_id']),
      code_challenge: challenge,
      redirect_uri: redirectUri,
    })
    const page = await createBrowser(server.origin).open(url)
    assert.match(page.html, /name="password"/, `${name} may come back to ${redirectUri}`)
  })
}

test('the registration endpoint answers a preflight, since browser clients register too', async () => {
  const response = await fetch(`${server.origin}/oauth/register`, {
    method: 'OPTIONS',
    headers: { origin: 'https://client.example', 'access-control-request-method': 'POST' },
  })
  assert.equal(response.status, 204)
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
})

test('a registration is kept as long as a session that used it can live', async () => {
  const { clientId } = await signIn(server.origin)
  const registration = await server.store.artifacts.get('Client', clientId)
  const year = 365 * 24 * 60 * 60 * 1000
  assert.ok((registration?.expiresAt ?? 0) >= Date.now() + year - 60_000)
})
