import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { before, describe, it } from 'node:test'
import { type BearerTokenDeps, createBearerAuthentication } from '../../src/mcp/bearer-token.ts'
import { type Artifacts, type Documents, StoreUnavailable } from '../../src/storage/contract.ts'
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'
import { type SignedInClient, signedInClient } from '../support/mcp-endpoint.ts'

const resource = 'http://localhost:3000/mcp/v1'

const down = () => Promise.reject(new StoreUnavailable('down'))

function authentication(client: SignedInClient, overrides: Partial<BearerTokenDeps> = {}) {
  const authenticate = createBearerAuthentication({ ...client.deps, ...overrides })
  const presentation = { resource: { identifier: resource, slug: undefined }, address: '127.0.0.1' }
  return (header: string | undefined) => authenticate(header, presentation)
}

describe('A bearer token', () => {
  let client: SignedInClient

  before(async () => {
    client = await signedInClient()
  })

  it('makes its user, organization, role and scopes the principal', async () => {
    const answer = await authentication(client)(`Bearer ${await client.issueToken()}`)
    assert(answer.outcome === 'accepted')
    const { principal } = answer
    assert(principal.kind === 'user')
    assert.equal(principal.user.email, client.user.email)
    assert.equal(principal.organization.slug, client.organization.slug)
    assert.equal(principal.role, 'owner')
    assert.deepEqual(principal.scopes, ['architecture:read'])
    assert.equal(principal.clientSession.id, client.session.id)
  })

  it('is found whatever the case of the scheme (RFC 9110 §11.1)', async () => {
    assert.equal((await authentication(client)(`bearer ${await client.issueToken()}`)).outcome, 'accepted')
  })

  const refusals: [title: string, header: string | undefined, reason: string][] = [
    ['no header', undefined, 'missing'],
    ['another scheme (RFC 6750 §3.1: like no credentials)', 'Basic YTpi', 'missing'],
    ['a scheme without a token', 'Bearer', 'malformed'],
    ['two parts', 'Bearer a b', 'malformed'],
    ['characters outside b64token (RFC 6750 §2.1)', 'Bearer \u00e9', 'malformed'],
    ['9 KB', `Bearer ${'A'.repeat(9216)}`, 'malformed'],
    ['a variable that was never expanded', 'Bearer ${OPENTRACE_TOKEN}', 'unset_variable'],
    ['a well-formed stranger', `Bearer ${'A'.repeat(43)}`, 'unknown'],
  ]
  for (const [title, header, reason] of refusals) {
    it(`is refused as ${reason}: ${title}`, async () => {
      const answer = await authentication(client)(header)
      assert(answer.outcome === 'refused')
      assert.equal(answer.reason, reason)
    })
  }

  it('is refused one character shorter or longer', async () => {
    const token = await client.issueToken()
    for (const altered of [token.slice(0, -1), `${token}A`]) {
      const answer = await authentication(client)(`Bearer ${altered}`)
      assert(answer.outcome === 'refused')
      assert.equal(answer.reason, 'unknown')
    }
  })

  it('is refused once it has expired, although the store still has it', async () => {
    const token = await client.issueToken({ exp: Math.floor(Date.now() / 1000) - 1 })
    const answer = await authentication(client)(`Bearer ${token}`)
    assert(answer.outcome === 'refused')
    assert.equal(answer.reason, 'unknown')
  })

  for (const aud of [undefined, `${resource}/`, 'http://localhost:3000', `${resource}-other`]) {
    it(`is refused with the audience ${aud} (RFC 8707, MCP Token Handling)`, async () => {
      const answer = await authentication(client)(`Bearer ${await client.issueToken({ aud })}`)
      assert(answer.outcome === 'refused')
      assert.equal(answer.reason, 'wrong_audience')
    })
  }

  it('gives only scopes this server knows', async () => {
    const token = await client.issueToken({ scope: 'offline_access architecture:write' })
    const answer = await authentication(client)(`Bearer ${token}`)
    assert(answer.outcome === 'accepted')
    assert.deepEqual(answer.principal.scopes, [])
  })

  it('is not refused when the store cannot be reached: that rises', async () => {
    const artifacts = { ...client.deps.artifacts, get: down }
    await assert.rejects(
      authentication(client, { artifacts })(`Bearer ${'A'.repeat(43)}`),
      (error) => error instanceof StoreUnavailable,
    )
  })
})

describe('A bearer token whose session changed', () => {
  async function afterwards(change: (client: SignedInClient) => Promise<void>) {
    const client = await signedInClient()
    const header = `Bearer ${await client.issueToken()}`
    const authenticate = authentication(client)
    assert.equal((await authenticate(header)).outcome, 'accepted')
    await change(client)
    const answer = await authenticate(header)
    assert(answer.outcome === 'refused')
    return answer
  }

  it('is told which organization revoked it, and when', async () => {
    const answer = await afterwards((client) =>
      client.deps.clientSessions.end(client.session.id, {
        kind: 'administrator',
        userId: 'u2',
        organizationName: 'Acme',
      }),
    )
    assert.equal(answer.reason, 'session_ended')
    assert.match(
      answer.description,
      /^This session was revoked by an administrator of Acme on \d{4}-\d\d-\d\d \d\d:\d\d UTC\./,
    )
  })

  it('is refused as soon as the grant is gone, before anybody wrote down why', async () => {
    const answer = await afterwards((client) => client.store.artifacts.revokeGrant(client.session.id))
    assert.equal(answer.reason, 'session_ended')
  })

  it('is refused when the session has reached its end', async () => {
    const answer = await afterwards((client) =>
      changeDocument(client, 'client-session', client.session.id, { expiresAt: Date.now() - 1 }),
    )
    assert.equal(answer.reason, 'session_ended')
  })

  it('is refused when its user left the organization', async () => {
    const answer = await afterwards((client) =>
      changeDocument(client, 'member', `${client.organization.id}:${client.user.id}`),
    )
    assert.equal(answer.reason, 'no_longer_member')
    assert.match(answer.description, /no longer a member of Acme/)
  })

  it('is refused when the organization is gone', async () => {
    const answer = await afterwards((client) =>
      changeDocument(client, 'organization', client.organization.id),
    )
    assert.equal(answer.reason, 'no_longer_member')
  })

  it('is refused when its user was disabled', async () => {
    const answer = await afterwards((client) =>
      changeDocument(client, 'user', client.user.id, { disabledAt: Date.now() }),
    )
    assert.equal(answer.reason, 'user_disabled')
  })
})

