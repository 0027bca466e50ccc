import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { DomainError } from '../../src/domain/errors.ts'
import { defineTool } from '../../src/mcp/tools/define-tool.ts'
import { whoami } from '../../src/mcp/tools/whoami.ts'
import { StoreUnavailable } from '../../src/storage/contract.ts'
import {
  answerOf,
  initialize,
  mcpHeaders,
  post,
  publicUrl,
  type SignedInClient,
  signedInClient,
  startEndpoint,
  toolCall,
} from '../support/mcp-endpoint.ts'

const metadataUrl = `${publicUrl}/.well-known/oauth-protected-resource/mcp/v1`
const toolsList = { jsonrpc: '2.0', id: 1, method: 'tools/list' }

/** What every request of revision 2026-07-28 carries. */
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

const slowTool = new EventEmitter()

const noInput = z.strictObject({})
const requiredScope = 'architecture:read'
const failing = (name: string, error: Error) =>
  defineTool({
    name,
    title: name,
    description: name,
    requiredScope,
    inputSchema: noInput,
    handler: () => Promise.reject(error),
  })

const toolsUnderTest = [
  whoami,
  failing('refusing', new DomainError('not_found', 'There is no entity "cart". Did you mean "cartservice"?')),
  failing('broken', new Error('secret detail of row 7')),
  failing('storeless', new StoreUnavailable('connection refused')),
  defineTool({
    name: 'picky',
    title: 'Picky',
    description: 'Takes exactly this.',
    requiredScope,
    inputSchema: z.strictObject({ query: z.string(), limit: z.int().max(50).default(10) }),
    handler: async (input) => ({ structuredContent: input, text: JSON.stringify(input), entities: [] }),
  }),
  defineTool({
    name: 'slow',
    title: 'Slow',
    description: 'Waits for the caller to hang up.',
    requiredScope,
    inputSchema: noInput,
    async handler(_input, { signal }) {
      slowTool.emit('started')
      await new Promise((resolve) => signal().addEventListener('abort', resolve))
      slowTool.emit('aborted')
      return { structuredContent: {}, text: '', entities: [] }
    },
  }),
]

let client: SignedInClient
let endpoint: Awaited<ReturnType<typeof startEndpoint>>
let token: string

before(async () => {
  client = await signedInClient()
  endpoint = await startEndpoint(client, toolsUnderTest)
  token = await client.issueToken()
})
after(() => endpoint.stop())

function call(name: string, args: Record<string, unknown> = {}) {
  return post(endpoint.url, toolCall(name, args), mcpHeaders(token))
}

describe('Protected resource metadata (RFC 9728)', () => {
  for (const path of [
    '/.well-known/oauth-protected-resource/mcp/v1',
    '/.well-known/oauth-protected-resource',
  ]) {
    it(`is served at ${path} to pages of any origin, with no value null`, async () => {
      const response = await fetch(endpoint.origin + path, { headers: { origin: 'https://claude.ai' } })
      assert.equal(response.headers.get('access-control-allow-origin'), '*')
      assert.deepEqual(await response.json(), {
        resource: `${publicUrl}/mcp/v1`,
        authorization_servers: [publicUrl],
        scopes_supported: ['architecture:read'],
        bearer_methods_supported: ['header'],
        resource_name: 'OpenTrace',
      })
    })
  }

  it('answers a preflight and HEAD, refuses other methods with Allow', async () => {
    const url = metadataUrl.replace(publicUrl, endpoint.origin)
    const preflight = await fetch(url, { method: 'OPTIONS' })
    assert.equal(preflight.status, 204)
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /MCP-Protocol-Version/)
    assert.equal((await fetch(url, { method: 'HEAD' })).status, 200)
    const deleted = await fetch(url, { method: 'DELETE' })
    assert.equal(deleted.status, 405)
    assert.equal(deleted.headers.get('allow'), 'GET, HEAD, OPTIONS')
  })

  it('is JSON 404 for a resource that is not here', async () => {
    const response = await fetch(`${endpoint.origin}/.well-known/oauth-protected-resource/mcp`)
    assert.equal(response.status, 404)
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  })
})

