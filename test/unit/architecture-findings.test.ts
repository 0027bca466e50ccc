import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scoreEntities } from '../../src/architecture/criticality.ts'
import { createGraphIndex, entityAt, type GraphIndex } from '../../src/architecture/graph-index.ts'
import { rankCritical, type CriticalityMetric } from '../../src/architecture/queries/critical-entities.ts'
import { findDifference } from '../../src/architecture/queries/difference.ts'
import { findEntryPoints } from '../../src/architecture/queries/entry-points.ts'
import { findIssues, type IssueType } from '../../src/architecture/queries/issues.ts'
import { describeOverview } from '../../src/architecture/queries/overview.ts'
import { findSimilar } from '../../src/architecture/queries/similar.ts'
import { findSinglePoints } from '../../src/architecture/queries/single-points.ts'
import { runAtOnce } from '../../src/architecture/slices.ts'
import { indexOf, namesOf, ordinalOf } from '../support/described-graphs.ts'
import { randomGraph, randomNumbers } from '../support/random-graphs.ts'

const day = 24 * 60 * 60_000

function summaries(index: GraphIndex, type: IssueType, now = 0): string[] {
  return findIssues(index, { types: [type], now }).map(({ severity, summary }) => `${severity}: ${summary}`)
}

test('cycles are told by a shortest circle; one that a queue breaks is less bad', () => {
  const index = indexOf({ q: { kind: 'queue' } }, [
    'a calls b',
    'b calls c',
    'c calls a',
    'b calls a',
    'x publishes q',
    'q calls x',
  ])
  assert.deepEqual(summaries(index, 'cycle'), [
    'medium: Depend on each other in a circle: a -> b -> a; 3 entities depend on each other in all.',
    'low: Depend on each other in a circle: q -> x -> q. A queue lies between them.',
  ])
  const [first] = findIssues(index, { types: ['cycle'], now: 0 })
  assert.deepEqual(
    first?.relations.map(({ from, to }) => [from, to]),
    [
      ['service:shop/a', 'service:shop/b'],
      ['service:shop/b', 'service:shop/a'],
    ],
  )
  assert.deepEqual(
    first?.entities.map((each) => entityAt(index, each).name),
    ['a', 'b', 'c'],
  )
})

const layered = indexOf(
  {
    web: { kind: 'website' },
    app: { attributes: { replicas: 1 } },
    db: { kind: 'database' },
    cache: { kind: 'cache' },
  },
  [
    'web calls app',
    'web calls search',
    'app reads_writes db',
    'app calls mail',
    'search reads cache',
    'app reads cache',
  ],
)

test('a single point is what others are reached only through; entry points come last', () => {
  assert.deepEqual(
    findSinglePoints(layered).map(({ ordinal, dominated }) => [entityAt(layered, ordinal).name, dominated]),
    [
      ['app', 2],
      ['web', 5],
    ],
  )
  assert.deepEqual(summaries(layered, 'spof'), [
    'high: 2 others are reached only through app, on which 1 depends directly. It runs as a single instance.',
  ])
})

test('an entry point is user-facing or used by nothing; what only stands alone is none', () => {
  const index = indexOf({ web: { kind: 'website' }, alone: {}, db: { kind: 'database' } }, [
    'cron calls web',
    'web reads db',
  ])
  assert.deepEqual(namesOf(index, findEntryPoints(index)), ['cron', 'web'])
})

test('a circle that nothing outside uses can be entered anywhere, so that no member stands before the others', () => {
  const index = indexOf({}, ['a calls b', 'b calls a', 'b calls c', 'c calls d'])
  assert.deepEqual(
    findSinglePoints(index).map(({ ordinal, dominated }) => [entityAt(index, ordinal).name, dominated]),
    [
      ['b', 2],
      ['c', 1],
    ],
  )
})

