import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { administrationBy } from '../../src/domain/administration.ts'
import { type Store, StoreUnavailable } from '../../src/storage/contract.ts'
import { engines, type RunningEngine } from '../contract/engines.ts'
import { administrationOf, createAccount, issueToken } from '../support/api-tokens.ts'
import { mcpHeaders, toolCall } from '../support/mcp-endpoint.ts'
import { encodeTraces, type OtlpRequest, type OtlpResourceSpans, spansOf } from '../support/otlp.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const day = 24 * 60 * 60_000
interface Sent {
  token?: string | undefined
  type?: string
  headers?: Record<string, string>
  method?: string
}

async function send(
  { origin }: Pick<TestServer, 'origin'>,
  body: OtlpRequest | string | Uint8Array,
  { token, type = 'application/json', headers = {}, method = 'POST' }: Sent,
): Promise<Response> {
  return fetch(`${origin}/v1/traces`, {
    method,
    headers: { 'content-type': type, ...(token && { authorization: `Bearer ${token}` }), ...headers },
    ...(method === 'POST' && {
      body:
        typeof body === 'string'
          ? body
          : body instanceof Uint8Array
            ? Buffer.from(body)
            : JSON.stringify(body),
    }),
  })
}

/** A call of one service by another, each half by itself; `n` tells calls apart. */
function halves(
  from: string,
  to: string,
  n: number,
  at = Date.now(),
): [OtlpResourceSpans, OtlpResourceSpans] {
  const trace = n.toString(16)
  return [
    spansOf(from, [{ id: 'a', trace, kind: 'client', name: 'GET /x', at, ms: 20 }]),
    spansOf(to, [{ id: 'b', trace, parent: 'a', kind: 'server', name: 'GET /x', at, ms: 5 }]),
  ]
}

