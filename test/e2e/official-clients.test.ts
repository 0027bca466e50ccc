import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { officialClients, type OfficialClient } from '../support/official-clients.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

/** For each tool a call that finds something in the sample architecture, and what the answer must name. */
const calls: Record<string, { args: Record<string, unknown>; names: string }> = {
  find_paths: { args: { from: 'tracking-site', to: 'accounts-db' }, names: 'gateway' },
  get_dependencies: { args: { ref: 'gateway' }, names: 'accounts' },
  get_entity: { args: { ref: 'parcels-db' }, names: 'parcels-db' },
  search_entities: { args: { query: 'cache' }, names: 'quote-cache' },
  whoami: { args: {}, names: 'ada@example.com' },
}

const stores: { name: string; skip: string | false; start: () => ReturnType<typeof startRedis> }[] = [
  { name: 'the embedded store', skip: false, start: async () => undefined },
  { name: 'Redis', skip: redisSkipReason(), start: () => startRedis() },
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
        const expired = client.tokens()
        assert(expired)
        await server.store.artifacts.delete('AccessToken', expired.access_token)
        assert.equal((await client.callTool('whoami', {})).isError ?? false, false)
        assert.notEqual(client.tokens()?.access_token, expired.access_token)
      })

      it('sends the person to the browser again after an administrator revoked its session, and works then', async () => {
        await revokeEverySession(server)
        await assert.rejects(client.callTool('whoami', {}), client.UnauthorizedError)
        await client.signIn(server.origin)
        await client.connect()
        assert.equal((await client.callTool('whoami', {})).isError ?? false, false)
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

async function revokeEverySession({ domain }: TestServer): Promise<void> {
  const organization = await domain.organizations.findBySlug('acme')
  assert(organization)
  const membership = { organization, role: 'owner' as const }
  const sessions = await domain.clientSessions.listFor(membership, 'an administrator')
  assert(sessions.length > 0)
  for (const { id } of sessions) await domain.clientSessions.revoke(id, membership, 'an administrator')
}
