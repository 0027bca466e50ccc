import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { readFiles } from '../../src/architecture/importers/importers.ts'
import { readTraces, tracesImporter } from '../../src/architecture/importers/traces/importer.ts'
import {
  encodeTraces,
  spansOf,
  type OtlpRequest,
  type OtlpResourceSpans,
  type SpanSketch,
} from '../support/otlp.ts'
import { service, workload } from '../support/kubernetes-manifests.ts'
import { createMemoryBlobs } from '../support/memory-blobs.ts'
import { processorTime } from '../support/processor-time.ts'

/** Real spans of a system with known edges. */
const data = resolve('../shared/data')
const spanFile = resolve(data, 'nezha-traces/online-boutique.otlp.json')
const skip = existsSync(spanFile) ? false : `no file ${spanFile} with real spans to import`

interface Edge {
  source: string
  target: string
  count?: number
}

test(
  'online-boutique: the 13 edges in its 7,069 spans, with their counts, and nothing else',
  { skip },
  (t) => {
    const content = readFileSync(spanFile, 'utf8')
    const started = performance.now()
    const { claims, warnings } = readTraces([{ path: 'spans.json', content }])
    const milliseconds = performance.now() - started
    const found = claims.relations.map(({ from, to, type, evidence }) => ({
      edge: `${from} ${type} ${to}`.replaceAll('service:', ''),
      count: evidence.reduce((sum, { observed }) => sum + (observed?.count ?? 0), 0),
    }))
    const { files } = JSON.parse(readFileSync(resolve(data, 'nezha-traces/edges.json'), 'utf8')) as {
      files: Record<string, { edges: Edge[] }>
    }
    const own = files['online-boutique.otlp.json']?.edges ?? []
    assert.deepEqual(
      found,
      own
        .map(({ source, target, count }) => ({ edge: `${source} calls ${target}`, count }))
        .toSorted((a, b) => (a.edge < b.edge ? -1 : 1)),
    )
    const system = JSON.parse(readFileSync(resolve(data, 'online-boutique/edges.json'), 'utf8')) as {
      edges: Edge[]
    }
    const expected = new Set(system.edges.map(({ source, target }) => `${source} calls ${target}`))
    const right = found.filter(({ edge }) => expected.has(edge)).length
    const precision = right / found.length
    const recall = right / expected.size
    t.diagnostic(
      `own edges ${found.length}/${own.length}; of the whole system precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)} (${right}/${expected.size}); ${Math.round(milliseconds)} ms`,
    )
    assert.equal(precision, 1)
    assert.equal(right, 13)
    assert.deepEqual(warnings, [])
  },
)

test(
  'the same spans as protobuf, compressed, and with its length before it, give the same graph',
  { skip },
  () => {
    const text = readFileSync(spanFile, 'utf8')
    const json = readTraces([{ path: 'spans', content: text }])
    const message = encodeTraces(JSON.parse(text) as OtlpRequest)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(message.length)
    for (const content of [message, gzipSync(Buffer.concat([length, message]))]) {
      assert.deepEqual(readTraces([{ path: 'spans', content }]).claims, json.claims)
    }
  },
)

test('23,000 spans are a graph in under half a second', { skip }, (t) => {
  const text = readFileSync(spanFile, 'utf8')
  const content = [0, 1, 2, 3]
    .map((copy) => text.trim().replaceAll('"traceId":"0', `"traceId":"${copy}`))
    .join('\n')
  const { value, milliseconds } = processorTime(() => readTraces([{ path: 'spans.jsonl', content }]))
  const { documents } = value
  t.diagnostic(`${documents * 7069} spans in ${Math.round(milliseconds)} ms of processor time`)
  assert.equal(documents, 4)
  assert.ok(milliseconds < 5_000, 'ten times what is promised: machines differ, and caches are shared')
})

/** What spans say, as `from type to` with the counts of calls and errors. */
function relationsOf(...resourceSpans: OtlpResourceSpans[]): string[] {
  return read({ resourceSpans }).claims.relations.map(({ from, type, to, evidence }) => {
    const sum = (of: 'count' | 'errorCount') =>
      evidence.reduce((total, { observed }) => total + (observed?.[of] ?? 0), 0)
    return `${from} ${type} ${to} ${sum('count')}/${sum('errorCount')}`
  })
}

