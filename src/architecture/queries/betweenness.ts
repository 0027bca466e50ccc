import { countNeighbours, type Digraph } from '../digraph.ts'
import type { Steps } from '../slices.ts'

/** How often nodes stand between others. */
export interface Betweenness {
  /** By node: the part of all ordered pairs of others whose shortest ways pass it, 0 to 1. */
  values: Float64Array
  /** True where the values are extrapolated from a part of the nodes. */
  approximate: boolean
  /** How many nodes shortest ways were counted from. */
  pivots: number
}

/** Up to this size every node is counted from; above, {@link maxPivots}. */
const maxExactSize = 2000
const maxPivots = 500

/**
 * Betweenness by Brandes' algorithm (J. Math. Sociology 25, 2001), which takes time in proportion to nodes times
 * relations: large graphs are extrapolated from pivots at even distances (Brandes and Pich, 2007), so that the same graph
 * always gets the same values.
 */
export function* measureBetweenness(graph: Digraph): Steps<Betweenness> {
  const { size, successors } = graph
  const sources: number[] = []
  // Nothing lies between a node that leads nowhere and others.
  for (let node = 0; node < size; node += 1) if (countNeighbours(successors, node) > 0) sources.push(node)
  const approximate = size > maxExactSize && sources.length > maxPivots
  const pivots = approximate
    ? Array.from(
        { length: maxPivots },
        (_, at) => sources[Math.floor((at * sources.length) / maxPivots)] ?? 0,
      )
    : sources
  const values = new Float64Array(size)
  const search = createSearch(graph, values)
  for (const pivot of pivots) {
    search(pivot)
    yield
  }
  const pairs = (size - 1) * (size - 2)
  const scale = pairs > 0 ? sources.length / pivots.length / pairs : 0
  return {
    values: values.map((value) => (value === 0 ? 0 : value * scale)),
    approximate,
    pivots: pivots.length,
  }
}

/** Adds to `values` what one source contributes. The working arrays are shared by all sources. */
function createSearch({ size, successors, predecessors }: Digraph, values: Float64Array) {
  const distances = new Int32Array(size).fill(-1)
  const ways = new Float64Array(size)
  const dependence = new Float64Array(size)
  const order = new Uint32Array(size)
  const { offsets, neighbours } = successors
  return (source: number): void => {
    distances[source] = 0
    ways[source] = 1
    order[0] = source
    let end = 1
    for (let at = 0; at < end; at += 1) {
      const node = order[at] ?? 0
      const distance = (distances[node] ?? 0) + 1
      const waysToNode = ways[node] ?? 0
      for (let position = offsets[node] ?? 0, last = offsets[node + 1] ?? 0; position < last; position += 1) {
        const neighbour = neighbours[position] ?? 0
        if (distances[neighbour] === -1) {
          distances[neighbour] = distance
          order[end] = neighbour
          end += 1
        }
        if (distances[neighbour] === distance) ways[neighbour] = (ways[neighbour] ?? 0) + waysToNode
      }
    }
    for (let at = end - 1; at > 0; at -= 1) {
      const node = order[at] ?? 0
      const share = (1 + (dependence[node] ?? 0)) / (ways[node] ?? 1)
      const before = (distances[node] ?? 0) - 1
      const last = predecessors.offsets[node + 1] ?? 0
      for (let position = predecessors.offsets[node] ?? 0; position < last; position += 1) {
        const neighbour = predecessors.neighbours[position] ?? 0
        if (distances[neighbour] === before)
          dependence[neighbour] = (dependence[neighbour] ?? 0) + (ways[neighbour] ?? 0) * share
      }
      values[node] = (values[node] ?? 0) + (dependence[node] ?? 0)
    }
    for (let at = 0; at < end; at += 1) {
      const node = order[at] ?? 0
      distances[node] = -1
      ways[node] = dependence[node] = 0
    }
  }
}
