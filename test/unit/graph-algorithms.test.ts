import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DirectedGraph } from 'graphology'
import { stronglyConnectedComponents } from 'graphology-components'
import { betweenness, pagerank } from 'graphology-metrics/centrality/index.js'
import { bidirectional, singleSourceLength } from 'graphology-shortest-path/unweighted.js'
import { createCriticality } from '../../src/architecture/criticality.ts'
import { undirectedOf, type Digraph } from '../../src/architecture/digraph.ts'
import { createGraphIndex, entityAt, type GraphIndex } from '../../src/architecture/graph-index.ts'
import { analyzeImpact } from '../../src/architecture/queries/impact.ts'
import { findSimilar } from '../../src/architecture/queries/similar.ts'
import { searchEntities } from '../../src/architecture/queries/entity-search.ts'
import { measureBetweenness } from '../../src/architecture/queries/betweenness.ts'
import { findCycles } from '../../src/architecture/queries/cycles.ts'
import { findClosure } from '../../src/architecture/queries/dependency-closure.ts'
import { countDominated, findDominators, unreached } from '../../src/architecture/queries/dominators.ts'
import { rankPages } from '../../src/architecture/queries/pagerank.ts'
import { findCutPoints } from '../../src/architecture/queries/path-cut-points.ts'
import { findShortestPaths } from '../../src/architecture/queries/shortest-paths.ts'
import { findStrongComponents } from '../../src/architecture/queries/strong-components.ts'
import { countTransitiveDependents } from '../../src/architecture/queries/transitive-counts.ts'
import { runAtOnce } from '../../src/architecture/slices.ts'
import { processorTime } from '../support/processor-time.ts'
import { layeredGraph, randomGraph, randomNumbers } from '../support/random-graphs.ts'

const seeds = Array.from({ length: 25 }, (_, at) => at + 1)

/** The same graph in graphology, which referees; nodes are called by their ordinals. */
function refereeOf({ dependencies: { size, successors } }: GraphIndex, reversed = false): DirectedGraph {
  const referee = new DirectedGraph()
  for (let node = 0; node < size; node += 1) referee.addNode(node)
  for (let node = 0; node < size; node += 1) {
    for (let at = successors.offsets[node] ?? 0; at < (successors.offsets[node + 1] ?? 0); at += 1) {
      const [from, to] = [node, successors.neighbours[at] ?? 0]
      if (reversed) referee.addEdge(to, from)
      else referee.addEdge(from, to)
    }
  }
  return referee
}

function assertNear(found: Float64Array, expected: Record<string, number>, tolerance: number, seed: number) {
  found.forEach((value, node) => {
    const difference = Math.abs(value - (expected[node] ?? Number.NaN))
    assert.ok(difference < tolerance, `seed ${seed}, node ${node}: ${value}, expected ${expected[node]}`)
  })
}

function sorted(groups: number[][]): string[] {
  return groups.map((group) => group.join(' ')).toSorted()
}

/** What can be reached from a node without passing another: by plain search, the judge of dominators. */
function reachableWithout(
  { size, successors }: Digraph,
  roots: readonly number[],
  closed: number,
): Uint8Array {
  const seen = new Uint8Array(size)
  const open = roots.filter((root) => root !== closed)
  for (const root of open) seen[root] = 1
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (let at = successors.offsets[node] ?? 0; at < (successors.offsets[node + 1] ?? 0); at += 1) {
      const next = successors.neighbours[at] ?? 0
      if (next === closed || seen[next] === 1) continue
      seen[next] = 1
      open.push(next)
    }
  }
  return seen
}

test('closures in both directions have the distances that graphology finds', () => {
  for (const seed of seeds) {
    const index = createGraphIndex(randomGraph(seed, 80, 160))
    for (const direction of ['downstream', 'upstream'] as const) {
      const start = seed % 80
      const expected = singleSourceLength(refereeOf(index, direction === 'upstream'), start)
      const { levels, reached, counts } = findClosure(index, [start], { direction })
      levels.forEach((level, node) => assert.equal(level, expected[node] ?? -1, `seed ${seed}, node ${node}`))
      assert.equal(reached.length, Object.keys(expected).length - 1)
      assert.equal(
        reached.length,
        counts.reduce((sum, count) => sum + count, 0),
      )
      const [first] = findClosure(index, [start], { direction, depth: 1 }).counts
      assert.equal(first, counts[0])
    }
  }
})

