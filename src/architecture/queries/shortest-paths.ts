import { neighboursOf, undirectedOf, type Digraph, type Neighbourhood } from '../digraph.ts'
import type { GraphIndex } from '../graph-index.ts'
import { followedGraph, type RelationFilter } from '../relation-filter.ts'

/** Which paths are wanted; ends are ordinals. */
export interface PathQuestion extends RelationFilter {
  from: number
  to: number
  /** How many paths at most. */
  count: number
  maxHops: number
  /** Ordinals no path may pass. */
  avoid?: readonly number[] | undefined
  /** True follows relations against their direction too: how two entities are connected at all. */
  undirected?: boolean | undefined
}

/** Ordinals from start to end. */
export type Path = number[]

/**
 * The shortest paths along relations that visit nothing twice, shortest first; equally short ones in the order of
 * references. Yen's algorithm (Management Science 17, 1971) with breadth-first search inside.
 */
export function findShortestPaths(index: GraphIndex, question: PathQuestion): Path[] {
  if (question.from === question.to) return []
  const search = createSearch(graphOfPaths(index, question), question)
  const first = search(question.from, { closed: [], barred: new Set(), hops: question.maxHops })
  const paths: Path[] = first === undefined ? [] : [first]
  const candidates = new Map<string, Path>()
  for (let last = first; last !== undefined && paths.length < question.count;) {
    for (const deviation of deviationsOf(search, question, last, paths)) {
      candidates.set(deviation.join(' '), deviation)
    }
    last = [...candidates.values()].toSorted(byLengthThenOrder)[0]
    if (last === undefined) break
    candidates.delete(last.join(' '))
    paths.push(last)
  }
  return paths
}

/** The graph in which paths are looked for. */
export function graphOfPaths(
  index: GraphIndex,
  { undirected = false, ...filter }: RelationFilter & { undirected?: boolean | undefined },
): Digraph {
  const graph = followedGraph(index, filter)
  return undirected ? undirectedOf(graph) : graph
}

/** Finds the shortest path from a start to the one end; `closed` may not be entered, `barred` not as the first step. */
type Search = (
  start: number,
  limits: { closed: readonly number[]; barred: ReadonlySet<number>; hops: number },
) => Path | undefined

/** For each prefix of a path: the shortest way on that no known path with this prefix takes. */
function deviationsOf(search: Search, question: PathQuestion, path: Path, known: readonly Path[]): Path[] {
  return path.slice(0, -1).flatMap((spur, position) => {
    const prefix = path.slice(0, position)
    const sharing = known.filter(
      (other) => other[position] === spur && prefix.every((ordinal, at) => other[at] === ordinal),
    )
    const barred = new Set(sharing.flatMap((other) => other[position + 1] ?? []))
    const rest = search(spur, { closed: prefix, barred, hops: question.maxHops - position })
    return rest === undefined ? [] : [[...prefix, ...rest]]
  })
}

const unvisited = -1
const unreachable = 255

/** Distances to the end, computed once, keep every search from going where the end is out of reach. */
function createSearch(graph: Digraph, { to, maxHops, avoid = [] }: PathQuestion): Search {
  const distances = distancesTo(graph.predecessors, to, maxHops)
  const { offsets, neighbours } = graph.successors
  return (start, { closed, barred, hops }) => {
    const previous = new Int32Array(graph.size).fill(unvisited)
    for (const ordinal of [...avoid, ...closed, start]) previous[ordinal] = ordinal
    let frontier = [start]
    for (let hop = 1; hop <= hops && frontier.length > 0; hop += 1) {
      const next: number[] = []
      for (const ordinal of frontier) {
        for (let position = offsets[ordinal] ?? 0; position < (offsets[ordinal + 1] ?? 0); position += 1) {
          const neighbour = neighbours[position] ?? 0
          const isTooFar = hop + (distances[neighbour] ?? unreachable) > hops
          if (isTooFar || previous[neighbour] !== unvisited) continue
          if (ordinal === start && barred.has(neighbour)) continue
          previous[neighbour] = ordinal
          if (neighbour === to) return pathTo(to, start, previous)
          next.push(neighbour)
        }
      }
      frontier = next
    }
    return undefined
  }
}

function distancesTo(predecessors: Neighbourhood, end: number, maxHops: number): Uint8Array {
  const distances = new Uint8Array(predecessors.offsets.length - 1).fill(unreachable)
  distances[end] = 0
  let frontier = [end]
  for (let hop = 1; hop <= maxHops && frontier.length > 0; hop += 1) {
    const next: number[] = []
    for (const ordinal of frontier) {
      for (const neighbour of neighboursOf(predecessors, ordinal)) {
        if (distances[neighbour] !== unreachable) continue
        distances[neighbour] = hop
        next.push(neighbour)
      }
    }
    frontier = next
  }
  return distances
}

function pathTo(end: number, start: number, previous: Int32Array): Path {
  const path = [end]
  for (let at = end; at !== start;) {
    at = previous[at] ?? start
    path.unshift(at)
  }
  return path
}

function byLengthThenOrder(a: Path, b: Path): number {
  if (a.length !== b.length) return a.length - b.length
  const difference = a.findIndex((ordinal, position) => ordinal !== b[position])
  return difference < 0 ? 0 : (a[difference] ?? 0) - (b[difference] ?? 0)
}
