import type { Digraph } from '../digraph.ts'

/**
 * Who stands on every way: a node's dominators are what every path from a root to it passes. The nearest of them is its
 * parent, and all together are its ancestors.
 */
export interface DominatorTree {
  /** By node: its parent; {@link noDominator} where none is on every way, {@link unreached} where no way leads. */
  parents: Int32Array
  /** Nodes that are reached, parents before children. */
  order: Uint32Array
}

/** Roots have no dominator, nor has what can be reached in ways that share nothing. */
export const noDominator = -1
/** No way leads from any root. */
export const unreached = -2

/**
 * Dominators from several roots, as if one entrance led to all of them. The algorithm of Cooper, Harvey and Kennedy ("A
 * Simple, Fast Dominance Algorithm", 2001).
 * @param closed Nodes that no way may pass.
 */
export function findDominators(
  graph: Digraph,
  roots: readonly number[],
  closed: readonly number[] = [],
): DominatorTree {
  const order = reversePostOrder(graph, roots, closed)
  // The entrance has the number 0, so that every way up ends there; nodes are numbered as they stand in the order.
  const numbers = new Int32Array(graph.size)
  order.forEach((node, position) => (numbers[node] = position + 1))
  const parents = new Int32Array(order.length + 1).fill(unreached)
  parents[0] = 0
  const isRoot = new Uint8Array(graph.size)
  for (const root of roots) isRoot[root] = 1
  const { offsets, neighbours } = graph.predecessors
  for (let changed = true; changed;) {
    changed = false
    for (let position = 0; position < order.length; position += 1) {
      const node = order[position] ?? 0
      let parent = isRoot[node] === 1 ? 0 : unreached
      for (let at = offsets[node] ?? 0, end = offsets[node + 1] ?? 0; at < end; at += 1) {
        const number = numbers[neighbours[at] ?? 0] ?? 0
        if (number === 0 || parents[number] === unreached) continue
        parent = parent === unreached ? number : meetingOf(parents, parent, number)
      }
      if (parents[position + 1] === parent) continue
      parents[position + 1] = parent
      changed = true
    }
  }
  const result = new Int32Array(graph.size).fill(unreached)
  for (const [position, node] of order.entries()) {
    const parent = parents[position + 1] ?? 0
    result[node] = parent === 0 ? noDominator : (order[parent - 1] ?? noDominator)
  }
  return { parents: result, order }
}

/** By node: how many others are reached only by passing it. */
export function countDominated({ parents, order }: DominatorTree): Uint32Array {
  const counts = new Uint32Array(parents.length)
  for (const node of order.toReversed()) {
    const parent = parents[node] ?? noDominator
    if (parent >= 0) counts[parent] = (counts[parent] ?? 0) + (counts[node] ?? 0) + 1
  }
  return counts
}

/** Where the ways up from two numbers meet: the greater one climbs. */
function meetingOf(parents: Int32Array, first: number, second: number): number {
  let [a, b] = [first, second]
  while (a !== b) {
    if (a > b) a = parents[a] ?? 0
    else b = parents[b] ?? 0
  }
  return a
}

/** Depth-first without recursion: a deep graph must not exhaust the stack. */
function reversePostOrder(
  { size, successors }: Digraph,
  roots: readonly number[],
  closed: readonly number[],
): Uint32Array {
  const { offsets, neighbours } = successors
  const seen = new Uint8Array(size)
  for (const node of closed) seen[node] = 1
  const next = offsets.slice()
  const stack = new Uint32Array(size)
  const order = new Uint32Array(size)
  let first = size
  for (const root of roots) {
    if (seen[root] === 1) continue
    let depth = 1
    stack[0] = root
    seen[root] = 1
    while (depth > 0) {
      const node = stack[depth - 1] ?? 0
      const position = next[node] ?? 0
      if (position === offsets[node + 1]) {
        depth -= 1
        first -= 1
        order[first] = node
        continue
      }
      next[node] = position + 1
      const neighbour = neighbours[position] ?? 0
      if (seen[neighbour] === 1) continue
      seen[neighbour] = 1
      stack[depth] = neighbour
      depth += 1
    }
  }
  return order.slice(first)
}
