import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { findDifference, isEmptyDifference } from '../../src/architecture/queries/difference.ts'
import { DomainError } from '../../src/domain/errors.ts'
import { Conflict } from '../../src/storage/contract.ts'
import { configMap, service, workload } from '../support/kubernetes-manifests.ts'
import { createMemoryBlobs } from '../support/memory-blobs.ts'

const web = workload('web', { env: [{ name: 'API_URL', value: 'http://api' }] })
const webWithoutUse = workload('web')

function file(...documents: string[]): { path: string; content: string }[] {
  return [{ path: 'shop.yaml', content: documents.join('\n---\n') }]
}

function setUp() {
  const blobs = createMemoryBlobs()
  const clock = { now: 1000 }
  const now = () => clock.now
  return {
    blobs,
    clock,
    architecture: createArchitecture({ blobs, now }),
    other: createArchitecture({ blobs, now }),
  }
}

test('without an import there is an empty graph of revision 0', async () => {
  const { graph } = await setUp().architecture.load('org')
  assert.deepEqual(graph, { revision: 0, entities: [], relations: [], sources: [] })
})

test('an import is seen at once by another process, and by no other organization', async () => {
  const { architecture, other } = setUp()
  await other.load('org')
  const result = await architecture.importFiles('org', file(web, service('api')))
  assert.deepEqual(result, {
    sources: [{ id: 'kubernetes', type: 'kubernetes', files: 1, entities: 2, relations: 1 }],
    revision: 1,
    changed: true,
    difference: {
      entities: { added: ['service:default/api', 'service:default/web'], removed: [], changed: [] },
      relations: {
        added: [{ from: 'service:default/web', to: 'service:default/api', type: 'calls' }],
        removed: [],
        changed: [],
      },
    },
    files: 1,
    documents: 2,
    entities: 2,
    relations: 1,
    unresolved: [],
    unrecognized: [],
    ignored: {},
    warnings: ['shop.yaml:3: the selector of Service api matches no workload of this import'],
  })
  const { graph } = await other.load('org')
  assert.equal(graph.revision, 1)
  assert.deepEqual(graph.sources, [
    {
      id: 'kubernetes',
      kind: 'kubernetes',
      scope: 'kubernetes',
      importedAt: 1000,
      checkedAt: 1000,
      files: 1,
      counts: { entities: 2, relations: 1 },
    },
  ])
  assert.equal((await other.load('another')).graph.entities.length, 0)
})

test('a graph is parsed once for each revision', async () => {
  const { architecture } = setUp()
  await architecture.importFiles('org', file(web, service('api')))
  assert.equal(await architecture.load('org'), await architecture.load('org'))
})

test('importing the same again changes nothing, in whatever order its documents stand', async () => {
  const { architecture, clock } = setUp()
  const manifests = [
    { path: 'a.yaml', content: web },
    { path: 'b.yaml', content: service('api') },
  ]
  await architecture.importFiles('org', manifests)
  const { graph: before } = await architecture.load('org')
  clock.now = 2000
  const again = await architecture.importFiles('org', manifests.toReversed())
  assert.equal(again.changed, false)
  assert.equal(again.revision, 1)
  assert.ok(isEmptyDifference(again.difference))
  const { graph, history } = await architecture.load('org')
  assert.ok(isEmptyDifference(findDifference(before, graph)))
  assert.equal(history.length, 1)
  assert.deepEqual(
    graph.sources.map(({ importedAt, checkedAt }) => ({ importedAt, checkedAt })),
    [{ importedAt: 1000, checkedAt: 2000 }],
  )
})

test('a source replaces what it said before and nothing else; what stays keeps the time it was first seen', async () => {
  const { architecture, clock } = setUp()
  await architecture.importFiles('org', file(web, service('api'), service('old')), { source: 'one' })
  await architecture.importFiles('org', file(web, service('api')), { source: 'two' })
  clock.now = 2000
  await architecture.importFiles('org', file(service('new'), web, service('api')), { source: 'one' })
  const moved = (await architecture.load('org')).graph
  assert.deepEqual(
    moved.entities.map(({ name }) => name),
    ['api', 'new', 'web'],
  )
  const seen = moved.relations[0]?.evidence.map(({ source, firstSeen, lastSeen }) => [
    source,
    firstSeen,
    lastSeen,
  ])
  assert.deepEqual(seen, [
    ['one', 1000, 2000],
    ['two', 1000, 1000],
  ])
  await architecture.importFiles('org', file(webWithoutUse), { source: 'one' })
  const { graph } = await architecture.load('org')
  assert.deepEqual(
    graph.relations.map(({ evidence }) => evidence.map(({ source }) => source)),
    [['two']],
  )
})

