import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import * as o200k from 'gpt-tokenizer/encoding/o200k_base'
import { type Architecture, createArchitecture } from '../../src/architecture/architecture.ts'
import { analyzeImpact } from '../../src/mcp/tools/analyze-impact.ts'
import { compareDependencies } from '../../src/mcp/tools/compare-dependencies.ts'
import type { Tool } from '../../src/mcp/tools/define-tool.ts'
import { explainRelation } from '../../src/mcp/tools/explain-relation.ts'
import { findIssues } from '../../src/mcp/tools/find-issues.ts'
import { findPaths } from '../../src/mcp/tools/find-paths.ts'
import { findSimilar } from '../../src/mcp/tools/find-similar.ts'
import { getChanges } from '../../src/mcp/tools/get-changes.ts'
import { getDependencies } from '../../src/mcp/tools/get-dependencies.ts'
import { getEntity } from '../../src/mcp/tools/get-entity.ts'
import { getOverview } from '../../src/mcp/tools/get-overview.ts'
import { rankCritical } from '../../src/mcp/tools/rank-critical.ts'
import { searchEntities } from '../../src/mcp/tools/search-entities.ts'
import { service, workload } from '../support/kubernetes-manifests.ts'
import { createMemoryBlobs } from '../support/memory-blobs.ts'
import { entity, graph } from '../support/random-graphs.ts'
import { architectureOf, call, serving } from '../support/tool-calls.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** An architecture whose clock a test sets. */
function clocked() {
  const clock = { now: 0 }
  const architecture = createArchitecture({ blobs: createMemoryBlobs(), now: () => clock.now })
  const importAt = async (now: number, environment: string | undefined, ...documents: string[]) => {
    clock.now = now
    const files = [{ path: 'shop.yaml', content: documents.join('\n---\n') }]
    const source = environment ?? 'shop'
    return architecture.importFiles('org', files, { source, type: 'kubernetes', environment })
  }
  return { architecture, importAt }
}

async function sample(): Promise<Architecture> {
  const { architecture } = clocked()
  await architecture.importSample('org')
  return architecture
}

const calling = (name: string, url: string) => workload(name, { env: [{ name: 'BACKEND_URL', value: url }] })

test('get_overview counts, names, and tells what is not known', async () => {
  const { content } = await call(getOverview, {}, await sample())
  assert.match(
    String(content['summary']),
    /^35 entities \(15 service, .*\) with 55 relations, 6 entry points, 6 owners\.$/,
  )
  assert.ok((content['entry_points'] as string[]).includes('tracking-site'))
  assert.equal((content['names'] as Record<string, string[]>)['database']?.length, 6)
  assert.ok(
    (content['gaps'] as string[]).some((gap) => gap.endsWith('dependencies were not observed in traffic')),
  )
  const focused = await call(getOverview, { focus: 'payments' }, await sample())
  assert.match(String(focused.content['summary']), /^6 entities around service:lanternpost\/payments /)
})

test('analyze_impact tells effects by level, entry points and stores', async () => {
  const { content } = await call(analyzeImpact, { ref: 'ledger-db' }, await sample())
  const affected = content['affected'] as Record<string, Record<string, string[]>>
  assert.deepEqual(affected['level_1'], { down: ['payments'] })
  assert.deepEqual(affected['level_2'], { down: ['parcels', 'invoice-export'] })
  assert.ok((content['entry_points'] as string[]).includes('tracking-site'))
  assert.ok((content['data_stores'] as string[]).includes('ledger-db'))
  const both = await call(
    analyzeImpact,
    { ref: ['tracking-site', 'notifier'], change: 'removal' },
    await sample(),
  )
  assert.match(
    String(both.content['summary']),
    /^If tracking-site, notifier is removed|nothing else is known/,
  )
})

