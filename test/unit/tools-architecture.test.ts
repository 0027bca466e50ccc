import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { findPaths } from '../../src/mcp/tools/find-paths.ts'
import { getDependencies } from '../../src/mcp/tools/get-dependencies.ts'
import { getEntity } from '../../src/mcp/tools/get-entity.ts'
import { searchEntities } from '../../src/mcp/tools/search-entities.ts'
import { service, workload } from '../support/kubernetes-manifests.ts'
import { createMemoryBlobs } from '../support/memory-blobs.ts'
import { architectureOf, call } from '../support/tool-calls.ts'

const minute = 60_000

/** The sample, imported three minutes ago. */
async function sample() {
  const clock = { now: 0 }
  const architecture = createArchitecture({ blobs: createMemoryBlobs(), now: () => clock.now })
  await architecture.importSample('org')
  return architecture
}

test('get_dependencies tells what is needed, grouped from dependent to provider, and what it cannot know', async () => {
  const { content, text } = await call(getDependencies, { ref: 'payments' }, await sample(), 3 * minute)
  assert.deepEqual(content, {
    summary: 'payments depends on 2 entities directly.',
    entity: 'service:lanternpost/payments',
    depends_on: {
      level_1: { payments: { reads_writes: ['ledger-db'], calls: ['api.cardbridge.example?'] } },
    },
    kinds: { database: ['ledger-db'] },
    marks: ['? is an address that no source describes'],
    total: 2,
    returned: 2,
    truncated: false,
    revision: 1,
    freshness: ['sample (kubernetes): 29 files, changed 3 minutes ago'],
  })
  assert.match(text, /^payments depends on 2 entities directly\.\n/)
  assert.match(text, /\n {4}payments:\n {6}calls: api\.cardbridge\.example\?\n|reads_writes: ledger-db/)
})

test('get_dependencies upstream tells who would notice, by level', async () => {
  const { content } = await call(
    getDependencies,
    { ref: 'ledger-db', direction: 'upstream', depth: 2 },
    await sample(),
  )
  assert.deepEqual(content['depended_on_by'], {
    level_1: { payments: { reads_writes: ['ledger-db'] } },
    level_2: { parcels: { calls: ['payments'] }, 'invoice-export': { calls: ['payments'] } },
  })
  assert.match(
    String(content['summary']),
    /^3 entities depend on ledger-db within 2 levels \(1 directly\)\. A greater depth reaches more\.$/,
  )
})

test('get_dependencies bounds a negative by depth, revision and sources', async () => {
  const { content } = await call(
    getDependencies,
    { ref: 'tracking-site', direction: 'upstream' },
    await sample(),
  )
  assert.equal(
    content['summary'],
    'Nothing depends on tracking-site directly, in revision 1 (sources: sample; no traces; no catalog).',
  )
  assert.equal(content['total'], 0)
})

test('find_paths names each hop and what every way passes', async () => {
  const { content } = await call(findPaths, { from: 'tracking-site', to: 'ledger-db' }, await sample())
  assert.deepEqual(content['paths'], [
    'tracking-site -calls-> gateway -calls-> parcels -calls-> payments -reads_writes-> ledger-db',
  ])
  assert.deepEqual(content['shared_by_these_paths'], ['gateway', 'parcels', 'payments'])
})

test('find_paths bounds a negative and tells the way back', async () => {
  const { content } = await call(findPaths, { from: 'ledger-db', to: 'parcels', max_hops: 6 }, await sample())
  assert.equal(
    content['summary'],
    'No path from ledger-db to parcels within 6 hops over all dependencies, in revision 1 (sources: sample; no traces; no catalog).',
  )
  assert.equal(content['other_way_round'], 'parcels -calls-> payments -reads_writes-> ledger-db')
})

test('find_paths refuses what cannot be meant', async () => {
  const architecture = await sample()
  await assert.rejects(call(findPaths, { from: 'parcels', to: 'parcels' }, architecture), /same entity/)
  await assert.rejects(
    call(findPaths, { from: 'a', to: 'parcels', avoid: ['parcels'] }, architecture),
    /No entity is called "a"/,
  )
  await assert.rejects(
    call(findPaths, { from: 'gateway', to: 'parcels', avoid: ['parcels'] }, architecture),
    /cannot avoid/,
  )
})

