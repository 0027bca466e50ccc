import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGraphIndex, type GraphIndex } from '../../src/architecture/graph-index.ts'
import { compareDependencies } from '../../src/architecture/queries/compare.ts'
import { findClosure } from '../../src/architecture/queries/dependency-closure.ts'
import {
  analyzeImpact,
  type AffectedEntity,
  type Impact,
  type Protection,
} from '../../src/architecture/queries/impact.ts'
import type { ImpactChange } from '../../src/architecture/queries/impact-spread.ts'
import { indexOf, namesOf, ordinalOf } from '../support/described-graphs.ts'
import { randomGraph } from '../support/random-graphs.ts'

function impactOf(index: GraphIndex, name: string, change: ImpactChange, more: object = {}): Impact {
  return analyzeImpact(index, { changed: [ordinalOf(index, name)], change, ...more })
}

function tell(
  index: GraphIndex,
  impact: Impact,
  of: (affected: AffectedEntity & Protection) => unknown = (each) => each.effect,
) {
  return Object.fromEntries(
    impact.affected.map((each) => [
      index.entities[each.ordinal]?.name,
      of({ ...each, ...impact.protectionOf(each) }),
    ]),
  )
}

function provision({ provision: each, isOnlyOfKind }: Protection): [string, boolean] {
  return [each, isOnlyOfKind]
}

const shop = indexOf(
  {
    web: { kind: 'website' },
    cron: { kind: 'job' },
    orders: { kind: 'queue' },
    'orders-db': { kind: 'database', attributes: { replicas: 1 } },
    'team-shop': { kind: 'team' },
    'team-mail': { kind: 'team' },
    collector: { tags: ['telemetry'] },
    auth: { attributes: { replicas: 3 } },
  },
  [
    'web calls checkout',
    'web calls auth',
    'checkout reads_writes orders-db',
    'checkout publishes orders',
    'checkout calls collector',
    'web calls collector',
    'mailer consumes orders',
    'mailer calls smtp',
    'console calls mailer',
    'cron reads orders-db inferred',
    'checkout owned_by team-shop',
    'orders-db owned_by team-shop',
    'mailer owned_by team-mail',
  ],
)

test('a failed store takes down who calls it, and delays who waits for their messages', () => {
  const impact = impactOf(shop, 'orders-db', 'failure')
  assert.deepEqual(tell(shop, impact), {
    checkout: 'down',
    cron: 'down',
    web: 'down',
    orders: 'delayed',
    mailer: 'delayed',
    console: 'delayed',
  })
  assert.deepEqual(
    tell(shop, impact, ({ level }) => level),
    {
      checkout: 1,
      cron: 1,
      web: 2,
      orders: 2,
      mailer: 3,
      console: 4,
    },
  )
  assert.deepEqual(impact.counts, [2, 2, 1, 1])
  assert.deepEqual(namesOf(shop, impact.entryPoints), ['console', 'cron', 'web'])
  assert.deepEqual(
    impact.teams.map(({ owner, owned }) => [owner, namesOf(shop, owned)]),
    [
      ['team:shop/team-shop', ['checkout', 'orders-db']],
      ['team:shop/team-mail', ['mailer']],
    ],
  )
  assert.deepEqual(namesOf(shop, impact.dataStores), ['orders-db'])
})

test('what only inferred relations lead to is told apart, and can be left out', () => {
  const impact = impactOf(shop, 'orders-db', 'failure')
  assert.deepEqual([impact.certain, impact.inferredOnly], [5, 1])
  assert.equal(tell(shop, impact, ({ isCertain }) => isCertain)['cron'], false)
  const certain = impactOf(shop, 'orders-db', 'failure', { includeInferred: false })
  assert.equal(tell(shop, certain)['cron'], undefined)
  assert.deepEqual([certain.certain, certain.inferredOnly], [5, 0])
})

test('a failed queue delays both sides; a failed consumer only lets the queue fill', () => {
  assert.deepEqual(tell(shop, impactOf(shop, 'orders', 'failure')), {
    checkout: 'delayed',
    mailer: 'delayed',
    web: 'delayed',
    console: 'delayed',
  })
  const consumer = impactOf(shop, 'mailer', 'failure')
  assert.deepEqual(
    tell(shop, consumer, ({ effect, hit }) => `${effect} ${hit}`),
    {
      console: 'down direct',
      orders: 'delayed backlog',
    },
  )
})

test('latency slows callers; a changed interface concerns users first and consumers of the messages too', () => {
  assert.deepEqual(tell(shop, impactOf(shop, 'checkout', 'latency')), {
    web: 'slow',
    orders: 'delayed',
    mailer: 'delayed',
    console: 'delayed',
  })
  assert.deepEqual(tell(shop, impactOf(shop, 'checkout', 'api_change')), {
    web: 'must_change',
    orders: 'at_risk',
    mailer: 'must_change',
    console: 'at_risk',
  })
  assert.deepEqual(tell(shop, impactOf(shop, 'orders-db', 'removal', { maxDepth: 2 })), {
    checkout: 'must_change',
    cron: 'must_change',
    orders: 'at_risk',
    web: 'at_risk',
  })
})

test('telemetry carries no failure unless asked for, and the answer says how much that left out', () => {
  const impact = impactOf(shop, 'collector', 'failure')
  assert.deepEqual([impact.affected, impact.telemetryLeftOut], [[], 2])
  const everything = impactOf(shop, 'collector', 'failure', { includeTelemetry: true })
  assert.deepEqual(tell(shop, everything)['checkout'], 'down')
  assert.equal(everything.telemetryLeftOut, 0)
})

