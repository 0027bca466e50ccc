import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { keptRevisions } from '../../src/architecture/history.ts'
import type { ClaimedEntity, ClaimedRelation } from '../../src/architecture/model.ts'
import { replaceSection } from '../../src/architecture/sections.ts'
import { service, workload } from '../support/kubernetes-manifests.ts'
import { createMemoryBlobs } from '../support/memory-blobs.ts'

function setUp() {
  const blobs = createMemoryBlobs()
  const clock = { now: Date.UTC(2026, 0, 1) }
  const architecture = createArchitecture({ blobs, now: () => clock.now })
  /** What some source says, of whatever kind. */
  const say = (source: string, entities: ClaimedEntity[], relations: ClaimedRelation[] = []) =>
    architecture.ingest('org', { id: source, scope: 'traces' }, (former) => {
      const { section } = replaceSection(former, {
        source: { id: source, kind: 'traces', scope: 'traces', checkedAt: clock.now, files: 0 },
        runId: `run-${source}-${clock.now}`,
        claims: { entities, relations },
      })
      return section
    })
  return { blobs, clock, architecture, say }
}

function claimed(ref: string, more: Partial<ClaimedEntity> = {}): ClaimedEntity {
  const [, kind = '', namespace, name = '', environment] =
    /^(\w+):(?:([^/]+)\/)?([^@]+)(?:@(.+))?$/.exec(ref) ?? []
  const parts = { ...(namespace && { namespace }), ...(environment && { environment }) }
  return { ref, kind: kind as ClaimedEntity['kind'], name, ...parts, aliases: [], attributes: {}, ...more }
}

function calls(from: string, to: string): ClaimedRelation {
  const place = { file: 'spans', line: 1, field: 'span' }
  return { from, to, type: 'calls', evidence: [{ method: 'trace', basis: 'observed', place }] }
}

async function edges(architecture: ReturnType<typeof setUp>['architecture'], environment?: string) {
  const { graph } = await architecture.load('org', { environment })
  return graph.relations.map(({ from, type, to }) => `${from} ${type} ${to}`)
}

test('each import that changes something is a revision that can be gone back to, by number and by time', async () => {
  const { architecture, clock } = setUp()
  const importOne = (...documents: string[]) =>
    architecture.importFiles('org', [{ path: 'a.yaml', content: documents.join('\n---\n') }])
  await importOne(workload('web'), service('web'))
  clock.now += 60_000
  await importOne(workload('web'), service('web'), workload('api'))
  clock.now += 60_000
  await importOne(workload('api'))
  const names = async (asOf?: string) =>
    (await architecture.load('org', { asOf })).graph.entities.map(({ name }) => name)
  assert.deepEqual(await names(), ['api'])
  assert.deepEqual(await names('3'), ['api'])
  assert.deepEqual(await names('1'), ['web'])
  assert.deepEqual(await names('2026-01-01T00:01:30Z'), ['api', 'web'])
  await assert.rejects(
    names('4'),
    /There is no revision 4 here\. Revisions 1 \(2026-01-01T00:00:00\.000Z\) to 3/,
  )
  await assert.rejects(names('2025-01-01'), /Nothing is known of 2025-01-01/)
  await assert.rejects(names('yesterday'), /as_of is a revision number or a time/)
  const { history } = await architecture.load('org')
  assert.deepEqual(
    history.map(({ revision, source, counts }) => [revision, source, counts.entities]),
    [
      [1, 'kubernetes', { added: 1, removed: 0, changed: 0 }],
      [2, 'kubernetes', { added: 1, removed: 0, changed: 0 }],
      [3, 'kubernetes', { added: 0, removed: 1, changed: 0 }],
    ],
  )
})

test('only so many revisions are kept, and all are erased with the organization', async () => {
  const { architecture, blobs, clock, say } = setUp()
  for (let at = 0; at < keptRevisions + 3; at += 1) {
    clock.now += 1000
    await say('otel', [claimed(`service:v${at}`)])
  }
  assert.equal(blobs.stored.size, keptRevisions)
  await assert.rejects(architecture.load('org', { asOf: '3' }), /Revisions 4 /)
  assert.equal((await architecture.load('org', { asOf: '4' })).graph.entities[0]?.name, 'v3')
  await architecture.erase('org')
  assert.equal(blobs.stored.size, 0)
})

test('a dry run tells the difference and changes nothing', async () => {
  const { architecture, blobs } = setUp()
  const files = [{ path: 'a.yaml', content: workload('web') }]
  const result = await architecture.importFiles('org', files, { dryRun: true })
  assert.deepEqual(result.difference.entities.added, ['service:default/web'])
  assert.equal(blobs.stored.size, 0)
})

