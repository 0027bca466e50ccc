import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { defineTool } from '../../src/mcp/tools/define-tool.ts'
import { service, workload } from '../support/kubernetes-manifests.ts'
import {
  answerOf,
  beginSession,
  mcpHeaders,
  post,
  signedInClient,
  startEndpoint,
  toolCall,
} from '../support/mcp-endpoint.ts'
import { signIn, type Tokens } from '../support/oauth-client.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { requestText, sendRaw } from './raw-request.ts'

const toolsList = { jsonrpc: '2.0', id: 1, method: 'tools/list' }

let server: TestServer
let people: Awaited<ReturnType<typeof populate>>
/** ada's in acme. */
let ada: Tokens
/** ada's in globex. */
let adaInGlobex: Tokens
/** bob's in globex. */
let bob: Tokens
before(async () => {
  server = await startServer()
  people = await populate(server)
  const first = await signIn(server.origin)
  ada = first
  const again = { clientId: first.clientId, browser: first.browser, organization: 'globex' }
  adaInGlobex = await signIn(server.origin, again)
  bob = await signIn(server.origin, { email: 'bob@example.com', organization: 'globex' })
})
after(() => server.stop())

/** POSTs a message as ada, with some headers replaced. */
function send(message: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return post(server.mcpUrl, message, { ...mcpHeaders(ada.access_token), ...headers })
}

async function whoami(token: string, headers: Record<string, string> = {}, id: number | string = 1) {
  const response = await post(server.mcpUrl, toolCall('whoami', {}, id), { ...mcpHeaders(token), ...headers })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('mcp-session-id'), null)
  const { id: answered, result } = await answerOf(response)
  const { user, organization } = result?.structuredContent ?? {}
  return {
    id: answered,
    email: (user as { email: string }).email,
    organization: (organization as { slug: string }).slug,
  }
}

async function assertProtocolError(response: Response, status: number, code: number): Promise<void> {
  assert.equal(response.status, status)
  assert.equal((await answerOf(response)).error?.code, code)
}

const foreignOrigins: [title: string, origin: string][] = [
  ['MCP-01 a foreign Origin', 'https://evil.example'],
  ['MCP-02 the Origin null of a sandboxed frame', 'null'],
]
for (const [title, origin] of foreignOrigins) {
  test(`${title} is refused, with a good token too (MCP, Streamable HTTP, CVE-2025-66414)`, async () => {
    const response = await send(toolsList, { origin })
    assert.equal(response.status, 403)
    assert.equal(response.headers.get('access-control-allow-origin'), null)
  })
}

test('MCP-04 the Origin is checked before token and body (cheap rejection)', async () => {
  // Of the five megabytes announced not one byte is sent: whoever reads the body first never answers.
  const text = requestText('POST /mcp/v1 HTTP/1.1', [
    `Host: localhost:${server.port}`,
    'Origin: https://evil.example',
    'Content-Type: application/json',
    'Content-Length: 5000000',
  ])
  assert.equal((await sendRaw(server.port, text)).status, 403)
})

test('MCP-05 an unknown session id is 404, so that the client begins anew (MCP 2025-11-25)', async () => {
  await assertProtocolError(await send(toolsList, { 'mcp-session-id': 'nope' }), 404, -32001)
  // Nor does it stand in for a token.
  const response = await post(server.mcpUrl, toolsList, { ...mcpHeaders(), 'mcp-session-id': 'nope' })
  assert.equal(response.status, 401)
})

const otherPrincipals: [title: string, tokens: () => Tokens][] = [
  ['MCP-07 a session of another organization is unknown (cross-tenant)', () => bob],
  ['MCP-08 so is one’s own of another organization (organization confusion)', () => adaInGlobex],
]
for (const [title, tokens] of otherPrincipals) {
  test(title, async () => {
    const session = await beginSession(server.mcpUrl, ada.access_token)
    const stolen = { ...session, authorization: `Bearer ${tokens().access_token}` }
    await assertProtocolError(await post(server.mcpUrl, toolsList, stolen), 404, -32001)
    const stream = await fetch(server.mcpUrl, { headers: stolen })
    assert.equal(stream.status, 404)
    assert.equal((await post(server.mcpUrl, toolsList, session)).status, 200)
  })
}