test('criticality gives its reason in words, in the order of each metric, within a scope', () => {
  const scores = runAtOnce(scoreEntities(layered))
  const rank = (metric: CriticalityMetric, more: object = {}) =>
    rankCritical(layered, scores, { metric, limit: 2, ...more })
  const [first, second] = rank('dependents').rows
  assert.deepEqual(
    [first, second].map((row) => [entityAt(layered, row?.ordinal ?? -1).name, row?.transitiveDependents]),
    [
      ['cache', 3],
      ['db', 2],
    ],
  )
  assert.equal(first?.reason, '3 depend on it, 2 directly; sole provider of its kind for 2')
  assert.match(rank('spof').rows[1]?.reason ?? '', /^2 others are reached only through it; /)
  assert.deepEqual(
    namesOf(
      layered,
      rank('spof', { limit: 1 }).rows.map(({ ordinal }) => ordinal),
    ),
    ['web'],
  )
  assert.match(
    rank('betweenness').rows[0]?.reason ?? '',
    /^\d+(?:\.\d)? % of shortest ways pass it; .*single instance$/,
  )
  assert.match(rank('pagerank').rows[0]?.reason ?? '', /^carries \d+(?:\.\d)? % of all weight; /)
  assert.deepEqual(rank('dependents', { kinds: ['database'] }).total, 1)
  assert.deepEqual(rank('dependents', { scope: new Set([ordinalOf(layered, 'mail')]) }).total, 1)
  const paged = [...rank('dependents').rows, ...rank('dependents', { offset: 2, limit: 10 }).rows]
  assert.deepEqual(paged, rank('dependents', { limit: 20 }).rows)
})

test('a database is shared when several write it or when its users have different owners', () => {
  const index = indexOf(
    {
      'orders-db': { kind: 'database' },
      'users-db': { kind: 'database' },
      'own-db': { kind: 'database' },
      red: { kind: 'team' },
      blue: { kind: 'team' },
    },
    [
      'orders writes orders-db',
      'billing reads_writes orders-db',
      'users writes users-db',
      'billing reads users-db',
      'orders writes own-db',
      'billing owned_by red',
      'users owned_by blue',
    ],
  )
  assert.deepEqual(summaries(index, 'shared_database'), [
    'medium: users-db is used by 2 entities, which belong to team:shop/blue, team:shop/red, 1 of which may write: a change of its schema concerns all of them.',
    'low: orders-db is used by 2 entities, 2 of which may write: a change of its schema concerns all of them.',
  ])
})

test('what is known badly is told: undeclared, stale, unresolved, orphaned and unowned', () => {
  const index = indexOf({ ghost: { kind: 'unresolved' }, alone: {}, red: { kind: 'team' } }, [
    'a calls b observed',
    'a calls ghost',
    'a owned_by red',
  ])
  assert.deepEqual(summaries(index, 'undeclared'), [
    'medium: service:shop/a calls service:shop/b was observed, and no manifest or catalog declares it.',
  ])
  assert.deepEqual(summaries(index, 'unresolved'), [
    'medium: No source describes ghost, which is used by service:shop/a.',
  ])
  assert.deepEqual(summaries(index, 'orphan'), [
    'low: service:shop/alone depends on nothing and nothing depends on it, as far as sources tell.',
  ])
  assert.deepEqual(summaries(index, 'unowned'), [
    'low: No source tells who owns service:shop/b.',
    'low: No source tells who owns service:shop/alone.',
  ])
  assert.deepEqual(summaries(index, 'stale', 30 * day), [])
  assert.equal(summaries(index, 'stale', 31 * day).length, 3)
  assert.match(summaries(index, 'stale', 31 * day)[0] ?? '', /was last seen on 1970-01-01: it may be gone\.$/)
})

test('where no source names owners, that is one finding and not one for each', () => {
  assert.deepEqual(summaries(layered, 'unowned'), [
    'low: No source tells who owns any of 6 services, stores and queues. A catalog or CODEOWNERS files would.',
  ])
})

test('findings are ordered by severity, the same every time, and can be limited to a scope', () => {
  const index = createGraphIndex(randomGraph(3, 40, 60))
  const found = findIssues(index, { now: 0 })
  const order = found.map(({ severity }) => ['high', 'medium', 'low'].indexOf(severity))
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  )
  assert.deepEqual(findIssues(createGraphIndex(randomGraph(3, 40, 60)), { now: 0 }), found)
  const scope = new Set([0, 1])
  const scoped = findIssues(index, { now: 0, scope })
  assert.deepEqual(
    scoped,
    found.filter(({ entities }) => entities.some((each) => scope.has(each))),
  )
  assert.ok(scoped.length < found.length)
})

