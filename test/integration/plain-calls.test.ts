import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { DomainError } from '../../src/domain/errors.ts'
import { presentAnswer } from '../../src/mcp/tools/answer-text.ts'
import { defineTool } from '../../src/mcp/tools/define-tool.ts'
import { whoami } from '../../src/mcp/tools/whoami.ts'
import {
  beginSession,
  mcpHeaders,
  type SignedInClient,
  signedInClient,
  startEndpoint,
} from '../support/mcp-endpoint.ts'

const requiredScope = 'architecture:read'
/** How many calls of `slow` were told that nobody waits. */
let abandoned = 0
const toolsUnderTest = [
  whoami,
  defineTool({
    name: 'picky',
    title: 'Picky',
    description: 'Takes exactly this.',
    requiredScope,
    inputSchema: z.strictObject({ query: z.string(), limit: z.int().max(50).default(10) }),
    handler: async (input) => ({ structuredContent: input, text: JSON.stringify(input), entities: [] }),
  }),
  defineTool({
    name: 'refusing',
    title: 'Refusing',
    description: 'Refuses.',
    requiredScope,
    inputSchema: z.strictObject({}),
    handler: () => Promise.reject(new DomainError('not_found', 'There is no entity "cart".')),
  }),
  defineTool({
    name: 'measured',
    title: 'Measured',
    description: 'Was made JSON of before it answers.',
    requiredScope,
    inputSchema: z.strictObject({}),
    handler: async () =>
      presentAnswer({ summary: 'a\u2028"\\ é', total: 2, next_cursor: undefined, names: ['b', '<c>'] }, []),
  }),
  defineTool({
    name: 'slow',
    title: 'Slow',
    description: 'Takes longer than a moment, or as long as somebody waits.',
    requiredScope,
    inputSchema: z.strictObject({ endless: z.boolean().default(false) }),
    async handler({ endless }, { signal }) {
      if (endless) {
        await once(signal(), 'abort')
        abandoned += 1
      } else await sleep(120)
      return { structuredContent: { endless }, text: 'done', entities: [] }
    },
  }),
]

type Endpoint = Awaited<ReturnType<typeof startEndpoint>>

/** One request as a client may make it; without `revision` the header is not sent. */
interface Request {
  message: unknown
  revision?: string
  headers?: Record<string, string>
}

const claim = 'io.modelcontextprotocol/protocolVersion'
const envelope = {
  [claim]: '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
}

function legacy(params: unknown, message: object = {}): Request {
  return {
    message: { jsonrpc: '2.0', id: 1, method: 'tools/call', params, ...message },
    revision: '2025-11-25',
  }
}

function modern(
  params: Record<string, unknown>,
  { meta = envelope, headers = {} }: { meta?: unknown; headers?: Record<string, string> } = {},
): Request {
  const standard = { 'mcp-method': 'tools/call', 'mcp-name': String(params['name']) }
  return {
    message: { jsonrpc: '2.0', id: 'a', method: 'tools/call', params: { ...params, _meta: meta } },
    revision: '2026-07-28',
    headers: { ...standard, ...headers },
  }
}

