import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { defineTool } from '../../src/mcp/tools/define-tool.ts'
import { z } from 'zod'
import {
  mcpHeaders,
  post as postMessage,
  signedInClient,
  startEndpoint,
  toolCall,
} from '../support/mcp-endpoint.ts'
import { type Browser } from '../support/browser.ts'
import { callTool, refresh, signIn, type Tokens } from '../support/oauth-client.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { requestText, sendRaw } from './raw-request.ts'

const toolsList = { jsonrpc: '2.0', id: 1, method: 'tools/list' }

let server: TestServer
let ada: Tokens & { clientId: string; browser: Browser }
let bob: Tokens
/** As a regular expression. */
let resourceMetadata: string
before(async () => {
  server = await startServer()
  await populate(server)
  ada = await signIn(server.origin)
  bob = await signIn(server.origin, { email: 'bob@example.com', organization: 'globex' })
  resourceMetadata = `resource_metadata="${server.origin}/\\.well-known/oauth-protected-resource/mcp/v1"`
})
after(() => server.stop())

/** POSTs tools/list with these headers beside those every client sends. */
function send(headers: Record<string, string>, url = server.mcpUrl): Promise<Response> {
  return postMessage(url, toolsList, { ...mcpHeaders(), ...headers })
}

function bearer(token: string): Promise<Response> {
  return send({ authorization: `Bearer ${token}` })
}

function challengeOf(response: Response): string {
  assert.equal(response.status, 401)
  return response.headers.get('www-authenticate') ?? ''
}

/** A token as the authorization server stores it, with some of it changed. */
async function alteredToken(change: Record<string, unknown>): Promise<string> {
  const artifact = await server.store.artifacts.get('AccessToken', ada.access_token)
  assert.ok(artifact)
  const token = randomBytes(32).toString('base64url')
  const payload = { ...artifact.payload, ...change }
  await server.store.artifacts.put({
    model: 'AccessToken',
    id: token,
    payload,
    expiresAt: Date.now() + 60_000,
  })
  return token
}

test('RS-01 without credentials the challenge names no error (RFC 6750 §3.1, RFC 9728 §5.1)', async () => {
  const challenge = challengeOf(await send({}))
  assert.match(challenge, new RegExp(`^Bearer .*${resourceMetadata}`))
  assert.doesNotMatch(challenge, /error=/)
})

test('RS-02 the challenge names the scope, without offline_access (MCP, Scope Selection)', async () => {
  const challenge = challengeOf(await send({}))
  assert.match(challenge, /scope="architecture:read"/)
  assert.doesNotMatch(challenge, /offline_access/)
})

const malformed: [title: string, authorization: string][] = [
  ['RS-04 a blank bearer token', 'Bearer  '],
  ['RS-05 a bearer token of two parts', 'Bearer a b'],
  ['RS-07 a bearer token of 9 KB', `Bearer ${'A'.repeat(9000)}`],
  ['RS-08 a bearer token outside ASCII', 'Bearer \u00e9'],
]
for (const [title, authorization] of malformed) {
  test(`${title} is refused with a challenge (RFC 6750 §3.1, CVE-2026-9803)`, async () => {
    assert.match(challengeOf(await send({ authorization })), /^Bearer /)
  })
}

test('RS-10 an unknown token is invalid_token (RFC 6750 §3.1)', async () => {
  const challenge = challengeOf(await bearer(randomBytes(32).toString('base64url')))
  assert.match(challenge, new RegExp(`error="invalid_token".*${resourceMetadata}`))
})

test('RS-11 an expired token is invalid_token, also while it is still stored (RFC 6750 §3.1)', async () => {
  assert.equal((await bearer(await alteredToken({}))).status, 200)
  const expired = await alteredToken({ exp: Math.floor(Date.now() / 1000) - 1 })
  assert.match(challengeOf(await bearer(expired)), /error="invalid_token"/)
})

test('RS-13 a token without this audience is invalid_token (MCP, Token Audience Binding)', async () => {
  for (const aud of [undefined, '', server.origin, `${server.mcpUrl}/`, `${server.mcpUrl}-other`]) {
    assert.match(challengeOf(await bearer(await alteredToken({ aud }))), /error="invalid_token"/)
  }
})

test('RS-14 a path that begins like the endpoint is not the endpoint (path boundary)', async () => {
  for (const path of ['/mcp-other', '/mcp/v1-other', '/mcp/v1/other', '/mcp/v2', '/mcp']) {
    const headers = { authorization: `Bearer ${ada.access_token}` }
    const response = await send(headers, server.origin + path)
    assert.ok([401, 404].includes(response.status), `${path}: ${response.status}`)
  }
})

