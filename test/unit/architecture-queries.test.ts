import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGraphIndex, entityAt, type GraphIndex } from '../../src/architecture/graph-index.ts'
import type { Graph } from '../../src/architecture/model.ts'
import { findDependencies } from '../../src/architecture/queries/dependency-levels.ts'
import { describeEntity } from '../../src/architecture/queries/entity-description.ts'
import { findShortestPaths } from '../../src/architecture/queries/shortest-paths.ts'
import { entity, graph, randomGraph, relation } from '../support/random-graphs.ts'

const seeds = Array.from({ length: 30 }, (_, at) => at + 1)

function refs(index: GraphIndex, path: number[]): string[] {
  return path.map((ordinal) => entityAt(index, ordinal).ref)
}

/** Distances by relaxing every relation until nothing changes. */
function naiveDistances(
  { relations }: Graph,
  start: string,
  from: 'from' | 'to',
  to: 'from' | 'to',
): Map<string, number> {
  const distances = new Map([[start, 0]])
  for (let changed = true; changed;) {
    changed = false
    for (const each of relations) {
      const distance = (distances.get(each[from]) ?? Infinity) + 1
      if (distance >= (distances.get(each[to]) ?? Infinity)) continue
      distances.set(each[to], distance)
      changed = true
    }
  }
  return distances
}

/** Every path without repetition up to a length, by trying all. */
function naivePaths({ relations }: Graph, from: string, to: string, maxHops: number): string[][] {
  const paths: string[][] = []
  const walk = (path: string[]) => {
    const last = path.at(-1)
    if (last === to) paths.push(path)
    if (last === to || path.length > maxHops) return
    const next = new Set(relations.filter((each) => each.from === last).map((each) => each.to))
    for (const ref of next) if (!path.includes(ref)) walk([...path, ref])
  }
  walk([from])
  return paths.toSorted((a, b) => a.length - b.length || (a.join(' ') < b.join(' ') ? -1 : 1))
}

for (const direction of ['downstream', 'upstream'] as const) {
  test(`levels ${direction} on random graphs agree with distances found by relaxation`, () => {
    const [near, far] = direction === 'downstream' ? (['from', 'to'] as const) : (['to', 'from'] as const)
    for (const seed of seeds) {
      const random = randomGraph(seed, 30, 50)
      const index = createGraphIndex(random)
      const start = seed % 30
      const distances = naiveDistances(random, entityAt(index, start).ref, near, far)
      const depth = 1 + (seed % 6)
      const found = findDependencies(index, start, { direction, depth })
      const expected = Array.from(
        { length: depth },
        (_, at) => [...distances.values()].filter((distance) => distance === at + 1).length,
      )
      const counted = Array.from({ length: depth }, (_, at) => found.entitiesByLevel[at] ?? 0)
      assert.deepEqual(counted, expected, `seed ${seed}`)
      const met = random.relations.filter((each) => (distances.get(each[near]) ?? Infinity) < depth)
      assert.deepEqual(new Set(found.relations.map((each) => each.relation)), new Set(met), `seed ${seed}`)
      assert.equal(
        found.continues,
        [...distances.values()].some((distance) => distance > depth),
        `seed ${seed}`,
      )
    }
  })
}

test('the k shortest paths on random graphs are those that trying all finds', () => {
  for (const seed of seeds) {
    const random = randomGraph(seed, 12, 30)
    const index = createGraphIndex(random)
    const [from, to] = [seed % 12, (seed * 7 + 1) % 12]
    if (from === to) continue
    const all = naivePaths(random, entityAt(index, from).ref, entityAt(index, to).ref, 5)
    const found = findShortestPaths(index, { from, to, count: 5, maxHops: 5 }).map((path) =>
      refs(index, path),
    )
    assert.deepEqual(
      found.map((path) => path.length),
      all.slice(0, 5).map((path) => path.length),
      `seed ${seed}`,
    )
    const known = new Set(all.map((path) => path.join(' ')))
    assert.ok(found.every((path) => known.has(path.join(' '))))
    assert.equal(new Set(found.map((path) => path.join(' '))).size, found.length)
  }
})

const [a, b, c, d, db] = ['a', 'b', 'c', 'd']
  .map((name) => entity(name))
  .concat(entity('db', { kind: 'database' }))
const small = createGraphIndex(
  graph(
    [a, b, c, d, db].flatMap((each) => each ?? []),
    [
      relation('service:shop/a', 'service:shop/b'),
      relation('service:shop/b', 'database:shop/db', 'reads_writes'),
      relation('service:shop/a', 'service:shop/c', 'uses_queue'),
      relation('service:shop/c', 'service:shop/d'),
      relation('service:shop/d', 'database:shop/db', 'reads_writes'),
      relation('service:shop/d', 'service:shop/a'),
    ],
  ),
)
const at = (ref: string) => small.ordinals.get(ref) ?? -1

test('filters: relations decide what is followed, kinds what is told', () => {
  const start = at('service:shop/a')
  const calls = findDependencies(small, start, { direction: 'downstream', depth: 6, relations: ['calls'] })
  assert.deepEqual(calls.entitiesByLevel, [1])
  const stores = findDependencies(small, start, { direction: 'downstream', depth: 6, kinds: ['database'] })
  assert.deepEqual(stores.entitiesByLevel, [0, 1])
  assert.deepEqual(
    stores.relations.map((each) => [each.level, each.relation.from]),
    [
      [2, 'service:shop/b'],
      [3, 'service:shop/d'],
    ],
  )
})

test('paths go around what is to be avoided, along the relations wanted, and end where hops run out', () => {
  const question = { from: at('service:shop/a'), to: at('database:shop/db'), count: 5, maxHops: 8 }
  const found = (more: object) =>
    findShortestPaths(small, { ...question, ...more }).map((path) => path.length - 1)
  assert.deepEqual(found({}), [2, 3])
  assert.deepEqual(found({ avoid: [at('service:shop/b')] }), [3])
  assert.deepEqual(found({ relations: ['calls', 'reads_writes'] }), [2])
  assert.deepEqual(found({ maxHops: 2 }), [2])
  assert.deepEqual(found({ maxHops: 1 }), [])
  assert.deepEqual(found({ to: question.from }), [])
})

test('a card tells both directions', () => {
  const { outgoing, incoming } = describeEntity(small, at('service:shop/d'))
  assert.deepEqual(
    outgoing.map(({ other }) => other.name),
    ['db', 'a'],
  )
  assert.deepEqual(
    incoming.map(({ other }) => other.name),
    ['c'],
  )
})
