import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { McpServer } from '@modelcontextprotocol/server'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { officialClients, type OfficialClient } from '../support/official-clients.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

/** For each tool a call that finds something in the sample architecture, and what the answer must name. */
const calls: Record<string, { args: Record<string, unknown>; names: string }> = {
  analyze_impact: { args: { ref: 'parcels-db' }, names: 'gateway' },
  compare_dependencies: { args: { refs: ['drivers', 'invoice-export'] }, names: 'parcels-db' },
  explain_relation: { args: { from: 'gateway', to: 'accounts' }, names: 'ACCOUNTS_ADDR' },
  find_issues: { args: { types: ['unresolved'] }, names: 'api.cardbridge.example' },
  find_paths: { args: { from: 'tracking-site', to: 'accounts-db' }, names: 'gateway' },
  find_similar: { args: { ref: 'parcels-db' }, names: 'ledger-db' },
  get_changes: { args: {}, names: 'sample' },
  get_dependencies: { args: { ref: 'gateway' }, names: 'accounts' },
  get_entity: { args: { ref: 'parcels-db' }, names: 'parcels-db' },
  get_overview: { args: {}, names: 'parcels-db' },
  rank_critical: { args: {}, names: 'parcels-db' },
  search_entities: { args: { query: 'cache' }, names: 'quote-cache' },
  whoami: { args: {}, names: 'ada@example.com' },
}

const stores: {
  name: string
  skip: string | false
  /** A restart of the server; here the embedded store is in its memory. */
  survives: boolean
  start: () => ReturnType<typeof startRedis>
}[] = [
  { name: 'the embedded store', skip: false, survives: false, start: async () => undefined },
  { name: 'Redis', skip: redisSkipReason(), survives: true, start: () => startRedis() },
]

for (const store of stores) {
  for (const [name, create] of Object.entries(officialClients)) {
    describe(`${name} on ${store.name}`, { skip: store.skip }, () => {
      let redis: Awaited<ReturnType<typeof startRedis>>
      let server: TestServer
      let client: OfficialClient

      before(async () => {
        redis = await store.start()
        server = await startServer({ redisUrl: redis?.url })
        const { acme } = await populate(server)
        await createArchitecture({ blobs: server.store.blobs, now: Date.now }).importSample(acme.id)
        client = create(server.mcpUrl)
      })
      after(async () => {
        await client.close()
        await server.stop()
        await redis?.stop()
      })

      it('finds its way from the 401 to a browser, and from the callback to tokens', async () => {
        await assert.rejects(client.connect(), client.UnauthorizedError)
        await client.signIn(server.origin)
        await client.connect()
        assert(name.includes(client.protocolVersion() ?? 'no version'))
        assert.equal(client.clientId()?.startsWith('https://'), name.includes('metadata document'))
      })

      it('lists the tools and calls each, whose answers say the same as data and as text', async () => {
        assert.deepEqual(await client.listTools(), Object.keys(calls))
        for (const [tool, { args, names }] of Object.entries(calls)) {
          const result = await client.callTool(tool, args)
          const text = result.content.map((part) => part.text).join('')
          assert.equal(result.isError ?? false, false, `${tool}: ${text}`)
          assert(text.includes(names), `${tool}: ${text}`)
          assert(JSON.stringify(result.structuredContent).includes(names), tool)
        }
      })

      it('survives an expired access token without the person noticing', async () => {
        const [expired, prompts] = [client.tokens(), client.prompts()]
        assert(expired)
        await server.store.artifacts.delete('AccessToken', expired.access_token)
        // Two at once, which both present the same refresh token.
        for (const { isError } of await Promise.all([
          client.callTool('whoami', {}),
          client.callTool('whoami', {}),
        ]))
          assert.equal(isError ?? false, false)
        assert.notEqual(client.tokens()?.access_token, expired.access_token)
        assert.equal(client.prompts(), prompts)
      })

      if (store.survives) {
        it('goes on after a restart of the server, with the connection it has', async () => {
          await server.stop()
          server = await startServer({ redisUrl: redis?.url, port: server.port })
          assert.equal((await client.callTool('whoami', {})).isError ?? false, false)
        })
      }

      it('sends the person to the browser once after an administrator revoked its session, and works then', async () => {
        const prompts = client.prompts()
        await revokeEverySession(server)
        await assert.rejects(client.callTool('whoami', {}), client.UnauthorizedError)
        assert.equal(client.prompts(), prompts + 1)
        await client.signIn(server.origin)
        await client.connect()
        assert.equal((await client.callTool('whoami', {})).isError ?? false, false)
        assert.equal(client.prompts(), prompts + 1)
      })

      it('signs in to the address of one organization besides, and works there', async () => {
        const pinned = create(`${server.origin}/o/acme/mcp/v1`)
        await assert.rejects(pinned.connect(), pinned.UnauthorizedError)
        await pinned.signIn(server.origin)
        await pinned.connect()
        const { structuredContent } = await pinned.callTool('whoami', {})
        assert.match(JSON.stringify(structuredContent), /"slug":"acme"/)
        await pinned.close()
      })
    })
  }
}

/** Says something unasked, unlike our own. */
function createServer(): McpServer {
  const server = new McpServer({ name: 'test', version: '1' }, { capabilities: { logging: {} } })
  server.registerTool('greet', {}, () => ({ content: [{ type: 'text', text: 'Hello' }] }))
  return server
}

describe('A stream that stays open for what the server says unasked', () => {
  it('is not opened again after a revocation, so nobody is sent to the browser before a call needs it', async (t) => {
    const server = await startServer({ mcpServerFor: createServer })
    t.after(() => server.stop())
    await populate(server)
    const clients = Object.values(officialClients).map((create) => create(server.mcpUrl))
    for (const client of clients) {
      t.after(client.close)
      await assert.rejects(client.connect(), client.UnauthorizedError)
      await client.signIn(server.origin)
      await client.connect()
    }
    await revokeEverySession(server)
    // Left to themselves, official clients open a lost stream again after 1 s, and once more 1.5 s later.
    await sleep(3000)
    for (const client of clients) {
      assert.equal(client.prompts(), 1)
      await assert.rejects(client.callTool('greet', {}), client.UnauthorizedError)
      assert.equal(client.prompts(), 2)
    }
  })
})

async function revokeEverySession({ domain }: TestServer): Promise<void> {
  const organization = await domain.organizations.findBySlug('acme')
  assert(organization)
  const membership = { organization, role: 'owner' as const }
  const sessions = await domain.clientSessions.listFor(membership, 'an administrator')
  assert(sessions.length > 0)
  for (const { id } of sessions) await domain.clientSessions.revoke(id, membership, 'an administrator')
}