test('the first of the shortest paths is as long as the one graphology finds, with and without direction', () => {
  for (const seed of seeds) {
    const index = createGraphIndex(randomGraph(seed, 60, 90))
    const referee = refereeOf(index)
    const both = refereeOf(index)
    referee.forEachEdge((_edge, _attributes, from, to) => both.mergeEdge(to, from))
    for (let from = 0; from < 60; from += 7) {
      const to = (from + seed) % 60
      if (from === to) continue
      for (const [graph, undirected] of [
        [referee, false],
        [both, true],
      ] as const) {
        const [path] = findShortestPaths(index, { from, to, count: 3, maxHops: 60, undirected })
        assert.equal(path?.length, bidirectional(graph, from, to)?.length, `seed ${seed}, ${from} to ${to}`)
      }
    }
  }
})

test('groups of entities that depend on each other are those of graphology, each with a shortest circle', () => {
  for (const seed of seeds) {
    const index = createGraphIndex(randomGraph(seed, 60, 100))
    const referee = refereeOf(index)
    const expected = stronglyConnectedComponents(referee).map((group) =>
      group.map(Number).toSorted((a, b) => a - b),
    )
    assert.equal(findStrongComponents(index.dependencies).count, expected.length)
    const cycles = findCycles(index)
    assert.deepEqual(
      sorted(cycles.map(({ members }) => members.toSorted((a, b) => a - b))),
      sorted(expected.filter((group) => group.length > 1)),
    )
    for (const { members, shortest } of cycles) {
      shortest.forEach((node, at) => assert.ok(referee.hasEdge(node, shortest[(at + 1) % shortest.length])))
      assert.equal(new Set(shortest).size, shortest.length)
      const lengths = members.map((member) =>
        Math.min(
          ...referee
            .outNeighbors(member)
            .map((next) => bidirectional(referee, next, member)?.length ?? Infinity),
        ),
      )
      assert.equal(shortest.length, Math.min(...lengths), `seed ${seed}`)
    }
  }
})

test('PageRank is that of graphology', () => {
  for (const seed of seeds) {
    const index = createGraphIndex(randomGraph(seed, 70, 140))
    const expected = pagerank(refereeOf(index), {
      alpha: 0.85,
      tolerance: 1e-12,
      maxIterations: 1000,
      getEdgeWeight: null,
    })
    assertNear(runAtOnce(rankPages(index.dependencies)), expected, 1e-8, seed)
  }
})

test('betweenness is that of graphology, and says that it is exact', () => {
  for (const seed of seeds) {
    const index = createGraphIndex(randomGraph(seed, 70, 140))
    const expected = betweenness(refereeOf(index), { getEdgeWeight: null, normalized: true })
    const { values, approximate } = runAtOnce(measureBetweenness(index.dependencies))
    assert.equal(approximate, false)
    assertNear(values, expected, 1e-12, seed)
  }
})

test('betweenness of a graph above 2,000 entities is approximate, says so, and finds most of the first ones', () => {
  const { dependencies } = createGraphIndex(randomGraph(7, 2200, 6000))
  const { values, approximate, pivots } = runAtOnce(measureBetweenness(dependencies))
  assert.deepEqual([approximate, pivots], [true, 500])
  assert.deepEqual(runAtOnce(measureBetweenness(dependencies)).values, values)
  const referee = refereeOf(createGraphIndex(randomGraph(7, 2200, 6000)))
  const exact = betweenness(referee, { getEdgeWeight: null, normalized: true })
  const top = (score: (node: number) => number) =>
    Array.from(values.keys())
      .toSorted((a, b) => score(b) - score(a))
      .slice(0, 20)
  const found = new Set(top((node) => values[node] ?? 0))
  const shared = top((node) => exact[node] ?? 0).filter((node) => found.has(node))
  assert.ok(shared.length >= 14, `${shared.length} of 20`)
})