describe('A bearer token that was accepted before', () => {
  it('is accepted again for one look at the revision of documents and one whether it and its grant are there', async () => {
    const client = await signedInClient()
    const read: string[] = []
    const artifacts: Artifacts = {
      ...client.deps.artifacts,
      get: (model, id) => {
        read.push(model)
        return client.deps.artifacts.get(model, id)
      },
      has: (model, id) => {
        read.push(`whether ${model}`)
        return client.deps.artifacts.has(model, id)
      },
    }
    const documents: Documents = {
      ...client.deps.documents,
      revision: () => {
        read.push('revision')
        return client.deps.documents.revision()
      },
    }
    const authenticate = authentication(client, { artifacts, documents })
    const header = `Bearer ${await client.issueToken()}`
    const first = await authenticate(header)
    read.length = 0
    const second = await authenticate(header)
    assert(first.outcome === 'accepted' && second.outcome === 'accepted')
    assert.deepEqual(second.principal, first.principal)
    assert.deepEqual(read, ['whether AccessToken', 'whether Grant', 'revision'])
  })

  it('is looked up again after any commit, and shows what that changed', async () => {
    const client = await signedInClient()
    const authenticate = authentication(client)
    const header = `Bearer ${await client.issueToken()}`
    await authenticate(header)
    await changeDocument(client, 'organization', client.organization.id, { name: 'Renamed' })
    const answer = await authenticate(header)
    assert(answer.outcome === 'accepted')
    assert.equal(answer.principal.organization.name, 'Renamed')
  })

  it('is refused when it expires meanwhile, and when its session does', async () => {
    for (const minutes of [31, 25 * 60]) {
      let clock = Date.now()
      const client = await signedInClient()
      const authenticate = authentication(client, { now: () => clock })
      const exp = minutes > 60 ? { exp: Math.floor(clock / 1000) + 100 * 60 * 60 } : {}
      const header = `Bearer ${await client.issueToken(exp)}`
      assert.equal((await authenticate(header)).outcome, 'accepted')
      clock += minutes * 60_000
      assert.equal((await authenticate(header)).outcome, 'refused')
    }
  })

  it('is refused at the next request after another process has ended what it rests on', async (t) => {
    const file = join(await mkdtemp(join(tmpdir(), 'opentrace-')), 'opentrace.db')
    const [store, elsewhere] = [await createSqliteStore({ file }), await createSqliteStore({ file })]
    t.after(async () => {
      await Promise.all([store.close(), elsewhere.close()])
      await rm(dirname(file), { recursive: true })
    })
    const endings: ((client: SignedInClient) => Promise<void>)[] = [
      (client) => elsewhere.artifacts.revokeGrant(client.session.id),
      (client) => changeDocument({ store: elsewhere }, 'user', client.user.id, { disabledAt: 1 }),
      (client) =>
        changeDocument({ store: elsewhere }, 'member', `${client.organization.id}:${client.user.id}`),
    ]
    for (const end of endings) {
      const client = await signedInClient({ store })
      const authenticate = authentication(client)
      const header = `Bearer ${await client.issueToken()}`
      assert.equal((await authenticate(header)).outcome, 'accepted')
      await end(client)
      assert.equal((await authenticate(header)).outcome, 'refused')
    }
  })

  it('is not believed when the store cannot be reached', async () => {
    const client = await signedInClient()
    for (const part of ['documents', 'artifacts'] as const) {
      const { documents, artifacts } = client.deps
      const deps = { documents: { ...documents }, artifacts: { ...artifacts } }
      const authenticate = authentication(client, deps)
      const header = `Bearer ${await client.issueToken()}`
      assert.equal((await authenticate(header)).outcome, 'accepted')
      Object.assign(deps[part], part === 'documents' ? { revision: down } : { get: down, has: down })
      await assert.rejects(authenticate(header), (error) => error instanceof StoreUnavailable)
    }
  })

  it('is not accepted for another resource than it was', async () => {
    const client = await signedInClient()
    const authenticate = createBearerAuthentication(client.deps)
    const header = `Bearer ${await client.issueToken()}`
    const presentation = { resource: { identifier: resource, slug: undefined }, address: '127.0.0.1' }
    assert.equal((await authenticate(header, presentation)).outcome, 'accepted')
    const { slug } = client.organization
    const elsewhere = { identifier: `http://localhost:3000/o/${slug}/mcp/v1`, slug }
    const answer = await authenticate(header, { ...presentation, resource: elsewhere })
    assert(answer.outcome === 'refused')
    assert.equal(answer.reason, 'wrong_audience')
  })
})

async function changeDocument(
  client: Pick<SignedInClient, 'store'>,
  kind: string,
  id: string,
  facts?: object,
) {
  const { documents } = client.store
  const document = await documents.get(kind, id)
  assert(document)
  const { version, data } = document
  await documents.commit([
    facts
      ? { op: 'put', kind, id, version, data: { ...(data as object), ...facts } }
      : { op: 'delete', kind, id, version },
  ])
}