test('similar entities share neighbours, words, technology or tags, and say so; duplicates are marked', () => {
  const index = indexOf(
    {
      cart: { tags: ['shop'], attributes: { technology: 'go' } },
      'cart-service': { tags: ['shop'] },
      basket: { attributes: { technology: 'go' } },
      db: { kind: 'database' },
      'cart-db': { kind: 'database' },
    },
    [
      'cart reads db',
      'cart calls pay',
      'basket reads db',
      'basket calls pay',
      'web calls cart',
      'web calls basket',
    ],
  )
  const found = findSimilar(index, ordinalOf(index, 'cart'), 10)
  assert.deepEqual(
    found.map(({ ordinal, isLikelyDuplicate }) => [entityAt(index, ordinal).name, isLikelyDuplicate]),
    [
      ['basket', false],
      ['cart-service', true],
    ],
  )
  assert.deepEqual(found[0]?.reasons, ['2 of 2 dependencies shared', '1 of 1 dependents shared', 'both go'])
  assert.deepEqual(found[1]?.reasons, ['names differ only in form', 'both tagged shop'])
  assert.equal(found[0]?.likeness, 0.6)
  assert.deepEqual(findSimilar(index, ordinalOf(index, 'web'), 10), [])
})

test('the overview counts, and tells what is not known', () => {
  const index = indexOf(
    {
      web: { kind: 'website', environment: 'production' },
      ghost: { kind: 'unresolved' },
      red: { kind: 'team' },
      alone: {},
    },
    ['web calls a', 'a calls ghost', 'a calls b observed', 'a owned_by red', 'b calls c inferred'],
  )
  const overview = describeOverview(index)
  assert.deepEqual(overview.kinds, { service: 4, team: 1, unresolved: 1, website: 1 })
  assert.deepEqual(overview.relations, { calls: 4, owned_by: 1 })
  assert.deepEqual(overview.environments, { production: 1 })
  assert.deepEqual(overview.teams, [{ owner: 'team:shop/red', owned: 1 }])
  assert.deepEqual(namesOf(index, overview.entryPoints), ['web'])
  assert.deepEqual(
    overview.mostDependedOn.map(({ dependents }) => dependents),
    [1, 1, 1, 1],
  )
  assert.deepEqual(
    overview.gaps.map(({ gap, count, of, examples }) => [gap, count, of, namesOf(index, examples)]),
    [
      ['no_owner', 4, 5, ['alone', 'b', 'c']],
      ['not_observed', 3, 4, []],
      ['not_declared', 2, 4, []],
      ['inferred_only', 1, 4, []],
      ['unresolved', 1, 7, ['ghost']],
      ['unconnected', 1, 6, ['alone']],
    ],
  )
})

test('the difference of two random graphs is what set arithmetic says, and swaps with them', () => {
  for (let seed = 1; seed <= 15; seed += 1) {
    const random = randomNumbers(seed)
    const whole = randomGraph(seed, 30, 60)
    const part = () => {
      const entities = whole.entities.filter(() => random() < 0.8)
      const refs = new Set(entities.map(({ ref }) => ref))
      return {
        ...whole,
        entities,
        relations: whole.relations.filter(({ from, to }) => refs.has(from) && refs.has(to)),
      }
    }
    const [before, after] = [part(), part()]
    const [former, now] = [before, after].map(({ entities }) => new Set(entities.map(({ ref }) => ref)))
    const there = findDifference(before, after)
    const back = findDifference(after, before)
    assert.deepEqual(
      there.entities.added,
      [...(now ?? [])].filter((ref) => !former?.has(ref)),
    )
    assert.deepEqual(there.entities.removed, back.entities.added)
    assert.deepEqual(there.relations.added, back.relations.removed)
    assert.equal(
      after.relations.length - before.relations.length,
      there.relations.added.length - there.relations.removed.length,
    )
    assert.deepEqual([there.entities.changed, there.relations.changed], [[], []])
  }
})
