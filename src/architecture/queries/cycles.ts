import { neighboursOf, type Digraph } from '../digraph.ts'
import { byRank, type GraphIndex } from '../graph-index.ts'
import { followedGraph, type RelationFilter } from '../relation-filter.ts'
import { findStrongComponents } from './strong-components.ts'

/** Entities that depend on each other in a circle. */
export interface Cycle {
  /** Ordinals of all that are entangled: each depends on every other one, most depended on first. */
  members: number[]
  /** A shortest circle among them, each depending on the next and the last on the first. */
  shortest: number[]
}

/** Every group of entities that depend on each other, the most entangled first. */
export function findCycles(index: GraphIndex, filter: RelationFilter = {}): Cycle[] {
  const graph = followedGraph(index, filter)
  const { numbers, count } = findStrongComponents(graph)
  const groups: number[][] = Array.from({ length: count }, () => [])
  numbers.forEach((number, ordinal) => groups[number]?.push(ordinal))
  return groups
    .filter((members) => members.length > 1)
    .map((members) => ({
      members: members.toSorted(byRank(index)),
      shortest: shortestCycle(graph, members, numbers),
    }))
    .toSorted((a, b) => b.members.length - a.members.length || (a.shortest[0] ?? 0) - (b.shortest[0] ?? 0))
}

/**
 * Searches from one member after the other, only as far as a shorter circle could lie. Every member is closed once it
 * was searched from, together with those that thereby stand on no circle any more: a long ring is walked once.
 */
function shortestCycle(graph: Digraph, members: readonly number[], numbers: Int32Array): number[] {
  const group = numbers[members[0] ?? 0] ?? 0
  const isOpen = new Uint8Array(graph.size)
  for (const member of members) isOpen[member] = 1
  const previous = new Int32Array(graph.size).fill(-1)
  let shortest: number[] | undefined
  for (const member of members) {
    if (shortest?.length === 2) break
    if (isOpen[member] !== 1 || numbers[member] !== group) continue
    const limit = (shortest?.length ?? Infinity) - 1
    shortest = cycleThrough(graph, member, { isOpen, previous, limit }) ?? shortest
    close(graph, member, isOpen)
  }
  return startingFirst(shortest ?? [])
}

function cycleThrough(
  { successors }: Digraph,
  start: number,
  { isOpen, previous, limit }: { isOpen: Uint8Array; previous: Int32Array; limit: number },
): number[] | undefined {
  const touched = [start]
  previous[start] = start
  let cycle: number[] | undefined
  let frontier = [start]
  for (let length = 1; length <= limit && frontier.length > 0 && cycle === undefined; length += 1) {
    const next: number[] = []
    for (const node of frontier) {
      for (const neighbour of neighboursOf(successors, node)) {
        if (neighbour === start) cycle ??= wayTo(node, start, previous)
        if (isOpen[neighbour] !== 1 || previous[neighbour] !== -1) continue
        previous[neighbour] = node
        touched.push(neighbour)
        next.push(neighbour)
      }
    }
    frontier = next
  }
  for (const node of touched) previous[node] = -1
  return cycle
}

function wayTo(end: number, start: number, previous: Int32Array): number[] {
  const way = [end]
  for (let at = end; at !== start;) {
    at = previous[at] ?? start
    way.push(at)
  }
  return way.toReversed()
}

/** Takes a node out, and then every node that nothing open leads to, or that leads to nothing open. */
function close({ successors, predecessors }: Digraph, node: number, isOpen: Uint8Array): void {
  const closing = [node]
  isOpen[node] = 0
  const isStuck = (each: number) =>
    [successors, predecessors].some((side) =>
      neighboursOf(side, each).every((neighbour) => isOpen[neighbour] !== 1),
    )
  for (let at = closing.pop(); at !== undefined; at = closing.pop()) {
    for (const side of [successors, predecessors]) {
      for (const neighbour of neighboursOf(side, at)) {
        if (isOpen[neighbour] !== 1 || !isStuck(neighbour)) continue
        isOpen[neighbour] = 0
        closing.push(neighbour)
      }
    }
  }
}

/** The same circle told from its first member by reference. */
function startingFirst(cycle: readonly number[]): number[] {
  const first = cycle.indexOf(cycle.reduce((least, node) => Math.min(least, node), Infinity))
  return [...cycle.slice(first), ...cycle.slice(0, first)]
}