describe('A challenge', () => {
  it('names no error when there were no credentials (RFC 6750 §3.1)', async () => {
    const response = await post(endpoint.url, toolsList, mcpHeaders())
    assert.equal(response.status, 401)
    assert.equal(
      response.headers.get('www-authenticate'),
      `Bearer scope="architecture:read", resource_metadata="${metadataUrl}"`,
    )
    const body = (await response.json()) as { error_description: string }
    assert.match(body.error_description, /sign in/)
  })

  it('names invalid_token otherwise, with the same sentence in the body', async () => {
    const response = await post(endpoint.url, toolsList, mcpHeaders('unknown'))
    assert.equal(response.status, 401)
    const challenge = response.headers.get('www-authenticate') ?? ''
    assert(
      challenge.startsWith('Bearer error="invalid_token", error_description="This access token is unknown'),
    )
    assert(challenge.endsWith(`scope="architecture:read", resource_metadata="${metadataUrl}"`))
    const body = (await response.json()) as { error: string; error_description: string }
    assert.equal(body.error, 'invalid_token')
    assert(challenge.includes(body.error_description))
  })

  it('quotes any organization name safely (RFC 6750 §3)', async () => {
    const revoked = await signedInClient({ store: client.store })
    const revokedToken = await revoked.issueToken()
    await revoked.deps.clientSessions.end(revoked.session.id, {
      kind: 'administrator',
      userId: 'u2',
      organizationName: revoked.organization.name,
    })
    const response = await post(endpoint.url, toolsList, mcpHeaders(revokedToken))
    const challenge = response.headers.get('www-authenticate') ?? ''
    assert.match(challenge, /administrator of Acme 'S\?hne' ' Co on/)
    const body = (await response.json()) as { error_description: string }
    assert(body.error_description.includes('administrator of Acme "Søhne" \\ Co on'))
  })

  it('asks for every scope at once when one is missing (MCP Scope Challenge Handling)', async () => {
    const narrow = await client.issueToken({ scope: '' })
    const response = await post(endpoint.url, toolCall('whoami'), mcpHeaders(narrow))
    assert.equal(response.status, 403)
    assert.match(
      response.headers.get('www-authenticate') ?? '',
      /^Bearer error="insufficient_scope", error_description="[^"]+", scope="architecture:read", resource_metadata="/,
    )
    assert.equal(((await response.json()) as { error: string }).error, 'insufficient_scope')
  })

  it('reads no token from the query or a cookie', async () => {
    const response = await post(`${endpoint.url}?access_token=${token}`, toolsList, {
      ...mcpHeaders(),
      cookie: `access_token=${token}`,
    })
    assert.equal(response.status, 401)
  })
})

const refuseConnection = () => Promise.reject(new StoreUnavailable('connection refused'))

describe('Without its store', () => {
  it('is 503 with Retry-After and never a challenge, on which clients forget their tokens', async () => {
    const cutOff = await signedInClient()
    const deps = { ...cutOff.deps, artifacts: { ...cutOff.deps.artifacts, get: refuseConnection } }
    const started = await startEndpoint({ ...cutOff, deps })
    const response = await post(started.url, toolsList, mcpHeaders(await cutOff.issueToken()))
    assert.equal(response.status, 503)
    assert.equal(response.headers.get('www-authenticate'), null)
    assert.equal(response.headers.get('retry-after'), '5')
    assert.equal(((await response.json()) as { error: string }).error, 'temporarily_unavailable')
    await started.stop()
  })
})