function read(request: OtlpRequest, path = 'spans.json') {
  return readTraces([{ path, content: JSON.stringify(request) }])
}

test('a span whose parent is of another service is a call, whatever their kinds; within one it is none', () => {
  assert.deepEqual(
    relationsOf(
      spansOf('web', [
        { id: '1', kind: 'server' },
        { id: '2', parent: '1', kind: 'client' },
        { id: '3', parent: '1' },
        { id: '4', parent: '1', kind: 'internal' },
      ]),
      spansOf('cart', [{ id: '5', parent: '2', kind: 'server', error: true }]),
      spansOf('ads', [{ id: '6', parent: '3' }]),
    ),
    ['service:web calls service:ads 1/0', 'service:web calls service:cart 1/1'],
  )
})

test('times, errors and the operation are those of the caller; names of operations hold no ids', () => {
  const at = Date.UTC(2026, 0, 2)
  const http = { 'http.request.method': 'GET' }
  const calls = [100, 20, 40].map((ms, n) => ({
    id: `a${n}`,
    kind: 'client' as const,
    name: `GET /users/${n}71/orders?token=s3cret`,
    at: at + n,
    ms,
    error: n === 0,
    attributes: http,
  }))
  const arrivals = calls.map(({ id }, n) => ({ id: `b${n}`, parent: id, kind: 'server' as const, at, ms: 1 }))
  const { claims } = read({ resourceSpans: [spansOf('web', calls), spansOf('users', arrivals)] })
  assert.deepEqual(claims.relations[0]?.evidence, [
    {
      method: 'trace',
      basis: 'observed',
      place: { file: 'spans.json', line: 1, field: 'client span GET /users/{id}/orders (http)' },
      firstSeen: at,
      lastSeen: at + 2,
      observed: { count: 3, errorCount: 1, p50Ms: 40, p95Ms: 100 },
    },
  ])
})

test('a database span is a use of a store by its host, in old words and new; reads and writes only where sure', () => {
  const old = { 'db.system': 'redis', 'net.peer.name': 'redis-cart.shop.svc.cluster.local' }
  const now = { 'db.system.name': 'postgresql', 'db.namespace': 'orders', 'server.address': '10.1.2.3' }
  const spans = [
    { id: '1', kind: 'client' as const, name: 'GET', attributes: old },
    { id: '2', kind: 'client' as const, name: 'HMSET cart:18', attributes: old },
    { id: '3', kind: 'client' as const, name: "CALL book('x')", attributes: now },
    {
      id: '4',
      kind: 'client' as const,
      name: 'q',
      attributes: { 'db.system': 'sqlite', 'db.name': 'local' },
    },
    { id: '5', kind: 'internal' as const, name: 'repository', attributes: now },
    // The way of the statement, not another use.
    { id: '6', parent: '3', kind: 'client' as const, attributes: { 'server.address': 'pg.example.com' } },
  ]
  assert.deepEqual(relationsOf(spansOf('cart', spans)), [
    'service:cart reads cache:shop/redis-cart 1/0',
    'service:cart writes cache:shop/redis-cart 1/0',
    'service:cart reads_writes database:postgres-orders 1/0',
  ])
  const { claims } = read({ resourceSpans: [spansOf('cart', spans)] })
  const fields = claims.relations.flatMap(({ evidence }) => evidence.map(({ place }) => place.field))
  assert.deepEqual(fields, ['client span GET', 'client span HMSET', 'client span query'])
})

test('messages lead over the topic; one end may know its name for both, and temporary names are not told', () => {
  const kafka = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' }
  const reply = {
    'messaging.system': 'rabbitmq',
    'messaging.destination.name': 'amq.gen-x7',
    'messaging.destination.temporary': true,
  }
  assert.deepEqual(
    relationsOf(
      spansOf('checkout', [
        { id: '1', kind: 'producer', attributes: kafka },
        { id: '2', kind: 'producer', attributes: reply },
      ]),
      spansOf('fraud', [{ id: '3', parent: '1', kind: 'consumer' }]),
      spansOf('mail', [
        {
          id: '4',
          kind: 'consumer',
          attributes: { 'messaging.destination': 'orders', 'messaging.system': 'kafka' },
        },
      ]),
    ),
    [
      'service:checkout publishes queue:orders 1/0',
      'service:checkout publishes queue:rabbitmq 1/0',
      'service:fraud consumes queue:orders 1/0',
      'service:mail consumes queue:orders 1/0',
    ],
  )
})