test('MCP-10 DELETE ends nobody else’s session (denial of service)', async () => {
  const session = await beginSession(server.mcpUrl, ada.access_token)
  const headers = { ...session, authorization: `Bearer ${bob.access_token}` }
  assert.equal((await fetch(server.mcpUrl, { method: 'DELETE', headers })).status, 404)
  assert.equal((await post(server.mcpUrl, toolsList, session)).status, 200)
})

function createLoggingServer(): McpServer {
  return new McpServer({ name: 'test', version: '1' }, { capabilities: { logging: {} } })
}

test('MCP-11 open streams are closed within five seconds of a revocation (MCP 2025-11-25)', async (t) => {
  const client = await signedInClient()
  // Our own tools say nothing unasked, so for them no stream is opened: MCP-20.
  const endpoint = await startEndpoint(client, [], { serverFor: createLoggingServer })
  t.after(() => endpoint.stop())
  const session = await beginSession(endpoint.url, await client.issueToken())
  // Every process is told at once; that each also looks for itself, every 3 s, is tested with the streams.
  const stream = await fetch(endpoint.url, { headers: session, signal: AbortSignal.timeout(2500) })
  assert.equal(stream.status, 200)
  await client.deps.clientSessions.end(client.session.id, { kind: 'operator' })
  // Reads to the end, which must come before the timeout.
  assert.doesNotMatch(await stream.text(), /^event:/m)
  assert.equal((await fetch(endpoint.url, { headers: session })).status, 401)
})

test('MCP-13 parallel users with equal JSON-RPC ids get their own answers (CVE-2026-25536)', async () => {
  for (let batch = 0; batch < 5; batch++) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const [tokens, expected] = n % 2 === 0 ? [ada, 'ada@example.com'] : [bob, 'bob@example.com']
        const { id, email } = await whoami(tokens.access_token, {}, batch)
        assert.deepEqual([id, email], [batch, expected])
      }),
    )
  }
})

/** Manifests of three services. */
function manifests(name: string): string {
  const documents = [0, 1, 2].map((n) => [workload(`${name}-${n}`), service(`${name}-${n}`)])
  return documents.flat().join('\n---\n')
}

test('MCP-14 the handle of another organization’s answer shows nothing of it (MCP, state handles)', async () => {
  const architecture = createArchitecture({ blobs: server.store.blobs, now: Date.now })
  await architecture.importFiles(people.acme.id, [{ path: 'a.yaml', content: manifests('mine') }])
  await architecture.importFiles(people.globex.id, [{ path: 'g.yaml', content: manifests('theirs') }])
  const search = async (token: string, args: object) => {
    const message = toolCall('search_entities', { limit: 1, ...args })
    const { result } = await answerOf(await post(server.mcpUrl, message, mcpHeaders(token)))
    return { result, text: JSON.stringify(result) }
  }
  const first = await search(bob.access_token, {})
  const cursor = first.result?.structuredContent?.['next_cursor']
  assert.equal(typeof cursor, 'string')
  assert.match(first.text, /theirs-/)
  // A cursor is a place in one's own list. At the same revision it fits, and leads on in ada's.
  assert.doesNotMatch((await search(ada.access_token, { cursor })).text, /theirs/)
  const foreign = toolCall('get_entity', { ref: 'service:default/theirs-0' })
  const { result } = await answerOf(await send(foreign))
  assert.equal(result?.isError, true)
  assert.match((await search(bob.access_token, { cursor })).text, /theirs-/)
})

/** What every request of revision 2026-07-28 carries. */
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

function sendModern(method: string, params: object, headers: Record<string, string>): Promise<Response> {
  const message = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } }
  return send(message, { 'mcp-protocol-version': '2026-07-28', ...headers })
}

test('MCP-16 Mcp-Method must be sent (MCP 2026-07-28, Standard Headers)', async () => {
  await assertProtocolError(await sendModern('tools/list', {}, {}), 400, -32020)
})

test('MCP-17 headers that differ from the body are refused (MCP 2026-07-28, Standard Headers)', async () => {
  const call = { name: 'whoami', arguments: {} }
  for (const headers of [
    { 'mcp-method': 'tools/list' },
    { 'mcp-method': 'tools/list', 'mcp-name': 'whoami' },
    { 'mcp-method': 'tools/call', 'mcp-name': 'get_entity' },
  ]) {
    await assertProtocolError(await sendModern('tools/call', call, headers), 400, -32020)
  }
  const right = await sendModern('tools/call', call, { 'mcp-method': 'tools/call', 'mcp-name': 'whoami' })
  assert.equal(right.status, 200)
})