describe('The MCP endpoint', () => {
  it('lists every tool as read-only, in a fixed order, with strict schemas', async () => {
    const { result } = await answerOf(await post(endpoint.url, toolsList, mcpHeaders(token)))
    const listed = result?.['tools'] as { name: string; annotations: object; inputSchema: object }[]
    assert.deepEqual(
      listed.map(({ name }) => name),
      ['broken', 'picky', 'refusing', 'slow', 'storeless', 'whoami'],
    )
    for (const { annotations, inputSchema } of listed) {
      assert.deepEqual(
        { ...annotations, title: undefined },
        {
          title: undefined,
          readOnlyHint: true,
          destructiveHint: false,
          idempotentHint: true,
          openWorldHint: false,
        },
      )
      assert.equal((inputSchema as { additionalProperties?: unknown }).additionalProperties, false)
    }
  })

  it('announces tools and nothing else, with instructions that Claude Code shows whole', async () => {
    const response = await post(endpoint.url, initialize(), mcpHeaders(token))
    const { result } = await answerOf(response)
    assert.deepEqual(result?.['capabilities'], { tools: {}, resources: {}, prompts: {}, completions: {} })
    assert.equal(result['protocolVersion'], '2025-11-25')
    const instructions = String(result['instructions'])
    assert(instructions.length <= 2048 && instructions.includes('search_entities'))
  })

  it('answers whoami with the same facts as data and as text', async () => {
    const { result } = await answerOf(await call('whoami'))
    const { user, organization } = client
    const facts = result?.structuredContent
    assert.deepEqual(facts?.['user'], { name: user.name, email: user.email })
    assert.deepEqual(facts['organization'], { slug: organization.slug, name: organization.name })
    assert.equal(facts['manage_url'], `${publicUrl}/organizations/${organization.slug}/sessions`)
    const text = result?.content?.[0]?.text ?? ''
    for (const fact of [user.email, organization.slug, 'owner', 'architecture:read', 'Claude Code']) {
      assert(text.includes(fact), `${fact} is missing in: ${text}`)
    }
  })

  it('refuses an unknown tool as a protocol error (-32602)', async () => {
    const { error } = await answerOf(await call('search'))
    assert.equal(error?.code, -32602)
    assert.match(error.message, /There is no tool search\. The tools are broken, picky/)
  })

  it('names wrong and unknown arguments, and the valid ones, as a result the model sees', async () => {
    const { result } = await answerOf(await call('picky', { limit: 1000, search: 'x' }))
    assert.equal(result?.isError, true)
    const text = result.content?.[0]?.text ?? ''
    assert.match(text, /^- query: /m)
    assert.match(text, /^- limit: /m)
    assert.match(text, /^- unknown: search\. Valid arguments: query, limit\.$/m)
  })

  it('passes the words of a refusal on to the model', async () => {
    const { result } = await answerOf(await call('refusing'))
    assert.equal(result?.isError, true)
    assert.equal(result.content?.[0]?.text, 'There is no entity "cart". Did you mean "cartservice"?')
  })

  it('keeps the words of a defect in the log and gives the request id', async () => {
    const response = await call('broken')
    const { result } = await answerOf(response)
    const text = result?.content?.[0]?.text ?? ''
    assert.equal(result?.isError, true)
    assert(text.includes(`(request ${response.headers.get('x-request-id')})`))
    assert(!text.includes('secret'))
    assert(endpoint.logged.some((line) => line.includes('secret detail of row 7')))
  })

  it('says that the store is away when a tool cannot reach it', async () => {
    const { result } = await answerOf(await call('storeless'))
    assert.equal(result?.isError, true)
    assert.match(result.content?.[0]?.text ?? '', /cannot reach its store right now/)
  })

  it('never lets a token reach the log', () => {
    assert(endpoint.logged.length > 0)
    assert(!endpoint.logged.join('').includes(token))
  })

  it('keeps answers of parallel callers with equal ids apart (CVE-2026-25536)', async () => {
    const others = await Promise.all(Array.from({ length: 4 }, () => signedInClient({ store: client.store })))
    const callers = await Promise.all(others.map(async (one) => ({ one, token: await one.issueToken() })))
    await Promise.all(
      Array.from({ length: 80 }, async (_, round) => {
        const caller = callers[round % callers.length]
        assert(caller)
        const response = await post(endpoint.url, toolCall('whoami'), mcpHeaders(caller.token))
        const { result } = await answerOf(response)
        assert.deepEqual(result?.structuredContent?.['user'], {
          name: caller.one.user.name,
          email: caller.one.user.email,
        })
      }),
    )
  })

  for (const [wire, headers, meta] of [
    ['2025', {}, {}],
    [
      '2026-07-28',
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'slow' },
      { _meta: envelope },
    ],
  ] as const) {
    it(`aborts the work when the client hangs up, on the ${wire} wire (MCP 2026-07-28, Cancellation)`, async () => {
      const aborted = once(slowTool, 'aborted')
      const { params, ...message } = toolCall('slow')
      const sent = request(endpoint.url, { method: 'POST', headers: { ...mcpHeaders(token), ...headers } })
      sent.on('error', () => {})
      sent.end(JSON.stringify({ ...message, params: { ...params, ...meta } }))
      await once(slowTool, 'started')
      sent.destroy()
      await aborted
    })
  }

  it('limits how often one client session may ask, with Retry-After', async () => {
    const busy = await signedInClient({ store: client.store })
    const busyHeaders = mcpHeaders(await busy.issueToken())
    // A body that is refused early still counts.
    const statuses = await Promise.all(
      Array.from({ length: 601 }, async () => {
        const response = await post(endpoint.url, '[]', busyHeaders)
        await response.arrayBuffer()
        return response.status
      }),
    )
    assert.deepEqual(new Set(statuses), new Set([400, 429]))
    assert.equal(statuses.filter((status) => status === 429).length, 1)
    const limited = await post(endpoint.url, toolsList, busyHeaders)
    assert.match(limited.headers.get('retry-after') ?? '', /^\d+$/)
    const { jsonrpc, error } = (await limited.json()) as { jsonrpc: string; error: { message: string } }
    assert.equal(jsonrpc, '2.0', 'an error that clients of MCP understand, and none of OAuth')
    assert.match(error.message, /Try again in \d+ seconds/)
  })
})