test('a failed import is remembered with its source until the next succeeds, and changes nothing', async () => {
  const { architecture } = setUp()
  const importText = (content: string) =>
    architecture.importFiles('org', [{ path: 'a.yaml', content }], { type: 'kubernetes' })
  await importText(workload('web'))
  await assert.rejects(importText('kind: [broken'))
  const { graph } = await architecture.load('org')
  assert.equal(graph.revision, 1)
  assert.match(graph.sources[0]?.failure?.message ?? '', /^a\.yaml:1: /)
  await importText(workload('web'))
  assert.equal((await architecture.load('org')).graph.sources[0]?.failure, undefined)
})

test('what two sources call alike is one entity, under the reference that says most', async () => {
  const { architecture, say } = setUp()
  await say(
    'traces',
    [claimed('service:web'), claimed('service:CART')],
    [calls('service:web', 'service:CART')],
  )
  await say('manifests', [claimed('service:shop/web'), claimed('service:shop/cart', { aliases: ['basket'] })])
  await say('wiki', [claimed('service:basket', { description: 'Keeps what people want' })])
  assert.deepEqual(await edges(architecture), ['service:shop/web calls service:shop/cart'])
  const { graph } = await architecture.load('org')
  const cart = graph.entities.find(({ ref }) => ref === 'service:shop/cart')
  assert.equal(cart?.description, 'Keeps what people want')
  assert.deepEqual(cart?.joined, [
    { ref: 'service:CART', sources: ['traces'], because: 'name' },
    { ref: 'service:basket', sources: ['wiki'], because: 'alias' },
  ])
})

test('namesakes in two namespaces are not guessed between, and one source told its own apart', async () => {
  const { architecture, say } = setUp()
  await say('manifests', [claimed('service:a/web'), claimed('service:b/web')])
  await say('traces', [claimed('service:web')])
  const { graph } = await architecture.load('org')
  assert.deepEqual(
    graph.entities.map(({ ref }) => ref),
    ['service:a/web', 'service:b/web', 'service:web'],
  )
})

test('what is of no environment is part of each; environments are apart', async () => {
  const { architecture, say } = setUp()
  const both = ['live', 'test'].flatMap((each) => [
    claimed(`service:web@${each}`),
    claimed(`service:db@${each}`),
  ])
  await say('manifests', both)
  await say('catalog', [claimed('service:web'), claimed('service:db')], [calls('service:web', 'service:db')])
  assert.deepEqual(await edges(architecture), [
    'service:web@live calls service:db@live',
    'service:web@test calls service:db@test',
  ])
  assert.deepEqual(await edges(architecture, 'test'), ['service:web@test calls service:db@test'])
  await assert.rejects(edges(architecture, 'prod'), /There is no environment "prod"\. There are live, test\./)
})

test('a mention counts where another source describes it, whichever comes first', async () => {
  const { architecture, say } = setUp()
  const mention = (ref: string) => claimed(ref, { mentionOnly: true })
  await say(
    'scan',
    [mention('service:web'), mention('unresolved:db'), mention('unresolved:example')],
    [calls('service:web', 'unresolved:db'), calls('service:web', 'unresolved:example')],
  )
  assert.equal((await architecture.load('org')).graph.entities.length, 0)
  await say('manifests', [claimed('service:shop/web'), claimed('database:shop/db')])
  assert.deepEqual(await edges(architecture), ['service:shop/web reads_writes database:shop/db'])
})

test('a person can join what names do not, separate what they join, and take the word back', async () => {
  const { architecture, say } = setUp()
  await say('manifests', [claimed('service:shop/carts'), claimed('service:shop/web')])
  await say('policies', [claimed('service:cart'), claimed('service:web')])
  const refs = async () => (await architecture.load('org')).graph.entities.map(({ ref }) => ref)
  assert.deepEqual(await refs(), ['service:cart', 'service:shop/carts', 'service:shop/web'])
  await architecture.decide('org', ['service:cart', 'service:shop/carts'], 'same', 'ada')
  assert.deepEqual(await refs(), ['service:shop/carts', 'service:shop/web'])
  await architecture.decide('org', ['service:web', 'service:shop/web'], 'different', 'ada')
  assert.deepEqual(await refs(), ['service:shop/carts', 'service:shop/web', 'service:web'])
  await architecture.decide('org', ['service:shop/web', 'service:web'], undefined)
  assert.deepEqual(await refs(), ['service:shop/carts', 'service:shop/web'])
})

test('removing a source removes what only it claimed', async () => {
  const { architecture, say } = setUp()
  await say(
    'manifests',
    [claimed('service:web'), claimed('service:db')],
    [calls('service:web', 'service:db')],
  )
  await say(
    'traces',
    [claimed('service:web'), claimed('service:db'), claimed('service:mail')],
    [calls('service:web', 'service:db'), calls('service:web', 'service:mail')],
  )
  const { difference } = await architecture.removeSource('org', 'traces')
  assert.deepEqual(difference.entities.removed, ['service:mail'])
  assert.deepEqual(
    difference.relations.removed.map(({ to }) => to),
    ['service:mail'],
  )
  assert.deepEqual(await edges(architecture), ['service:web calls service:db'])
  await assert.rejects(architecture.removeSource('org', 'traces'), /There is no source "traces"\./)
})