test('a call that no span answers leads to the peer it names: a known service, or one that is described nowhere', () => {
  const { claims, warnings } = read({
    resourceSpans: [
      spansOf('web', [
        client('1', { 'peer.service': 'Cart' }),
        client('2', { 'service.peer.name': 'stock' }),
        client('3', { 'http.url': 'https://bob:pw@api.stripe.com:443/v1?key=1' }),
        client('4', { 'server.address': '10.0.0.7' }),
        client('5', {}),
        client('6', { 'url.full': 'http://cart.shop.svc:8080/' }),
        client('7', { 'server.address': 'localhost' }),
      ]),
      spansOf('cart', [{ id: '9', parent: '8', kind: 'server' }], { 'k8s.namespace.name': 'shop' }),
    ],
  })
  assert.deepEqual(
    claims.relations.map(({ to, evidence }) => [
      to,
      evidence.map(({ observed }) => observed?.count).join('+'),
    ]),
    [
      ['service:shop/cart', '1+1'],
      ['unresolved:api.stripe.com', '1'],
      ['unresolved:stock', '1'],
    ],
  )
  assert.deepEqual(warnings, [
    'spans.json:1: 3 calls are answered by no other span and name no peer, so what they lead to is unknown',
    'spans.json:1: 1 calls arrived from spans that are not here, so who called is unknown',
  ])
})

test('a resource tells namespace, environment, language, tier and version, in old words and new', () => {
  const { claims } = read({
    resourceSpans: [
      spansOf('web', [{ id: '1' }], {
        'deployment.environment': 'Production',
        'service.namespace': 'shop',
        'k8s.namespace.name': 'shop-eu',
        'telemetry.sdk.language': 'webjs',
        'service.criticality': 'high',
        'service.version': '1.2',
      }),
      spansOf('a/b\u0000@c\nd', [{ id: '2' }], { 'service.namespace': 'shop' }),
      spansOf('', [{ id: '3' }]),
      spansOf('unknown_service:java', [{ id: '4' }]),
    ],
  })
  const [odd, web] = claims.entities
  assert.equal(odd?.ref, 'service:shop/a-b -c d')
  assert.equal(web?.ref, 'website:shop-eu/web@production')
  assert.deepEqual(web?.attributes, { language: 'javascript', tier: 'high', labels: { version: '1.2' } })
  assert.equal(claims.entities.length, 2)
})

test('many operations are summed up, and none is lost', () => {
  const spans = Array.from({ length: 300 }, (_, n) => n.toString(16))
  const { claims } = read({
    resourceSpans: [
      spansOf(
        'web',
        spans.map((id, n) => ({ id: `a${id}`, kind: 'client', name: `op ${word(n)}` })),
      ),
      spansOf(
        'cart',
        spans.map((id) => ({ id: `b${id}`, parent: `a${id}`, kind: 'server' })),
      ),
    ],
  })
  const evidence = claims.relations[0]?.evidence ?? []
  assert.equal(evidence.length, 10)
  assert.equal(
    evidence.reduce((sum, { observed }) => sum + (observed?.count ?? 0), 0),
    300,
  )
})

test('evidence stands on the line of a span; the collector writes one export on each, others over many', () => {
  const request = {
    resourceSpans: [
      spansOf('web', [{ id: 'a', kind: 'client' }]),
      spansOf('cart', [{ id: 'b', parent: 'a', kind: 'server' }]),
    ],
  }
  const [web, cart] = request.resourceSpans.map((each) => JSON.stringify({ resourceSpans: [each] }))
  const lines = [JSON.stringify({ resourceMetrics: [] }), '', web, cart].join('\n')
  const ofLines = readTraces([{ path: 'spans.jsonl', content: lines }])
  assert.equal(ofLines.claims.relations[0]?.evidence[0]?.place.line, 3)
  assert.deepEqual([ofLines.documents, ofLines.ignored], [3, { resourceMetrics: 1 }])
  const pretty = JSON.stringify(request, undefined, 2)
  const line = pretty.split('\n').findIndex((each) => /"spanId": "0+a"/.test(each)) + 1
  const ofMany = readTraces([{ path: 'spans.json', content: pretty }])
  assert.equal(ofMany.claims.relations[0]?.evidence[0]?.place.line, line)
})