test('get_entity is a card with evidence by file, line and variable', async () => {
  const { content } = await call(getEntity, { ref: 'routing' }, await sample())
  assert.equal(content['ref'], 'service:lanternpost/routing')
  assert.deepEqual(content['workloads'], ['Deployment routing'])
  assert.deepEqual(content['depends_on'], { routing: { calls: ['weather-feed'] } })
  assert.deepEqual(content['owners'], ['fleet'])
  assert.deepEqual(content['depended_on_by'], {
    tracking: { calls: ['routing'] },
    dispatch: { calls: ['routing'] },
  })
  const [first] = content['evidence'] as string[]
  assert.match(first ?? '', /^routing calls weather-feed: env WEATHER_FEED_URL at sample\/routing\.yaml:\d+$/)
})

test('search_entities lists everything by kind, most depended on first, and finds by words', async () => {
  const architecture = await sample()
  const { content } = await call(searchEntities, { limit: 3 }, architecture)
  assert.match(
    String(content['summary']),
    /^35 found: 15 service, 1 job, 6 database, 2 cache, 2 queue, 1 storage, 6 team, 1 external, 1 unresolved\.$/,
  )
  assert.equal((content['entities'] as unknown[]).length, 3)
  assert.equal(content['truncated'], true)
  const rest = await call(searchEntities, { limit: 100, cursor: content['next_cursor'] }, architecture)
  assert.equal((rest.content['entities'] as unknown[]).length, 32)
  const databases = await call(searchEntities, { query: 'databases' }, architecture)
  assert.equal(databases.content['total'], 6)
  const nothing = await call(searchEntities, { query: 'zzzzz' }, architecture)
  assert.match(
    String(nothing.content['summary']),
    /^Nothing found for "zzzzz" in revision 1 \(sources: sample; no traces; no catalog\)\. /,
  )
})

test('an empty graph is answered with what to do, not with an absence', async () => {
  const architecture = createArchitecture({ blobs: createMemoryBlobs(), now: () => 0 })
  for (const { content, text } of [
    await call(searchEntities, {}, architecture),
    await call(getEntity, { ref: 'x' }, architecture),
    await call(getDependencies, { ref: 'x' }, architecture),
    await call(findPaths, { from: 'x', to: 'y' }, architecture),
  ]) {
    assert.match(String(content['summary']), /^The architecture graph of Acme is empty/)
    assert.match(text, /opentrace import --organization acme FILES…/)
    assert.match(text, /http:\/\/localhost:3000\/organizations\/acme\/architecture/)
  }
})

test('arguments that are unknown or out of range are refused by the schemas', () => {
  for (const tool of [searchEntities, getEntity, getDependencies, findPaths]) {
    const valid = tool === findPaths ? { from: 'a', to: 'b' } : { ref: 'a' }
    assert.equal(tool.inputSchema.safeParse({ ...valid, surprise: 1 }).success, false)
    assert.equal(tool.inputSchema.safeParse({ ...valid, max_tokens: 20 }).success, false)
  }
  assert.equal(getDependencies.inputSchema.safeParse({ ref: 'a', depth: 7 }).success, false)
})

test('a name that means two things is shown as reference, and inferred relations carry a mark', async () => {
  const command = ['sh', '-c', 'until nc -z api 80; do sleep 1; done']
  const architecture = await architectureOf(
    workload('api', { namespace: 'a' }),
    service('api', { namespace: 'a' }),
    workload('api', { namespace: 'b' }),
    workload('web', { namespace: 'a', command }),
  )
  const { content } = await call(getDependencies, { ref: 'web' }, architecture)
  assert.deepEqual(content['depends_on'], { level_1: { web: { calls: ['~service:a/api'] } } })
  assert.deepEqual(content['marks'], ['~ is inferred from a weaker sign'])
})

const boutique = resolve('../shared/data/online-boutique/kubernetes-manifests.yaml')
const skip = existsSync(boutique) ? false : `no file ${boutique} with a real system to ask about`

test('online-boutique: the path from frontend to redis-cart goes through cartservice', { skip }, async () => {
  const architecture = await architectureOf(readFileSync(boutique, 'utf8'))
  const { content } = await call(findPaths, { from: 'frontend', to: 'redis-cart' }, architecture)
  assert.deepEqual(content['paths'], [
    'frontend -calls-> cartservice -reads_writes-> redis-cart',
    'frontend -calls-> checkoutservice -calls-> cartservice -reads_writes-> redis-cart',
  ])
  assert.deepEqual(content['shared_by_these_paths'], ['cartservice'])
})