/** What needs no server object, in both eras. */
const plain: Record<string, Request> = {
  'a call': legacy({ name: 'whoami', arguments: {} }),
  'a call without arguments': legacy({ name: 'whoami' }),
  'a call under another id': legacy({ name: 'whoami' }, { id: 'é "1"' }),
  'a call with what clients add for themselves': legacy({
    name: 'whoami',
    _meta: { progressToken: 7, 'claudecode/toolUseId': 'toolu_1' },
  }),
  'a call that names no revision': { message: legacy({ name: 'whoami' }).message },
  'a call of the oldest revision': { ...legacy({ name: 'whoami' }), revision: '2024-10-07' },
  'a call with arguments': legacy({ name: 'picky', arguments: { query: 'a\u2028"\\', limit: 3 } }),
  'a call with wrong arguments': legacy({ name: 'picky', arguments: { query: 7, more: null } }),
  'a call whose answer was measured': legacy({ name: 'measured' }),
  'a call that takes longer': legacy({ name: 'slow' }),
  'a call that is refused': legacy({ name: 'refusing', arguments: {} }),
  'a call of 2026-07-28': modern({ name: 'whoami', arguments: {} }),
  'a call of 2026-07-28 with arguments': modern({ name: 'picky', arguments: { query: 'x' } }),
  'a call of 2026-07-28 whose answer was measured': modern({ name: 'measured' }),
  'a call of 2026-07-28 with wrong arguments': modern({ name: 'picky', arguments: { limit: 99 } }),
  'a call of 2026-07-28 that is refused': modern({ name: 'refusing' }),
  'a call of 2026-07-28 with a progress token': modern(
    { name: 'whoami' },
    { meta: { ...envelope, progressToken: 'p', 'example.com/trace': { a: 1 } } },
  ),
  'a call of 2026-07-28 of a client without a name': modern(
    { name: 'whoami' },
    { meta: { [claim]: '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } },
  ),
  'a call of 2026-07-28 that names a session': modern(
    { name: 'whoami' },
    { headers: { 'mcp-session-id': 'x' } },
  ),
}

const whoamiCall = { name: 'whoami', arguments: {} }
const without = (key: string) => Object.fromEntries(Object.entries(envelope).filter(([name]) => name !== key))

/** What the SDK has to judge. */
const unusual: Record<string, Request> = {
  'an unknown tool': legacy({ name: 'nothing', arguments: {} }),
  'a tool named like a property of objects': legacy({ name: 'constructor' }),
  'no name': legacy({ arguments: {} }),
  'a name that is no text': legacy({ name: 7 }),
  'no params': legacy(undefined),
  'params that are a list': legacy([whoamiCall]),
  'params that are null': legacy(null),
  'arguments that are a list': legacy({ name: 'whoami', arguments: [] }),
  'arguments that are null': legacy({ name: 'whoami', arguments: null }),
  'arguments with a prototype': {
    message:
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{"__proto__":{"a":1}}}}',
    revision: '2025-11-25',
  },
  'a task': legacy({ ...whoamiCall, task: { ttl: 1 } }),
  'another param': legacy({ ...whoamiCall, more: 1 }),
  'an id that is a fraction': legacy(whoamiCall, { id: 1.5 }),
  'an id that is null': legacy(whoamiCall, { id: null }),
  'no id, which is a notification': legacy(whoamiCall, { id: undefined }),
  'another version of JSON-RPC': legacy(whoamiCall, { jsonrpc: '1.0' }),
  'another field': legacy(whoamiCall, { more: 1 }),
  'a result besides': legacy(whoamiCall, { result: {} }),
  'a _meta that is a list': legacy({ ...whoamiCall, _meta: [] }),
  'a progress token that is an object': legacy({ ...whoamiCall, _meta: { progressToken: {} } }),
  'a related task': legacy({
    ...whoamiCall,
    _meta: { 'io.modelcontextprotocol/related-task': { taskId: 7 } },
  }),
  'half an envelope': legacy({ ...whoamiCall, _meta: without(claim) }),
  'an unsupported revision': { ...legacy(whoamiCall), revision: '2023-01-01' },
  'a revision that is no date': { ...legacy(whoamiCall), revision: 'latest' },
  'the header of 2026-07-28 without an envelope': { ...legacy(whoamiCall), revision: '2026-07-28' },
  'a client that takes JSON only': { ...legacy(whoamiCall), headers: { accept: 'application/json' } },
  'a client that takes streams only': { ...legacy(whoamiCall), headers: { accept: 'text/event-stream' } },
  'another method': legacy(undefined, { method: 'tools/list' }),
  ping: legacy(undefined, { method: 'ping' }),
  'an unknown method': legacy(undefined, { method: 'nothing' }),
  'an envelope without the header': { ...modern(whoamiCall), revision: '' },
  'an envelope of another revision than the header': { ...modern(whoamiCall), revision: '2025-11-25' },
  'an envelope of an unknown revision': {
    ...modern(whoamiCall, { meta: { ...envelope, [claim]: '2027-01-01' } }),
    revision: '2027-01-01',
  },
  'an envelope of an older revision': {
    ...modern(whoamiCall, { meta: { ...envelope, [claim]: '2025-11-25' } }),
    revision: '2025-11-25',
  },
  'an envelope with a revision that is no text': modern(whoamiCall, { meta: { ...envelope, [claim]: 7 } }),
  'an envelope without capabilities': modern(whoamiCall, {
    meta: without('io.modelcontextprotocol/clientCapabilities'),
  }),
  'an envelope with wrong capabilities': modern(whoamiCall, {
    meta: { ...envelope, 'io.modelcontextprotocol/clientCapabilities': { roots: 7 } },
  }),
  'an envelope with a wrong name': modern(whoamiCall, {
    meta: { ...envelope, 'io.modelcontextprotocol/clientInfo': { name: 7 } },
  }),
  'an envelope with a log level': modern(whoamiCall, {
    meta: { ...envelope, 'io.modelcontextprotocol/logLevel': 'info' },
  }),
  'an envelope with a wrong progress token': modern(whoamiCall, {
    meta: { ...envelope, progressToken: null },
  }),
  'an Mcp-Method of another method': modern(whoamiCall, { headers: { 'mcp-method': 'tools/list' } }),
  'an Mcp-Name of another tool': modern(whoamiCall, { headers: { 'mcp-name': 'picky' } }),
  'an Mcp-Name in Base64': modern(whoamiCall, { headers: { 'mcp-name': '=?base64?d2hvYW1p?=' } }),
  'an Mcp-Name in broken Base64': modern(whoamiCall, { headers: { 'mcp-name': '=?base64?!?=' } }),
  'no Mcp-Name': { ...modern(whoamiCall), headers: { 'mcp-method': 'tools/call' } },
  'no Mcp-Method': { ...modern(whoamiCall), headers: { 'mcp-name': 'whoami' } },
  'an unknown tool of 2026-07-28': modern({ name: 'nothing' }),
  'answers to what a tool asked': modern({ ...whoamiCall, inputResponses: {}, requestState: 's' }),
}