describe('A request that is no MCP message', () => {
  const refusals: [
    title: string,
    headers: Record<string, string>,
    body: string,
    status: number,
    code?: number,
  ][] = [
    ['text/plain', { 'content-type': 'text/plain' }, JSON.stringify(toolsList), 415],
    [
      'text/plain; a=application/json',
      { 'content-type': 'text/plain; a=application/json' },
      JSON.stringify(toolsList),
      415,
    ],
    ['no content type', { 'content-type': '' }, JSON.stringify(toolsList), 415],
    ['a compressed body', { 'content-encoding': 'gzip' }, JSON.stringify(toolsList), 415],
    ['broken JSON', {}, '{"jsonrpc":', 400, -32700],
    ['an empty body', {}, '', 400, -32700],
    ['a batch', {}, JSON.stringify([toolsList, toolsList]), 400, -32600],
    ['JSON that is no object', {}, '7', 400, -32600],
    ['an object that is no message', {}, '{"hello":1}', 400],
    ['5 MB', {}, `"${'x'.repeat(5_000_000)}"`, 413],
    ['no event stream accepted', { accept: 'application/json' }, JSON.stringify(toolsList), 406],
    ['anything accepted', { accept: '*/*' }, JSON.stringify(toolsList), 406],
  ]
  for (const [title, headers, body, status, code] of refusals) {
    it(`is answered ${status}${code === undefined ? '' : ` with ${code}`}: ${title}`, async () => {
      const response = await post(endpoint.url, body, { ...mcpHeaders(token), ...headers })
      assert.equal(response.status, status)
      if (code !== undefined) assert.equal((await answerOf(response)).error?.code, code)
    })
  }

  for (const method of ['GET', 'DELETE', 'PUT']) {
    it(`is answered 405 with Allow: POST, without a protocol session: ${method}`, async () => {
      const response = await fetch(endpoint.url, { method, headers: mcpHeaders(token) })
      assert.equal(response.status, 405)
      assert.equal(response.headers.get('allow'), 'POST')
    })
  }

  it('leaves other prototypes alone: __proto__ in params', async () => {
    const body = '{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"__proto__":{"polluted":1}}}'
    const response = await post(endpoint.url, body, mcpHeaders(token))
    assert.equal(response.status, 200)
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
  })
})

describe('A web page', () => {
  it('of a foreign origin is refused before token and body are looked at', async () => {
    for (const origin of ['https://evil.example', 'null']) {
      const response = await post(endpoint.url, 'x'.repeat(5_000_000), { ...mcpHeaders('unknown'), origin })
      assert.equal(response.status, 403)
      assert.equal(response.headers.get('access-control-allow-origin'), null)
    }
  })

  it('of the same machine may ask first and read challenges', async () => {
    const origin = 'http://localhost:6274'
    const preflight = await fetch(endpoint.url, { method: 'OPTIONS', headers: { origin } })
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers.get('access-control-allow-origin'), origin)
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /Authorization.*Mcp-Method/)
    const response = await post(endpoint.url, toolsList, { ...mcpHeaders(), origin })
    assert.equal(response.headers.get('access-control-allow-origin'), origin)
    assert.match(response.headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/)
  })
})

describe('Revision 2026-07-28', () => {
  const modern = (method: string, params: object, headers: Record<string, string>) =>
    post(
      endpoint.url,
      { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } },
      { ...mcpHeaders(token), 'mcp-protocol-version': '2026-07-28', ...headers },
    )

  it('is discovered, with answers that only their caller may keep', async () => {
    const { result } = await answerOf(
      await modern('server/discover', {}, { 'mcp-method': 'server/discover' }),
    )
    assert.deepEqual(result?.['supportedVersions'], ['2026-07-28'])
    assert.equal(result['cacheScope'], 'private')
    const listed = await answerOf(await modern('tools/list', {}, { 'mcp-method': 'tools/list' }))
    assert.equal(listed.result?.['cacheScope'], 'private')
  })

  it('is answered in plain JSON', async () => {
    const response = await modern(
      'tools/call',
      { name: 'whoami', arguments: {} },
      { 'mcp-method': 'tools/call', 'mcp-name': 'whoami' },
    )
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
    assert.equal((await answerOf(response)).result?.isError, undefined)
  })

  const mismatches: [
    title: string,
    method: string,
    headers: Record<string, string>,
    status: number,
    code: number,
  ][] = [
    ['no Mcp-Method', 'tools/list', {}, 400, -32020],
    ['another Mcp-Method than the body', 'tools/list', { 'mcp-method': 'tools/call' }, 400, -32020],
    ['an unknown method', 'nope/x', { 'mcp-method': 'nope/x' }, 404, -32601],
  ]
  for (const [title, method, headers, status, code] of mismatches) {
    it(`answers ${status} with ${code} to ${title}`, async () => {
      const response = await modern(method, {}, headers)
      assert.equal(response.status, status)
      assert.equal((await answerOf(response)).error?.code, code)
    })
  }

  it('ends a subscription at once, since nothing here can be subscribed to', async () => {
    const response = await modern(
      'subscriptions/listen',
      { notifications: { toolsListChanged: true } },
      { 'mcp-method': 'subscriptions/listen' },
    )
    assert.equal(response.status, 200)
    await response.text()
  })
})