for (const engine of engines.filter(({ name }) => name === 'SQLite file' || name === 'Redis')) {
  describe(`Traces sent to a server on ${engine.name}`, { skip: engine.skip }, () => {
    let clock = 0
    let isDown = false
    let running: RunningEngine
    /** Two processes on one store. */
    let server: TestServer
    let other: TestServer
    let people: Awaited<ReturnType<typeof populate>>
    let sender: string
    let reader: string
    const now = () => Date.now() + clock

    before(async () => {
      running = await engine.start()
      const neighbour = (await running.openNeighbour?.()) ?? (await running.open())
      server = await startServer({ store: await running.open(), now, lookEvery: 20 })
      other = await startServer({ store: failing(neighbour, () => isDown), now, lookEvery: 20 })
      people = await populate(server)
      sender = await tokenOf('otel collector', ['architecture:ingest'])
      reader = await tokenOf('reader', ['architecture:read'])
    })
    after(async () => {
      await server.stop()
      await other.stop()
      await running.stop()
    })

    async function tokenOf(name: string, scopes: Parameters<typeof createAccount>[3]): Promise<string> {
      return (await issueToken(server, people, await createAccount(server, people, name, scopes))).secret
    }

    async function graphOf(organizationId = people.acme.id) {
      const architecture = createArchitecture({ blobs: server.store.blobs, now })
      return (await architecture.load(organizationId)).graph
    }

    /** `from type to`, with counts of calls, of what involves a name. */
    async function relationsOf(name: string) {
      const { relations } = await graphOf()
      return relations
        .filter(({ from, to }) => from.includes(name) || to.includes(name))
        .map(({ from, type, to, evidence }) => {
          const count = evidence.reduce((sum, { observed }) => sum + (observed?.count ?? 0), 0)
          return `${from} ${type} ${to} ${count}`
        })
    }

    test('are taken from service accounts with architecture:ingest, and from nobody else', async () => {
      const traces = { resourceSpans: halves('web', 'cart', 1) }
      const cases: [Sent, number, RegExp][] = [
        [{}, 401, /needs a token/],
        [{ token: 'opaque-of-a-person' }, 401, /no token of a service account/],
        [{ token: `${sender}x` }, 401, /not whole/],
        [{ token: reader }, 403, /needs the permission architecture:ingest/],
        [{ token: sender, method: 'GET' }, 405, /with POST/],
        [{ token: sender, type: 'text/plain' }, 415, /x-protobuf/],
        [{ token: sender, headers: { 'content-encoding': 'br' } }, 415, /gzip/],
      ]
      for (const [sent, status, message] of cases) {
        const response = await send(server, traces, sent)
        assert.equal(response.status, status)
        assert.match(((await response.json()) as { message: string }).message, message)
        assert.equal(response.headers.has('www-authenticate'), status === 401 || status === 403)
        assert.equal(response.headers.get('set-cookie'), null)
      }
      assert.deepEqual((await graphOf()).relations, [])
      const response = await send(server, traces, { token: sender })
      assert.equal(response.status, 200)
      assert.deepEqual(await response.json(), {})
      assert.deepEqual(await relationsOf('web'), ['service:web calls service:cart 1'])
      const { sources } = await graphOf()
      assert.deepEqual(
        sources.map(({ id, kind, scope }) => [id, kind, scope]),
        [['otel-collector', 'traces', 'traces']],
      )
    })

    test('and the scope lets nobody read: tools refuse it, no metadata offers it', async () => {
      const response = await fetch(server.mcpUrl, {
        method: 'POST',
        headers: mcpHeaders(sender),
        body: JSON.stringify(toolCall('search_entities', { query: 'web' })),
      })
      assert.equal(response.status, 403)
      assert.match(response.headers.get('www-authenticate') ?? '', /insufficient_scope/)
      for (const path of ['oauth-protected-resource/mcp/v1', 'oauth-authorization-server']) {
        const document = await (await fetch(`${server.origin}/.well-known/${path}`)).text()
        assert.ok(document.includes('architecture:read') && !document.includes('architecture:ingest'))
      }
    })

    test('may be protobuf and gzip; the answer is in the same encoding', async () => {
      const type = 'application/x-protobuf'
      const message = encodeTraces({ resourceSpans: halves('proto', 'buf', 1) })
      const plain = await send(server, message, { token: sender, type })
      assert.equal(plain.status, 200)
      assert.equal(plain.headers.get('content-type'), type)
      assert.equal((await plain.arrayBuffer()).byteLength, 0)
      const headers = { 'content-encoding': 'gzip' }
      const again = encodeTraces({ resourceSpans: halves('proto', 'zip', 2) })
      assert.equal((await send(server, gzipSync(again), { token: sender, type, headers })).status, 200)
      assert.deepEqual(await relationsOf('proto'), [
        'service:proto calls service:buf 1',
        'service:proto calls service:zip 1',
      ])
      const refused = await send(server, 'x', { token: sender, type })
      assert.equal(refused.status, 400)
      // google.rpc.Status: code 3, then the sentence.
      const status = Buffer.from(await refused.arrayBuffer())
      assert.deepEqual([...status.subarray(0, 3)], [8, 3, 18])
      assert.match(status.toString(), /no ExportTraceServiceRequest/)
    })

    test('are refused when they are no traces, too large, or a bomb', async () => {
      const headers = { 'content-encoding': 'gzip' }
      const cases: [string | Uint8Array, Record<string, string>, number][] = [
        ['{"resourceSpans":', {}, 400],
        ['[]', {}, 400],
        ['{"resourceMetrics":[]}', {}, 400],
        ['not gzip', headers, 400],
        [`"${'x'.repeat(9 * 1024 * 1024)}"`, {}, 413],
        [gzipSync(Buffer.alloc(100 * 1024 * 1024)), headers, 413],
      ]
      for (const [body, more, status] of cases)
        assert.equal((await send(server, body, { token: sender, headers: more })).status, status)
    })

    test('are counted where they were left out (OTLP/HTTP, Partial Success)', async () => {
      const [web, cart] = halves('partial', 'success', 3)
      const nameless = spansOf('', [{ id: 'c' }])
      const broken = spansOf('partial', [{ id: 'd', trace: '0' }])
      const response = await send(server, { resourceSpans: [web, cart, nameless, broken] }, { token: sender })
      assert.equal(response.status, 200)
      assert.deepEqual(await response.json(), {
        partialSuccess: {
          rejectedSpans: '2',
          errorMessage:
            '1 spans were left out: they have no valid traceId and spanId; 1 spans were left out: their resource has no service.name',
        },
      })
      assert.deepEqual(await relationsOf('partial'), ['service:partial calls service:success 1'])
    })

    test('pair over batches and processes, whichever half comes first, each call once', async () => {
      for (let n = 0; n < 6; n += 1) {
        const [call, arrival] = halves('split', 'brain', 100 + n)
        const [first, second] = n % 2 === 0 ? [call, arrival] : [arrival, call]
        await send(server, { resourceSpans: [first] }, { token: sender })
        await send(other, { resourceSpans: [second] }, { token: sender })
      }
      const both = Array.from({ length: 6 }, (_, n) => halves('split', 'brain', 200 + n))
      await Promise.all(
        both.flatMap(([call, arrival]) => [
          send(server, { resourceSpans: [call] }, { token: sender }),
          send(other, { resourceSpans: [arrival] }, { token: sender }),
        ]),
      )
      clock += 31_000
      await until(async () => (await relationsOf('split')).join() === 'service:split calls service:brain 12')
    })

    test('make no new revision when nothing is new; counts and times are written within half a minute', async () => {
      const pair = (n: number) => ({ resourceSpans: halves('count', 'er', n, now()) })
      await send(server, pair(300), { token: sender })
      const { revision } = await graphOf()
      for (let n = 1; n <= 4; n += 1) await send(server, pair(300 + n), { token: sender })
      assert.deepEqual(await relationsOf('count'), ['service:count calls service:er 1'])
      clock += 31_000
      await until(async () => (await relationsOf('count'))[0]?.endsWith(' 5') ?? false)
      assert.equal((await graphOf()).revision, revision)
      const evidence =
        (await graphOf()).relations.find(({ from }) => from === 'service:count')?.evidence ?? []
      assert.equal(evidence.length, 1)
      assert.equal(evidence[0]?.place.field, 'client span GET /x')
      assert.deepEqual(evidence[0]?.observed, { count: 5, errorCount: 0, p50Ms: 20, p95Ms: 20 })
    })

    test('that nobody answers in time lead to the peer they name', async () => {
      const attributes = { 'server.address': 'api.stripe.com' }
      const spans = spansOf('payer', [{ id: 'a', trace: '400', kind: 'client', attributes }])
      await send(server, { resourceSpans: [spans] }, { token: sender })
      assert.deepEqual(await relationsOf('payer'), [])
      clock += 121_000
      await until(async () => (await relationsOf('payer')).length > 0)
      assert.deepEqual(await relationsOf('payer'), ['service:payer calls unresolved:api.stripe.com 1'])
    })

    test('are forgotten when they were not seen for 90 days', async () => {
      await send(server, { resourceSpans: halves('old', 'timer', 500) }, { token: sender })
      clock += 91 * day
      await send(server, { resourceSpans: halves('new', 'comer', 501, now()) }, { token: await fresh() })
      assert.deepEqual(await relationsOf('old'), [])
      assert.deepEqual(await relationsOf('new'), ['service:new calls service:comer 1'])
      assert.ok(!(await graphOf()).entities.some(({ name }) => name === 'timer'))
    })

    /** Tokens expire meanwhile. */
    async function fresh(): Promise<string> {
      const account = await server.domain.serviceAccounts.findByName(people.acme.id, 'otel collector')
      assert.ok(account)
      return (await issueToken(server, people, account)).secret
    }

    test('are of the organization of the token, whatever they say', async () => {
      const by = administrationBy({ organization: people.globex, role: 'owner' }, people.bob, '127.0.0.1')
      const scopes: ['architecture:ingest'] = ['architecture:ingest']
      const account = await server.domain.serviceAccounts.create(by, { name: 'g', description: '', scopes })
      const form = { name: 'g', expiry: { choice: '30', date: '' }, addresses: '' }
      const { secret } = await server.domain.apiTokenIssue.issue(by, account, form)
      // One half of each comes to each organization: they are not put together.
      const [call, arrival] = halves('tenant', 'ant', 600)
      await send(server, { resourceSpans: [call] }, { token: await fresh() })
      await send(server, { resourceSpans: [arrival] }, { token: secret })
      assert.deepEqual(await relationsOf('tenant'), [])
      const globex = await graphOf(people.globex.id)
      assert.deepEqual(
        globex.entities.map(({ ref }) => ref),
        ['service:ant'],
      )
    })

    test('lose the right to be sent with the scope of the account, at the next request', async () => {
      const token = await fresh()
      const account = await server.domain.serviceAccounts.findByName(people.acme.id, 'otel collector')
      const form = { name: 'otel collector', description: '', scopes: ['architecture:read' as const] }
      await server.domain.serviceAccounts.describe(administrationOf(people), account?.id ?? '', form)
      assert.equal((await send(other, { resourceSpans: [] }, { token })).status, 403)
      const back = { ...form, scopes: ['architecture:ingest' as const] }
      await server.domain.serviceAccounts.describe(administrationOf(people), account?.id ?? '', back)
      assert.equal((await send(other, { resourceSpans: [] }, { token })).status, 200)
    })

    test('are asked for again while the store is down, and counted once', async () => {
      const token = await fresh()
      const traces = { resourceSpans: halves('down', 'time', 700, now()) }
      isDown = true
      try {
        const response = await send(other, traces, { token })
        assert.equal(response.status, 503)
        assert.ok(Number(response.headers.get('retry-after')) > 0)
        assert.equal(((await response.json()) as { code: number }).code, 14)
      } finally {
        isDown = false
      }
      assert.deepEqual(await relationsOf('down'), [])
      assert.equal((await send(other, traces, { token })).status, 200)
      assert.deepEqual(await relationsOf('down'), ['service:down calls service:time 1'])
    })

    test('are limited for each token, with the time to wait', async () => {
      const account = await server.domain.serviceAccounts.findByName(people.acme.id, 'otel collector')
      assert.ok(account)
      const { token, secret } = await issueToken(server, people, account)
      const limited = async () => {
        const rule = { limit: 1_200, windowSeconds: 60 }
        for (let n = 0; n < rule.limit; n += 1) await server.store.limiter.hit(`ingest:${token.id}`, rule)
        return send(server, '{}', { token: secret })
      }
      // Once more, should the minute have ended meanwhile.
      const first = await limited()
      const response = first.status === 429 ? first : await limited()
      assert.equal(response.status, 429)
      assert.ok(Number(response.headers.get('retry-after')) > 0)
      assert.equal((await send(server, '{}', { token: await fresh() })).status, 200)
    })
  })
}

/** A store of which graphs cannot be written while it is down. */
function failing(store: Store, isDown: () => boolean): Store {
  return {
    ...store,
    blobs: {
      ...store.blobs,
      put: (...args) => (isDown() ? Promise.reject(new StoreUnavailable('down')) : store.blobs.put(...args)),
    },
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail('it did not happen within four seconds')
}