describe('A plain call', () => {
  let client: SignedInClient
  let token: string
  let ours: Endpoint
  let sdk: Endpoint
  let withoutSdk: Endpoint

  before(async () => {
    client = await signedInClient()
    token = await client.issueToken()
    ours = await startEndpoint(client, toolsUnderTest)
    sdk = await startEndpoint(client, toolsUnderTest, { answersPlainCalls: false })
    withoutSdk = await startEndpoint(client, toolsUnderTest, {
      answersPlainCalls: true,
      serverFor: () => assert.fail('a server object was made'),
    })
  })
  after(() => Promise.all([ours.stop(), sdk.stop(), withoutSdk.stop()]))

  async function send({ url }: Endpoint, request: Request, more: Record<string, string> = {}) {
    const { message, revision, headers } = request
    const body = typeof message === 'string' ? message : JSON.stringify(message)
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        ...mcpHeaders(token),
        ...(revision === undefined || revision === '' ? {} : { 'mcp-protocol-version': revision }),
        ...headers,
        ...more,
      },
      body,
    })
    const shown = Object.fromEntries(response.headers)
    for (const name of ['x-request-id', 'date', 'keep-alive']) delete shown[name]
    return { status: response.status, headers: shown, body: withoutTime(await response.text()) }
  }

  for (const [title, request] of Object.entries(plain)) {
    it(`is answered as the SDK does, without it: ${title}`, async () => {
      const expected = await send(sdk, request)
      assert.equal(expected.status, 200)
      assert.deepEqual(await send(ours, request), expected)
      assert.deepEqual(await send(withoutSdk, request), expected)
    })
  }

  for (const [title, request] of Object.entries(unusual)) {
    it(`is not what the SDK has to judge: ${title}`, async () => {
      assert.deepEqual(await send(ours, request), await send(sdk, request))
      assert.notEqual((await send(withoutSdk, request)).status, 200, 'it went to the SDK')
    })
  }

  it('is answered in a protocol session as the SDK does, without it', async () => {
    const session = { 'mcp-session-id': (await beginSession(sdk.url, token))['mcp-session-id'] }
    for (const [title, request] of Object.entries(plain)) {
      if (request.revision === '2026-07-28') continue
      const expected = await send(sdk, request, session)
      assert.equal(expected.status, 200, title)
      assert.deepEqual(await send(ours, request, session), expected, title)
      assert.deepEqual(await send(withoutSdk, request, session), expected, title)
    }
  })

  it('is given up in a protocol session when the client cancels it (MCP 2025-11-25, Cancellation)', async () => {
    const session = { 'mcp-session-id': (await beginSession(ours.url, token))['mcp-session-id'] }
    const answering = send(withoutSdk, legacy({ name: 'slow', arguments: { endless: true } }), session)
    await sleep(150)
    const params = { requestId: 1, reason: 'enough' }
    const message = { jsonrpc: '2.0', method: 'notifications/cancelled', params }
    assert.equal((await send(withoutSdk, { message, revision: '2025-11-25' }, session)).status, 202)
    assert.match((await answering).body, /"error":\{"code":-32000,"message":"The request was cancelled."\}/)
    assert.equal(abandoned, 1, 'the tool was told')
  })

  it('leaves to the SDK what it has to judge in a protocol session', async () => {
    const session = { 'mcp-session-id': (await beginSession(sdk.url, token))['mcp-session-id'] }
    for (const [title, request] of Object.entries(unusual)) {
      assert.deepEqual(await send(ours, request, session), await send(sdk, request, session), title)
    }
  })

  it('is no way around the end of a protocol session', async () => {
    const headers = { 'mcp-session-id': 'A'.repeat(43) }
    const call = plain['a call']
    assert.ok(call)
    assert.equal((await send(withoutSdk, call, headers)).status, 404)
  })
})

/** Answers of the same moment, to the letter; the moment may be two. */
function withoutTime(text: string): string {
  return text
    .replaceAll(/(?<=expires_in_minutes":|[(]in )\d+/g, 'N')
    .replaceAll(/(?<="request_id":)"[^"]+"/g, 'N')
}