test('one refused file refuses the whole import and leaves the graph as it was', async () => {
  const { architecture, blobs } = setUp()
  await architecture.importFiles('org', file(web, service('api')))
  const before = blobs.stored.get('graph:org')
  const files = [...file(webWithoutUse), { path: 'broken.yaml', content: 'a: b: c\n' }]
  await assert.rejects(
    architecture.importFiles('org', files, { type: 'kubernetes', dryRun: true }),
    (error) =>
      error instanceof DomainError &&
      error.code === 'import_refused' &&
      error.message.startsWith('broken.yaml:1: '),
  )
  assert.equal(blobs.stored.get('graph:org'), before)
})

test('imports that race all arrive', async () => {
  const { architecture, other } = setUp()
  const sources = ['a', 'b', 'c', 'd', 'e', 'f']
  const results = await Promise.all(
    sources.map((source, at) =>
      (at % 2 === 0 ? architecture : other).importFiles('org', file(service(source)), { source }),
    ),
  )
  assert.deepEqual(new Set(results.map(({ revision }) => revision)), new Set([1, 2, 3, 4, 5, 6]))
  const { graph } = await architecture.load('org')
  assert.deepEqual(
    graph.entities.map(({ name }) => name),
    sources,
  )
})

test('an import that keeps losing says so', async () => {
  const blobs = createMemoryBlobs()
  const losing = { ...blobs, put: () => Promise.reject(new Conflict('version')) }
  const architecture = createArchitecture({ blobs: losing, now: () => 0 })
  await assert.rejects(
    architecture.importFiles('org', file(web)),
    (error) => error instanceof DomainError && error.code === 'conflict',
  )
})

test('no value of a variable gets into the stored graph, only resolved hosts', async () => {
  const { architecture, blobs } = setUp()
  const secrets = [
    'hunter2',
    'tok-en',
    'p4ss',
    'sk_live_1',
    'k3y',
    'bearer9',
    's3cret',
    'jwt0',
    'cfgpw',
    'argpw',
  ]
  const env = Object.entries({
    DB_URL: 'postgres://app:hunter2@api:5432/x?password=tok-en',
    CACHE_URL: 'redis://:p4ss/w?rd#@db.example.com:6379',
    BROKEN_URL: 'redis://k3y?x@elsewhere:6379',
    STRIPE: 'sk_live_1',
    API_KEY: 'k3y.example.com:443',
    AUTH_HEADER: 'Bearer bearer9',
    API_SECRET_HOST_TOKEN: 's3cret:1234',
    SERVICE_PASSWORD: 'https://s3cret.example.com',
    SESSION_JWT: 'jwt0.jwt0.jwt0',
    CONNECTION: 'Server=api;Password=hunter2:80;Token=tok-en.com:90',
  }).map(([name, value]) => ({ name, value }))
  await architecture.importFiles(
    'org',
    file(
      workload('web', {
        env,
        envFrom: [{ configMapRef: { name: 'c' } }],
        args: ['--password', 'argpw:80', '--url=http://u:argpw@api'],
      }),
      service('api', { port: 5432 }),
      configMap('c', { PASSWORD: 'cfgpw:80', X_URL: 'http://u:cfgpw@api' }),
    ),
  )
  const stored = gunzipSync(blobs.stored.get('graph:org')?.bytes ?? '').toString()
  assert.deepEqual(
    secrets.filter((secret) => stored.includes(secret)),
    [],
  )
  assert.match(stored, /service:default\/web/)
})

test('the sample shows what there is to ask: stores, queues, a shared database, an address that leads nowhere', async () => {
  const { architecture } = setUp()
  const result = await architecture.importSample('org')
  assert.deepEqual(
    result.sources.map(({ id }) => id),
    ['sample'],
  )
  assert.deepEqual(result.warnings, [])
  assert.deepEqual(result.unresolved, ['unresolved:api.cardbridge.example'])
  const { graph } = await architecture.load('org')
  const kinds = graph.entities.map(({ kind }) => kind)
  assert.deepEqual([...new Set(kinds)].toSorted(), [
    'cache',
    'database',
    'external',
    'job',
    'queue',
    'service',
    'storage',
    'team',
    'unresolved',
  ])
  assert.equal(kinds.filter((kind) => kind === 'service').length, 15)
  const readers = graph.relations
    .filter(({ to }) => to === 'database:lanternpost/parcels-db')
    .map(({ from }) => from)
  assert.deepEqual(readers, [
    'job:lanternpost/invoice-export',
    'service:lanternpost/drivers',
    'service:lanternpost/parcels',
  ])
})
