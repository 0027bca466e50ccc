import { countNeighbours, type Digraph } from '../digraph.ts'
import type { Steps } from '../slices.ts'

const damping = 0.85
const maxRounds = 100
/** Of the whole: what may still move in a round when the ranks are taken as settled. */
const tolerance = 1e-9

/**
 * PageRank: which entities weigh most, since weighty ones depend on them (Brin and Page, 1998). By power iteration;
 * what depends on nothing gives its weight to all alike.
 * @returns by node; together 1
 */
export function* rankPages({ size, successors, predecessors }: Digraph): Steps<Float64Array> {
  const { offsets, neighbours } = predecessors
  const shares = Float64Array.from({ length: size }, (_, node) => 1 / countNeighbours(successors, node))
  let ranks = new Float64Array(size).fill(1 / size)
  for (let round = 0; round < maxRounds; round += 1) {
    let idle = 0
    for (let node = 0; node < size; node += 1) {
      if (shares[node] === Infinity) idle += ranks[node] ?? 0
    }
    const base = (1 - damping + damping * idle) / size
    const next = new Float64Array(size)
    let moved = 0
    for (let node = 0; node < size; node += 1) {
      let sum = 0
      for (let position = offsets[node] ?? 0; position < (offsets[node + 1] ?? 0); position += 1) {
        const neighbour = neighbours[position] ?? 0
        sum += (ranks[neighbour] ?? 0) * (shares[neighbour] ?? 0)
      }
      const rank = base + damping * sum
      next[node] = rank
      moved += Math.abs(rank - (ranks[node] ?? 0))
    }
    ranks = next
    if (moved < tolerance) break
    yield
  }
  return ranks
}