test('MCP-19 an unknown method is 404 with -32601 (MCP 2026-07-28)', async () => {
  await assertProtocolError(await sendModern('nope/x', {}, { 'mcp-method': 'nope/x' }), 404, -32601)
})

test('MCP-20 GET and DELETE are 405 without a session (MCP 2026-07-28)', async () => {
  for (const method of ['GET', 'DELETE']) {
    const headers = { authorization: `Bearer ${ada.access_token}`, accept: 'text/event-stream' }
    const response = await fetch(server.mcpUrl, { method, headers })
    assert.equal(response.status, 405)
    assert.match(response.headers.get('allow') ?? '', /POST/)
  }
})

const refusedHeaders: [title: string, headers: Record<string, string>, status: number][] = [
  ['MCP-22 Accept without text/event-stream', { accept: 'application/json' }, 406],
  ['MCP-23 Accept of anything', { accept: '*/*' }, 406],
  ['MCP-25 Content-Type text/plain', { 'content-type': 'text/plain' }, 415],
  ['MCP-26 application/json as a parameter only', { 'content-type': 'text/plain; a=application/json' }, 415],
]
for (const [title, headers, status] of refusedHeaders) {
  test(`${title} is ${status} (MCP, Streamable HTTP; CSRF)`, async () => {
    assert.equal((await send(toolsList, headers)).status, status)
  })
}

test('MCP-28 a missing Content-Type is 415 (CSRF)', async () => {
  const { 'content-type': _, ...headers } = mcpHeaders(ada.access_token)
  const body = new TextEncoder().encode(JSON.stringify(toolsList))
  for (const type of [{}, { 'content-type': '' }]) {
    const response = await fetch(server.mcpUrl, { method: 'POST', headers: { ...headers, ...type }, body })
    assert.equal(response.status, 415)
  }
})

test('MCP-29 broken JSON and an empty body are parse errors (JSON-RPC 2.0 §5.1)', async () => {
  for (const body of ['{"jsonrpc":', '', 'nope']) {
    await assertProtocolError(await send(body), 400, -32700)
  }
})

test('MCP-31 a batch is refused as a whole (MCP 2025-06-18 removed batches)', async () => {
  for (const batch of [[toolsList, { ...toolsList, id: 2 }], [toolsList], []]) {
    await assertProtocolError(await send(batch), 400, -32600)
  }
})

test('MCP-32 a body over 4 MiB is refused (denial of service)', async () => {
  const message = { ...toolsList, params: { padding: 'x'.repeat(5_000_000) } }
  assert.equal((await send(message)).status, 413)
})

test('MCP-34 __proto__ in parameters has no effect (prototype pollution)', async () => {
  const bodies = [
    '{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"__proto__":{"polluted":1}}}',
    '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"whoami","arguments":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}}',
  ]
  for (const body of bodies) assert.equal((await send(body)).status, 200)
  assert.ok(!('polluted' in {}))
  assert.equal((await whoami(ada.access_token)).organization, 'acme')
})

test('MCP-37 hanging up stops the work, every time (MCP 2026-07-28, Cancellation)', async (t) => {
  const work = new EventEmitter()
  let running = 0
  const slow = defineTool({
    name: 'slow',
    title: 'Slow',
    description: 'Works until it is aborted.',
    requiredScope: 'architecture:read',
    inputSchema: z.strictObject({}),
    async handler(_input, { signal }) {
      running++
      work.emit('started')
      await once(signal(), 'abort')
      running--
      work.emit('aborted')
      return { structuredContent: {}, text: '', entities: [] }
    },
  })
  const client = await signedInClient()
  const endpoint = await startEndpoint(client, [slow])
  t.after(() => endpoint.stop())
  const token = await client.issueToken()
  for (let round = 0; round < 100; round++) {
    const started = once(work, 'started')
    const aborted = once(work, 'aborted', { signal: AbortSignal.timeout(1000) })
    const sent = request(endpoint.url, { method: 'POST', headers: mcpHeaders(token) })
    sent.on('error', () => {})
    sent.end(JSON.stringify(toolCall('slow')))
    await started
    sent.destroy()
    await aborted
  }
  assert.equal(running, 0)
})