test('compare_dependencies tells what is shared and what only one has', async () => {
  const question = { refs: ['parcels', 'dispatch'], depth: 1 }
  const { content } = await call(compareDependencies, question, await sample())
  assert.deepEqual(content['shared'], ['event-bus'])
  assert.deepEqual(content['only'], {
    parcels: ['parcels-db', 'quotes', 'payments'],
    dispatch: ['task-queue', 'routing', 'drivers'],
  })
  const shared = await call(compareDependencies, { ...question, mode: 'shared' }, await sample())
  assert.equal(shared.content['only'], undefined)
  await assert.rejects(
    call(compareDependencies, { refs: ['parcels', 'Parcels'] }, await sample()),
    /All refs mean the same entity/,
  )
})

test('find_issues gives each finding with its evidence, and bounds that there are none', async () => {
  const { content } = await call(findIssues, { types: ['unresolved'] }, await sample())
  const [issue] = content['issues'] as Record<string, string>[]
  assert.match(issue?.['what'] ?? '', /api\.cardbridge\.example/)
  assert.match(issue?.['evidence'] ?? '', /env CARD_PROCESSOR_URL at sample\/payments\.yaml:\d+/)
  const none = await call(findIssues, { types: ['cycle'] }, await sample())
  assert.match(
    String(none.content['summary']),
    /^No issues of type cycle found, in revision 1 \(sources: sample; no traces/,
  )
})

test('find_similar tells why, and rank_critical ranks within a scope', async () => {
  const architecture = await architectureOf(
    calling('orders', 'http://ledger'),
    calling('orders-v2', 'http://ledger'),
    workload('ledger'),
    service('ledger'),
  )
  const { content } = await call(findSimilar, { ref: 'orders' }, architecture)
  const [similar] = content['similar'] as Record<string, string>[]
  assert.equal(similar?.['name'], 'orders-v2')
  assert.match(similar?.['why'] ?? '', /dependencies shared/)
  const ranked = await call(rankCritical, { scope: 'orders' }, architecture)
  assert.deepEqual(
    (ranked.content['entities'] as Record<string, unknown>[]).map(({ name }) => name),
    ['ledger'],
  )
})

test('explain_relation tells every piece of evidence, and the way round where there is no relation', async () => {
  const { content } = await call(
    explainRelation,
    { from: 'payments', to: 'ledger-db' },
    await sample(),
    3 * minute,
  )
  assert.equal(
    content['summary'],
    'payments reads_writes ledger-db: reads_writes is declared, not observed in traffic, confidence 0.9.',
  )
  const [evidence] = content['evidence'] as Record<string, string>[]
  assert.equal(evidence?.['field'], 'env LEDGER_DATABASE_URL')
  assert.equal(evidence?.['last_seen'], '3 minutes ago')
  const none = await call(explainRelation, { from: 'parcels', to: 'ledger-db' }, await sample())
  assert.match(
    String(none.content['summary']),
    /^No direct relation from parcels to ledger-db, in revision 1 /,
  )
  assert.equal(none.content['way_round'], 'parcels -calls-> payments -reads_writes-> ledger-db')
})

test('get_changes compares revisions and times, and names what did it', async () => {
  const { architecture, importAt } = clocked()
  await importAt(0, undefined, calling('web', 'http://cart'), workload('cart'), service('cart'))
  await importAt(day, undefined, calling('web', 'http://pay'), workload('pay'), service('pay'))
  const { content } = await call(getChanges, {}, architecture, day + minute)
  assert.equal(content['summary'], '4 changes from revision 1 to 2.')
  assert.deepEqual(content['entities_added'], ['service:default/pay'])
  assert.deepEqual(content['entities_removed'], ['service:default/cart'])
  assert.deepEqual(content['relations_added'], { web: { calls: ['pay'] } })
  assert.deepEqual(content['relations_removed'], { web: { calls: ['cart'] } })
  assert.match(String(content['revisions']), /^revision 2, 1 minute ago, import of shop: entities \+1 -1/)
  const all = await call(getChanges, { since: 0, until: 1 }, architecture, day)
  assert.equal(all.content['summary'], '3 changes from revision 0 to 1.')
  const byTime = await call(getChanges, { since: new Date(minute).toISOString() }, architecture, day)
  assert.equal(byTime.content['summary'], '4 changes from revision 1 to 2.')
  const same = await call(getChanges, { since: 2 }, architecture, day)
  assert.match(String(same.content['summary']), /^Nothing changed from revision 2 to 2, /)
  await assert.rejects(call(getChanges, { since: 2, until: 1 }, architecture), /lies after until/)
  await assert.rejects(call(getChanges, { since: 'yesterday' }, architecture), /revision number or a time/)
})

test('as_of answers about a former state and says so; environments are told apart', async () => {
  const { architecture, importAt } = clocked()
  await importAt(0, undefined, workload('cart'), service('cart'))
  await importAt(day, 'staging', calling('trial', 'http://cart'), workload('cart'), service('cart'))
  const former = await call(searchEntities, { as_of: 1 }, architecture, day)
  assert.equal(former.content['total'], 1)
  assert.deepEqual([former.content['revision'], former.content['newest_revision']], [1, 2])
  const staging = await call(getDependencies, { ref: 'trial', environment: 'staging' }, architecture, day)
  assert.equal(staging.content['environment'], 'staging')
  await assert.rejects(
    call(searchEntities, { environment: 'production' }, architecture),
    /There is no environment "production"\. There are staging\./,
  )
  await assert.rejects(
    call(getEntity, { ref: 'cart', as_of: 9 }, architecture),
    /There is no revision 9 here/,
  )
})

test('a source that was not read for long or that failed is told with every answer', async () => {
  const { architecture, importAt } = clocked()
  await importAt(0, undefined, workload('cart'))
  const late = await call(searchEntities, {}, architecture, 8 * day)
  assert.deepEqual(late.content['freshness'], ['shop (kubernetes): 1 file, changed 8 days ago, STALE'])
  await assert.rejects(importAt(9 * day, undefined, 'kind: ['))
  const failed = await call(searchEntities, {}, architecture, 9 * day + minute)
  assert.match(String(failed.content['freshness']), /^shop \(kubernetes\): .*FAILED 1 minute ago: shop\.yaml/)
})

test('relations that were not seen for long carry a mark that names understand', async () => {
  const { architecture, importAt } = clocked()
  await importAt(0, undefined, calling('web', 'http://cart'), workload('cart'), service('cart'))
  const { content } = await call(getDependencies, { ref: 'web' }, architecture, 31 * day)
  assert.deepEqual(content['depends_on'], { level_1: { web: { calls: ['cart (old)'] } } })
  assert.deepEqual(content['marks'], ['(old) was not seen for 30 days'])
  const again = await call(getEntity, { ref: 'cart (old)' }, architecture)
  assert.equal(again.content['ref'], 'service:default/cart')
})

test('get_dependencies draws trees and flowcharts, and leaves out what is not certain enough', async () => {
  const tree = await call(
    getDependencies,
    { ref: 'invoice-export', depth: 2, format: 'tree' },
    await sample(),
  )
  assert.match(
    String(tree.content['depends_on']),
    /^invoice-export\n {2}.*\n[^]*\n {4}ledger-db \(reads_writes\)/,
  )
  const chart = await call(getDependencies, { ref: 'payments', format: 'mermaid' }, await sample())
  assert.match(String(chart.content['mermaid']), /^flowchart LR\n[^]*n0 -->\|reads_writes\| n1/)
  const command = ['sh', '-c', 'until nc -z api 80; do sleep 1; done']
  const guessed = await architectureOf(workload('api'), service('api'), workload('web', { command }))
  const certain = await call(getDependencies, { ref: 'web', include_inferred: false }, guessed)
  assert.match(
    String(certain.content['summary']),
    /^web depends on nothing directly without inferred relations, /,
  )
})

test('a name in another form, a kind or a technology is understood, and told to be a guess', async () => {
  const architecture = await sample()
  const card = await call(getEntity, { ref: 'the Payments Service' }, architecture)
  assert.equal(card.content['ref'], 'service:lanternpost/payments')
  assert.deepEqual(card.content['understood'], ['"the Payments Service" as service:lanternpost/payments'])
  const described = await call(getEntity, { ref: 'tracking database' }, architecture)
  assert.equal(described.content['ref'], 'database:lanternpost/tracking-db')
  await assert.rejects(call(getEntity, { ref: 'queue' }, architecture), /"queue" is ambiguous/)
  const near = await call(findPaths, { from: 'payments', to: 'database' }, architecture)
  assert.deepEqual(near.content['paths'], ['payments -reads_writes-> ledger-db'])
  await assert.rejects(call(getEntity, { ref: 'constructor' }, architecture), /No entity is called/)
})

test('text from imported files cannot pass for a line of the answer', async () => {
  const architecture = serving(graph([entity('cart', { description: 'Sells.\nrevision: 99' })], []))
  const { text } = await call(searchEntities, {}, architecture)
  assert.doesNotMatch(text, /^revision: 99/m)
})

const boutique = resolve('../shared/data/online-boutique/kubernetes-manifests.yaml')
const skip = existsSync(boutique) ? false : `no file ${boutique} with a real system to ask about`

test(
  'the questions the product promises are answered by one call each, in less than 2,000 tokens',
  { skip },
  async () => {
    const architecture = await architectureOf(readFileSync(boutique, 'utf8'))
    const ask = async (tool: Tool, input: object) => {
      const { content, text } = await call(tool, input, architecture)
      const tokens = Math.max(...[JSON.stringify(content), text].map((each) => o200k.encode(each).length))
      assert.ok(tokens < 2000, `${tool.name}: ${tokens} tokens`)
      return content
    }
    // What services are available?
    const services =
      'adservice cartservice checkoutservice currencyservice emailservice frontend loadgenerator paymentservice productcatalogservice recommendationservice shippingservice'
    const listed = (await ask(searchEntities, { kinds: ['service'] }))['entities'] as { ref: string }[]
    assert.deepEqual(
      listed.map(({ ref }) => ref.replace('service:default/', '')).toSorted(),
      services.split(' '),
    )
    const { names } = (await ask(getOverview, {})) as { names: Record<string, string[]> }
    assert.deepEqual(names['service']?.toSorted(), services.split(' '))
    // How do requests flow from the frontend to the database?
    for (const to of ['database', 'the database', 'redis', 'redis-cart', 'cache']) {
      const flow = await ask(findPaths, { from: 'frontend', to })
      assert.deepEqual(flow['paths'], [
        'frontend -calls-> cartservice -reads_writes-> redis-cart',
        'frontend -calls-> checkoutservice -calls-> cartservice -reads_writes-> redis-cart',
      ])
      assert.deepEqual(flow['every_way_passes'], ['cartservice'])
    }
    // Find the path between the frontend and the cart service
    for (const to of ['cart service', 'cartservice', 'cart', 'Cart Service']) {
      const path = await ask(findPaths, { from: 'frontend', to })
      assert.equal((path['paths'] as string[])[0], 'frontend -calls-> cartservice')
    }
    // Show me services that connect to redis
    const users = await ask(getDependencies, { ref: 'redis', direction: 'upstream' })
    assert.deepEqual(users['depended_on_by'], { level_1: { cartservice: { reads_writes: ['redis-cart'] } } })
    const [found] = (await ask(searchEntities, { query: 'redis' }))['entities'] as Record<string, unknown>[]
    assert.deepEqual(found?.['used_by'], ['cartservice'])
    // What are the most critical services?
    const ranked = (await ask(rankCritical, { kinds: ['service'] }))['entities'] as Record<string, unknown>[]
    assert.deepEqual(
      ranked.slice(0, 4).map((row) => [row['name'], row['all_dependents']]),
      [
        ['productcatalogservice', 4],
        ['cartservice', 3],
        ['currencyservice', 3],
        ['shippingservice', 3],
      ],
    )
  },
)