test('what is no export of spans is refused with its place, and so is what would take too much memory', () => {
  const cases: [string | Uint8Array, RegExp][] = [
    ['', /^x:1: the file is empty/],
    ['{"resourceSpans": [', /^x:1: this is not valid JSON/],
    [`{"resourceSpans":[]}\n{"resourceSpans"`, /^x:2: this is not valid JSON/],
    ['{"spans":[]}', /^x:1: this is no export of spans/],
    ['{"resourceSpans":[]}', /^x:1: there is no span of a named service/],
    [`{"resourceSpans":[${'{},'.repeat(2_000_001)}{}]}`, /^x:1: more than 2000000 values/],
    [Buffer.from('0a0512031201', 'hex'), /^x:1: this is not an OTLP message/],
    [Buffer.from('00000009', 'hex'), /^x:1: its last message is cut off/],
    [nestedSpans(2_100_000), /^x:1: this is not an OTLP message with spans, or is cut off/],
    [gzipSync(Buffer.alloc(33 * 1024 * 1024)), /^x:1: the file cannot be uncompressed/],
  ]
  for (const [content, why] of cases) {
    assert.throws(() => readTraces([{ path: 'x', content }]), { code: 'import_refused', message: why })
  }
})

test('files are recognized as spans by what is in them, not as manifests, and only these', () => {
  const request: OtlpRequest = { resourceSpans: [spansOf('web', [{ id: '1' }])] }
  const json = JSON.stringify(request).replace('"spans":[{', '"spans":[{"kind":"SPAN_KIND_SERVER",')
  const message = encodeTraces(request)
  const files = [
    { path: 'a.json', content: json },
    { path: 'a.jsonl.gz', content: gzipSync(json) },
    { path: 'a.pb', content: message },
    { path: 'a.otlp.gz', content: gzipSync(message) },
  ]
  for (const file of files) assert.equal(readFiles([file]).readings[0]?.type, 'traces', file.path)
  for (const content of ['', '{}', 'kind: Deployment', Buffer.from('\n{}'), gzipSync('text')])
    assert.equal(tracesImporter.accepts({ path: 'a.pb', content }), false)
})

test('a topic is not taken for the service of its name, which another source describes', async () => {
  const architecture = createArchitecture({ blobs: createMemoryBlobs(), now: Date.now })
  const attributes = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' }
  const spans = [{ id: '1', kind: 'producer' as const, attributes }]
  await architecture.importFiles('org', [
    { path: 'a.yaml', content: [workload('orders'), service('orders'), workload('web')].join('\n---\n') },
    { path: 'spans.json', content: JSON.stringify({ resourceSpans: [spansOf('web', spans)] }) },
  ])
  const { graph } = await architecture.load('org')
  assert.deepEqual(
    graph.relations.map(({ from, type, to }) => `${from} ${type} ${to}`),
    ['service:default/web publishes queue:orders'],
  )
})

/** Empty spans of two bytes each. */
function nestedSpans(count: number): Uint8Array {
  const spans = Buffer.alloc(count * 2)
  for (let at = 0; at < spans.length; at += 2) spans[at] = 0x12
  return wrap(1, wrap(2, spans))
}

function client(id: string, attributes: Record<string, string>): SpanSketch {
  return { id, kind: 'client', attributes }
}

/** Two letters. */
function word(n: number): string {
  return String.fromCharCode(97 + (n % 26), 97 + (Math.floor(n / 26) % 26))
}

/** A field of a message that holds another. */
function wrap(field: number, inner: Uint8Array): Uint8Array {
  const header = [field * 8 + 2]
  for (let length = inner.length; ; length >>>= 7) {
    header.push(length > 127 ? (length & 127) | 128 : length)
    if (length <= 127) return Buffer.concat([Buffer.from(header), inner])
  }
}
