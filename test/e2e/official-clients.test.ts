import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { officialClients, type OfficialClient } from '../support/official-clients.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

/** Arguments under which each tool finds something in the sample architecture. */
const toolArguments: Record<string, Record<string, unknown>> = {
  whoami: {},
}

const unauthorized = { name: 'UnauthorizedError' }

function describeClients(storeName: string, redisUrl: string | undefined) {
  for (const [name, create] of Object.entries(officialClients)) {
    describe(`${name} on ${storeName}`, () => {
      let server: TestServer
      let client: OfficialClient

      before(async () => {
        server = await startServer({ redisUrl })
        const { acme } = await populate(server)
        await createArchitecture({ blobs: server.store.blobs, now: Date.now }).importSample(acme.id)
        client = create(server.mcpUrl)
      })
      after(async () => {
        await client.close()
        await server.stop()
      })

      it('finds its way from the 401 to a browser, and from the callback to tokens', async () => {
        await assert.rejects(client.connect(), unauthorized)
        await client.signIn(server.origin)
        await client.connect()
        assert(name.includes(client.protocolVersion() ?? 'no version'))
        assert.equal(client.clientId()?.startsWith('https://'), name.includes('metadata document'))
      })

      it('lists the tools and calls each', async () => {
        assert.deepEqual(await client.listTools(), Object.keys(toolArguments).toSorted())
        for (const [tool, args] of Object.entries(toolArguments)) {
          const result = await client.callTool(tool, args)
          assert.equal(result.isError ?? false, false, `${tool}: ${result.content[0]?.text}`)
          assert(result.structuredContent)
        }
      })

      it('survives an expired access token without the person noticing', async () => {
        const expired = client.tokens()
        assert(expired)
        await server.store.artifacts.delete('AccessToken', expired.access_token)
        const { structuredContent } = await client.callTool('whoami', {})
        assert.equal((structuredContent as { role: string }).role, 'owner')
        assert.notEqual(client.tokens()?.access_token, expired.access_token)
      })

      it('sends the person to the browser again after an administrator revoked its session, and works then', async () => {
        const { session_id: _none, ...who } = (await client.callTool('whoami', {})).structuredContent as {
          session_id?: string
          user: { email: string }
        }
        assert.equal(who.user.email, 'ada@example.com')
        await revokeEverySession(server)
        await assert.rejects(client.callTool('whoami', {}), unauthorized)
        await client.signIn(server.origin)
        await client.connect()
        assert.equal((await client.callTool('whoami', {})).isError ?? false, false)
      })
    })
  }
}

async function revokeEverySession({ domain }: TestServer): Promise<void> {
  const organization = await domain.organizations.findBySlug('acme')
  assert(organization)
  const membership = { organization, role: 'owner' as const }
  const sessions = await domain.clientSessions.listFor(membership, '')
  assert(sessions.length > 0)
  for (const { id } of sessions) await domain.clientSessions.revoke(id, membership, '')
}

describeClients('the embedded store', undefined)