test('dominators are the nodes without which another is out of reach', () => {
  for (const seed of seeds) {
    const { dependencies } = createGraphIndex(randomGraph(seed, 40, 70))
    const roots = [seed % 40, (seed * 3) % 40]
    const tree = findDominators(dependencies, roots)
    const counts = countDominated(tree)
    const all = reachableWithout(dependencies, roots, -1)
    for (let node = 0; node < 40; node += 1) {
      assert.equal(tree.parents[node] !== unreached, all[node] === 1)
      if (all[node] !== 1) continue
      const without = reachableWithout(dependencies, roots, node)
      const lost = Array.from(all.keys()).filter(
        (other) => other !== node && all[other] === 1 && without[other] === 0,
      )
      assert.equal(counts[node], lost.length, `seed ${seed}, node ${node}`)
      const ancestors = (other: number): number[] => {
        const parent = tree.parents[other] ?? -1
        return parent < 0 ? [] : [parent, ...ancestors(parent)]
      }
      assert.ok(
        lost.every((other) => ancestors(other).includes(node)),
        `seed ${seed}, node ${node}`,
      )
    }
  }
})

test('cut points are the nodes without which no path is left, in the order they are passed', () => {
  let withPoints = 0
  for (const seed of seeds) {
    const index = createGraphIndex(randomGraph(seed, 30, 36))
    for (const undirected of [false, true]) {
      const graph = undirected ? undirectedOf(index.dependencies) : index.dependencies
      for (let to = 0; to < 30; to += 1) {
        const from = 29 - seed
        if (from === to) continue
        const points = findCutPoints(index, { from, to, undirected })
        const isReached = reachableWithout(graph, [from], -1)[to] === 1
        assert.equal(points !== undefined, isReached)
        if (points === undefined) continue
        const expected = Array.from({ length: 30 }, (_, node) => node).filter(
          (node) => node !== from && node !== to && reachableWithout(graph, [from], node)[to] !== 1,
        )
        assert.deepEqual(
          points.toSorted((a, b) => a - b),
          expected,
          `seed ${seed}, ${from} to ${to}`,
        )
        const [path = []] = findShortestPaths(index, { from, to, count: 1, maxHops: 40, undirected })
        assert.deepEqual(
          path.filter((node) => points.includes(node)),
          points,
        )
        if (points.length > 1) withPoints += 1
      }
    }
  }
  assert.ok(withPoints > 50, `only ${withPoints} cases have cut points`)
})

test('transitive dependents of all entities at once are the sizes of their upstream closures', () => {
  for (const [seed, size, edges] of [
    [1, 60, 90],
    [2, 60, 200],
    [3, 2500, 3500],
  ] as const) {
    const index = createGraphIndex(randomGraph(seed, size, edges))
    const counts = runAtOnce(countTransitiveDependents(index.dependencies))
    for (let ordinal = 0; ordinal < size; ordinal += size > 100 ? 41 : 1) {
      const { reached } = findClosure(index, [ordinal], { direction: 'upstream' })
      assert.equal(counts[ordinal], reached.length, `seed ${seed}, ${entityAt(index, ordinal).ref}`)
    }
  }
})

test('criticality is computed once, in slices between which others run', async () => {
  const criticality = createCriticality(createGraphIndex(randomGraph(5, 4000, 16_000)))
  let turns = 0
  let isDone = false
  const count = () => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const [scores, again] = await Promise.all([criticality.scores(), criticality.scores()])
  isDone = true
  assert.equal(scores, again)
  assert.ok(turns > 3, `the event loop turned ${turns} times`)
})

test('no question to 10,000 entities and 50,000 relations grows out of hand', (t) => {
  const index = createGraphIndex(layeredGraph(1, 10_000, 50_000))
  const random = randomNumbers(4)
  const any = () => Math.floor(random() * index.entities.length)
  // Twenty times what is aimed at, of processor time, since a slow machine with others at work takes five times as long.
  // `npm run bench` tells exactly.
  const questions: [string, number, () => unknown][] = [
    ['closure', 40, () => findClosure(index, [any()], { direction: 'upstream' })],
    ['paths', 400, () => findShortestPaths(index, { from: any(), to: any(), count: 5, maxHops: 8 })],
    ['impact', 400, () => analyzeImpact(index, { changed: [any()], change: 'failure' })],
    ['search', 400, () => searchEntities(index, { query: 'fraud-ledgre', limit: 20 })],
    ['similar', 400, () => findSimilar(index, any(), 10)],
  ]
  for (const [name, limit, ask] of questions) {
    const times = Array.from({ length: 21 }, () => processorTime(ask).milliseconds).toSorted((a, b) => a - b)
    const median = times[10] ?? Infinity
    t.diagnostic(`${name}: ${median.toFixed(2)} ms`)
    assert.ok(median < limit, `${name} took ${median} ms`)
  }
})
