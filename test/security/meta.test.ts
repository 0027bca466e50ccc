import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startServer, type TestServer } from '../support/server.ts'
import { requestText, sendRaw } from './raw-request.ts'

const metadataPath = '/.well-known/oauth-authorization-server'

let server: TestServer
before(async () => {
  server = await startServer()
})
after(() => server.stop())

async function metadata(): Promise<Record<string, unknown>> {
  const response = await fetch(server.origin + metadataPath)
  assert.equal(response.status, 200)
  return (await response.json()) as Record<string, unknown>
}

test('META-01 endpoints come from the configured issuer, never from Host (RFC 8414 §3)', async () => {
  const answer = await sendRaw(
    server.port,
    requestText(`GET ${metadataPath} HTTP/1.1`, ['Host: evil.example']),
  )
  assert.equal(answer.status, 421)
  assert.doesNotMatch(answer.body, /evil\.example/)
  const document = await metadata()
  assert.equal(document['issuer'], server.origin)
  for (const [name, value] of Object.entries(document)) {
    // Clients have passed these to a shell: nothing but a plain URL of ours may stand there.
    if (/_(endpoint|uri)$/.test(name)) {
      assert.match(String(value), new RegExp(`^${server.origin}/[a-z/]+$`), name)
    }
  }
})

test('META-02 an absolute-form request target cannot poison the metadata (RFC 9112 §3.2.2)', async () => {
  const answer = await sendRaw(
    server.port,
    requestText(`GET http://evil.example${metadataPath} HTTP/1.1`, [`Host: localhost:${server.port}`]),
  )
  assert.equal(answer.status, 400)
  assert.doesNotMatch(answer.body, /evil\.example/)
})

test('META-04 a Host header with markup is answered 400 and not repeated (RFC 9112 §3.2)', async () => {
  const answer = await sendRaw(server.port, requestText(`GET ${metadataPath} HTTP/1.1`, ['Host: <script>']))
  assert.equal(answer.status, 400)
  assert.doesNotMatch(answer.body, /<script>/)
})

test('META-05 two Host headers are refused (RFC 9112 §3.2)', async () => {
  const hosts = [`Host: localhost:${server.port}`, 'Host: evil.example']
  for (const headers of [hosts, hosts.toReversed()]) {
    const answer = await sendRaw(server.port, requestText('GET /oauth/jwks HTTP/1.1', headers))
    assert.equal(answer.status, 400)
  }
})

test('META-07 only S256 and the code flow are advertised, with iss (RFC 9700 §2.1.1, RFC 9207 §3)', async () => {
  const document = await metadata()
  assert.deepEqual(document['code_challenge_methods_supported'], ['S256'])
  assert.deepEqual(document['response_types_supported'], ['code'])
  assert.equal(document['authorization_response_iss_parameter_supported'], true)
})

test('META-08 grant types advertised are those really served (RFC 9700 §2.1.2, §2.4)', async () => {
  const document = await metadata()
  assert.deepEqual(document['grant_types_supported'], ['authorization_code', 'refresh_token'])
})

test('META-10 there is no protected resource metadata for other paths (path traversal)', async () => {
  for (const path of ['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/mcp/v1/..', '/mcp', '/mcp/v1/x']) {
    const answer = await sendRaw(
      server.port,
      requestText(`GET /.well-known/oauth-protected-resource${path} HTTP/1.1`, [
        `Host: localhost:${server.port}`,
      ]),
    )
    assert.equal(answer.status, 404, path)
  }
})

test('META-11 metadata is read-only (robustness)', async () => {
  for (const path of [
    metadataPath,
    '/.well-known/openid-configuration',
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/mcp/v1',
  ]) {
    const response = await fetch(server.origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    assert.ok([404, 405].includes(response.status), `${path}: ${response.status}`)
  }
})

test('META-13 the authorization endpoint gives no CORS (RFC 9700 §2.6)', async () => {
  for (const method of ['OPTIONS', 'GET']) {
    const response = await fetch(`${server.origin}/oauth/authorize`, {
      method,
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
    })
    assert.equal(response.headers.get('access-control-allow-origin'), null)
    if (method === 'OPTIONS') assert.ok([204, 404, 405].includes(response.status), `${response.status}`)
  }
})