test('replicas and copies make a provider redundant; another service of the same kind does not', () => {
  assert.deepEqual(tell(shop, impactOf(shop, 'auth', 'failure'), provision), { web: ['redundant', false] })
  assert.deepEqual(tell(shop, impactOf(shop, 'auth', 'api_change'), provision), { web: ['single', false] })
  assert.deepEqual(tell(shop, impactOf(shop, 'orders-db', 'failure'), provision)['checkout'], [
    'single',
    true,
  ])
  const cluster = indexOf(
    {
      'users-db-primary': { kind: 'database' },
      'users-db-replica-2': { kind: 'database' },
      'audit-db': { kind: 'database' },
      jobs: { kind: 'queue' },
    },
    [
      'users reads_writes users-db-primary',
      'users reads users-db-replica-2',
      'users writes audit-db',
      'users publishes jobs',
      'admin publishes jobs',
      'worker consumes jobs',
    ],
  )
  const primary = impactOf(cluster, 'users-db-primary', 'failure')
  const users = primary.affected.find((each) => each.ordinal === ordinalOf(cluster, 'users'))
  assert.ok(users)
  assert.equal(primary.protectionOf(users).provision, 'redundant')
  assert.deepEqual(namesOf(cluster, primary.protectionOf(users).alternatives), ['users-db-replica-2'])
  // The other producer goes on filling the queue.
  assert.equal(tell(cluster, primary, ({ provision: each }) => each)['jobs'], 'redundant')
  assert.equal(
    tell(cluster, impactOf(cluster, 'audit-db', 'failure'), ({ provision: each }) => each)['users'],
    'single',
  )
  const both = analyzeImpact(cluster, {
    changed: [ordinalOf(cluster, 'users-db-primary'), ordinalOf(cluster, 'users-db-replica-2')],
    change: 'failure',
  })
  assert.equal(tell(cluster, both, ({ provision: each }) => each)['users'], 'single')
})

test('without queues, who feels a failure is the upstream closure over dependencies, with its levels', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomGraph(seed, 60, 110)
    const relations = random.relations.map((each) =>
      each.type === 'uses_queue' ? { ...each, type: 'owned_by' as const } : each,
    )
    const index = createGraphIndex({ ...random, relations })
    const changed = [seed, (seed * 7) % 60]
    const { levels, reached, counts } = findClosure(index, changed, { direction: 'upstream' })
    const impact = analyzeImpact(index, { changed, change: 'failure' })
    assert.deepEqual(
      impact.affected.map((each) => each.ordinal).toSorted((a, b) => a - b),
      Array.from(reached.toSorted()),
      `seed ${seed}`,
    )
    for (const each of impact.affected) assert.equal(each.level, levels[each.ordinal])
    assert.deepEqual(impact.counts, counts)
    assert.ok(impact.affected.every(({ effect }) => effect === 'down'))
  }
})

test('ownership and start order are followed only where they are asked for', () => {
  const index = indexOf({ team: { kind: 'team' } }, ['a calls b', 'a owned_by team', 'b starts_after c'])
  const reach = (more: object) =>
    namesOf(
      index,
      Array.from(findClosure(index, [ordinalOf(index, 'a')], { direction: 'downstream', ...more }).reached),
    )
  assert.deepEqual(reach({}), ['b'])
  assert.deepEqual(reach({ relations: ['owned_by'] }), ['team'])
  assert.deepEqual(reach({ relations: ['calls', 'starts_after'] }), ['b', 'c'])
})

test('weak relations are followed only where they suffice', () => {
  const index = indexOf({}, ['a calls b', 'b calls c inferred'])
  const reach = (more: object) =>
    namesOf(
      index,
      Array.from(findClosure(index, [ordinalOf(index, 'a')], { direction: 'downstream', ...more }).reached),
    )
  assert.deepEqual(reach({}), ['b', 'c'])
  assert.deepEqual(reach({ includeInferred: false }), ['b'])
  assert.deepEqual(reach({ minConfidence: 0.9 }), ['b', 'c'])
  assert.deepEqual(reach({ minConfidence: 0.95 }), [])
})

test('a comparison tells what all share, what some share, and what each has alone', () => {
  const index = indexOf({}, [
    'a calls x',
    'a calls y',
    'b calls x',
    'b calls y',
    'c calls x',
    'c calls z',
    'z calls q',
  ])
  const compared = ['a', 'b', 'c'].map((name) => ordinalOf(index, name))
  const direct = compareDependencies(index, { compared, direction: 'downstream', depth: 1 })
  assert.deepEqual(namesOf(index, direct.shared), ['x'])
  assert.deepEqual(
    direct.partly.map((each) => [namesOf(index, [each.ordinal]), namesOf(index, each.sharedBy)]),
    [[['y'], ['a', 'b']]],
  )
  assert.deepEqual(
    direct.only.map((only) => namesOf(index, only)),
    [[], [], ['z']],
  )
  const closure = compareDependencies(index, { compared, direction: 'downstream' })
  assert.deepEqual(
    closure.only.map((only) => namesOf(index, only)),
    [[], [], ['q', 'z']],
  )
  const dependents = compareDependencies(index, {
    compared: [ordinalOf(index, 'x'), ordinalOf(index, 'y')],
    direction: 'upstream',
  })
  assert.deepEqual(
    [namesOf(index, dependents.shared), namesOf(index, dependents.only[0] ?? [])],
    [['a', 'b'], ['c']],
  )
})