test('RS-16 a token is compared whole (ZITADEL GHSA-6mq3-xmgp-pjm5)', async () => {
  const token = ada.access_token
  assert.equal((await bearer(token)).status, 200)
  const variants = [token.slice(0, -1), token.slice(1), `${token}a`, `${token}=`, token.toLowerCase()]
  for (const variant of variants) assert.equal((await bearer(variant)).status, 401)
})

test('RS-17 a token in the query is ignored (OAuth 2.1 §5.1, MCP, Token Requirements)', async () => {
  const response = await send({}, `${server.mcpUrl}?access_token=${ada.access_token}`)
  assert.doesNotMatch(challengeOf(response), /error=/)
})

test('RS-19 a token or a sign-in in a cookie is ignored (CSRF)', async () => {
  const signedIn = [...ada.browser.cookies].map(([name, { value }]) => `${name}=${value}`)
  const cookie = [`access_token=${ada.access_token}`, ...signedIn].join('; ')
  challengeOf(await send({ cookie }))
})

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

test('RS-20 a forged JWT is an unknown token like any other (algorithm confusion)', async () => {
  const claims = encode({
    iss: server.origin,
    aud: server.mcpUrl,
    sub: 'ada',
    scope: 'architecture:read',
    exp: 9e9,
  })
  const jwks = await (await fetch(`${server.origin}/oauth/jwks`)).text()
  const confused = `${encode({ alg: 'HS256', typ: 'at+jwt' })}.${claims}`
  const forged = [
    `${encode({ alg: 'none' })}.${claims}.`,
    `${confused}.${createHmac('sha256', jwks).update(confused).digest('base64url')}`,
    `${encode({ alg: 'HS256', kid: '../../../../dev/null' })}.${claims}.AA`,
  ]
  for (const token of forged) assert.match(challengeOf(await bearer(token)), /error="invalid_token"/)
})

test('RS-22 a tool whose scope is missing asks for all scopes at once (MCP, Scope Challenge Handling)', async () => {
  // Sign-in always grants what there is, so the token is narrowed afterwards.
  const response = await callTool(server.origin, await alteredToken({ scope: 'offline_access' }))
  assert.equal(response.status, 403)
  assert.match(
    response.headers.get('www-authenticate') ?? '',
    new RegExp(`error="insufficient_scope".*scope="[^"]*architecture:read.*".*${resourceMetadata}`),
  )
})

test('RS-23 a revoked session is refused at its next request, and its refresh token too (revocation)', async () => {
  const victim = await signIn(server.origin, { clientId: ada.clientId, browser: ada.browser })
  assert.equal((await bearer(victim.access_token)).status, 200)
  const sessions = await ada.browser.open('/organizations/acme/sessions')
  const newest = (await server.store.artifacts.get('AccessToken', victim.access_token))?.payload['grantId']
  const page = await ada.browser.submit(sessions, {}, new RegExp(`/sessions/${String(newest)}/revoke$`))
  assert.equal(page.status, 200)
  assert.match(challengeOf(await bearer(victim.access_token)), /error="invalid_token"/)
  const refreshed = await refresh(server.origin, victim.clientId, victim.refresh_token)
  assert.equal(refreshed.status, 400)
  assert.equal((await bearer(ada.access_token)).status, 200, 'the other session lives on')
})

test('RS-25 two Authorization headers are refused (request smuggling)', async () => {
  const body = JSON.stringify(toolsList)
  const headers = [
    `Host: localhost:${server.port}`,
    `Authorization: Bearer ${ada.access_token}`,
    `Authorization: Bearer ${bob.access_token}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `Content-Length: ${body.length}`,
  ]
  const answer = await sendRaw(server.port, requestText('POST /mcp/v1 HTTP/1.1', headers) + body)
  assert.equal(answer.status, 400)
})

test('RS-26 a tool never gets the caller’s token, so it cannot pass it on (MCP, Token Passthrough)', async (t) => {
  const client = await signedInClient()
  const seen: unknown[] = []
  const nosy = defineTool({
    name: 'nosy',
    title: 'Nosy',
    description: 'Keeps all that a tool is given.',
    requiredScope: 'architecture:read',
    inputSchema: z.strictObject({}),
    async handler(input, context) {
      seen.push(input, context)
      return { structuredContent: {}, text: '', entities: [] }
    },
  })
  const endpoint = await startEndpoint(client, [nosy])
  t.after(() => endpoint.stop())
  const token = await client.issueToken()
  assert.equal((await postMessage(endpoint.url, toolCall('nosy'), mcpHeaders(token))).status, 200)
  assert.equal(seen.length, 2)
  assert.ok(JSON.stringify(seen).includes(client.user.email))
  assert.ok(!JSON.stringify([seen, endpoint.logged]).includes(token))
})
