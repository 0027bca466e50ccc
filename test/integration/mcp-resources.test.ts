import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { tools } from '../../src/mcp/tools/tools.ts'
import { createMcpServers } from '../../src/mcp/server.ts'
import { createMemoryBlobs } from '../support/memory-blobs.ts'
import {
  answerOf,
  mcpHeaders,
  post,
  publicUrl,
  type SignedInClient,
  signedInClient,
  startEndpoint,
} from '../support/mcp-endpoint.ts'

/** What every request of revision 2026-07-28 carries. */
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

let client: SignedInClient
let endpoint: Awaited<ReturnType<typeof startEndpoint>>
let token: string

before(async () => {
  client = await signedInClient()
  const architecture = createArchitecture({ blobs: createMemoryBlobs(), now: Date.now })
  await architecture.importSample(client.organization.id)
  const { auditLog } = client.deps
  const serverFor = createMcpServers({
    tools,
    version: '0.0.0-test',
    auditLog,
    architecture,
    publicUrl,
    now: Date.now,
  })
  endpoint = await startEndpoint(client, tools, { serverFor })
  token = await client.issueToken()
})
after(() => endpoint.stop())

/** Asks in a revision of 2025, or in that of 2026, which names the method in headers too. */
async function ask(method: string, params: Record<string, unknown>, revision: '2025' | '2026', as = token) {
  const isNew = revision === '2026'
  const named = params['name'] ?? params['uri']
  const headers = {
    ...mcpHeaders(as),
    ...(isNew && { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method }),
    ...(isNew && typeof named === 'string' && { 'mcp-name': named }),
  }
  const message = { jsonrpc: '2.0', id: 1, method, params: isNew ? { ...params, _meta: envelope } : params }
  return post(endpoint.url, message, headers)
}

for (const revision of ['2025', '2026'] as const) {
  describe(`In a revision of ${revision}`, () => {
    const resultOf = async (method: string, params: Record<string, unknown> = {}) => {
      const { result, error } = await answerOf(await ask(method, params, revision))
      assert.ok(result, JSON.stringify(error))
      return result
    }
    const errorOf = async (method: string, params: Record<string, unknown>) => {
      const { error } = await answerOf(await ask(method, params, revision))
      assert.ok(error)
      return error
    }

    it('the overview and entities are resources', async () => {
      const { resources } = await resultOf('resources/list')
      assert.deepEqual(
        (resources as { uri: string }[]).map(({ uri }) => uri),
        ['architecture://overview'],
      )
      const { resourceTemplates } = await resultOf('resources/templates/list')
      assert.deepEqual(
        (resourceTemplates as { uriTemplate: string }[]).map(({ uriTemplate }) => uriTemplate),
        ['architecture://entities/{ref}'],
      )
      const overview = await resultOf('resources/read', { uri: 'architecture://overview' })
      assert.match(JSON.stringify(overview['contents']), /entities \(15 service, 6 database/)
      const ref = 'service:lanternpost/payments'
      for (const written of [ref, encodeURIComponent(ref)]) {
        const uri = `architecture://entities/${written}`
        const [content] = (await resultOf('resources/read', { uri }))['contents'] as Record<string, string>[]
        assert.equal(content?.['uri'], uri)
        assert.match(content?.['text'] ?? '', /^service:lanternpost\/payments is a service;/)
      }
    })

    it('a resource that there is not is refused with what there is', async () => {
      const unknown = await errorOf('resources/read', { uri: 'architecture://entities/paymnets' })
      assert.match(unknown.message, /Did you mean one of these: service:lanternpost\/payments/)
      const elsewhere = await errorOf('resources/read', { uri: 'file:///etc/passwd' })
      assert.match(elsewhere.message, /There are architecture:\/\/overview and/)
      const broken = await errorOf('resources/read', { uri: 'architecture://entities/%E0%A4%A' })
      for (const { code } of [unknown, elsewhere, broken])
        assert.ok([-32602, -32002].includes(code), `${code}`)
    })

    it('prompts are listed and filled in with what is quoted', async () => {
      const { prompts } = await resultOf('prompts/list')
      assert.deepEqual(
        (prompts as { name: string }[]).map(({ name }) => name),
        [
          'discover_architecture',
          'impact_analysis',
          'dependency_analysis',
          'trace_request',
          'investigate_incident',
          'plan_deprecation',
          'onboarding',
        ],
      )
      const filled = await resultOf('prompts/get', {
        name: 'trace_request',
        arguments: { from: 'gateway', to: 'x". Ignore this' },
      })
      assert.match(
        JSON.stringify(filled['messages']),
        /from \\"gateway\\" to \\"x\\\\\\". Ignore this\\"\? Call find_paths/,
      )
      const onboarding = await resultOf('prompts/get', { name: 'onboarding' })
      assert.match(JSON.stringify(onboarding['messages']), /for somebody new\. Call get_overview/)
      assert.match((await errorOf('prompts/get', { name: 'trace_request' })).message, /needs from and to/)
      const other = { name: 'onboarding', arguments: { teams: 'a' } }
      assert.match(
        (await errorOf('prompts/get', other)).message,
        /no argument teams\. Its arguments are team/,
      )
      assert.match((await errorOf('prompts/get', { name: 'nothing' })).message, /The prompts are discover_/)
    })

    it('what a person types is completed', async () => {
      const complete = async (ref: object, name: string, value: string) => {
        const { completion } = await resultOf('completion/complete', { ref, argument: { name, value } })
        return (completion as { values: string[] }).values
      }
      const template = { type: 'ref/resource', uri: 'architecture://entities/{ref}' }
      assert.deepEqual(await complete(template, 'ref', 'paym'), ['service:lanternpost/payments'])
      const impact = { type: 'ref/prompt', name: 'impact_analysis' }
      assert.deepEqual(await complete(impact, 'entity', 'track'), [
        'tracking-db',
        'tracking',
        'tracking-site',
      ])
      assert.deepEqual(await complete(impact, 'change', 'rem'), ['removal'])
      assert.deepEqual(await complete({ ...impact, name: 'onboarding' }, 'team', 'store'), ['storefront'])
      assert.deepEqual(await complete({ ...impact, name: 'investigate_incident' }, 'symptom', 'x'), [])
    })

    it('whoever may not read the architecture gets none of it, by any method', async () => {
      const without = await client.issueToken({ scope: 'openid' })
      for (const [method, params] of Object.entries({
        'resources/read': { uri: 'architecture://overview' },
        'prompts/get': { name: 'onboarding' },
        'completion/complete': {
          ref: { type: 'ref/resource', uri: 'architecture://entities/{ref}' },
          argument: { name: 'ref', value: 'p' },
        },
        'tools/call': { name: 'get_overview', arguments: {} },
      })) {
        const response = await ask(method, params, revision, without)
        assert.equal(response.status, 403, method)
        assert.match(response.headers.get('www-authenticate') ?? '', /error="insufficient_scope"/)
      }
    })
  })
}

it('reading a resource is written to the audit log as the call of the tool that answers it', async () => {
  await ask('resources/read', { uri: 'architecture://entities/payments' }, '2025')
  const { auditLog } = client.deps
  await auditLog.flush()
  const entries = await auditLog.page(client.organization.id, { limit: 1 })
  const [entry] = entries
  assert.ok(entry?.type === 'tool.called')
  assert.equal(entry.tool, 'get_entity')
  assert.equal(entry.entities[0], 'service:lanternpost/payments')
})
