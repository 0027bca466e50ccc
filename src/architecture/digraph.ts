/**
 * A directed graph for algorithms: nodes are 0 up to `size`, each pair of nodes is joined at most once in a direction,
 * nothing is joined with itself.
 */
export interface Digraph {
  size: number
  successors: Neighbourhood
  predecessors: Neighbourhood
}

/**
 * Compressed sparse rows: the neighbours of node `i` stand at `offsets[i]` up to `offsets[i + 1]`, sorted. Ten times
 * smaller and faster to walk than a map of lists.
 */
export interface Neighbourhood {
  offsets: Uint32Array
  neighbours: Uint32Array
}

/** Neighbours with the relation that joins them: where several do, the neighbour is repeated. */
export interface Adjacency extends Neighbourhood {
  /** Position of the relation, beside each neighbour. */
  relations: Uint32Array
}

/** Rows of edges by where they start; an edge's relation is its position in `starts` and `ends`. Two counting sorts. */
export function adjacencyOf(size: number, starts: Uint32Array, ends: Uint32Array): Adjacency {
  const next = offsetsOf(size, starts)
  const offsets = next.slice()
  const neighbours = new Uint32Array(starts.length)
  const relations = new Uint32Array(starts.length)
  for (const relation of orderBy(size, ends)) {
    const start = starts[relation] ?? 0
    const position = next[start] ?? 0
    neighbours[position] = ends[relation] ?? 0
    relations[position] = relation
    next[start] = position + 1
  }
  return { offsets, neighbours, relations }
}

/** The graph of those relations that are followed. */
export function digraphOf(adjacency: Adjacency, isFollowed: (relation: number) => boolean): Digraph {
  const { offsets, neighbours, relations } = adjacency
  const size = offsets.length - 1
  const kept = new Uint32Array(neighbours.length)
  const keptOffsets = new Uint32Array(size + 1)
  let count = 0
  for (let node = 0; node < size; node += 1) {
    let last = node
    for (let position = offsets[node] ?? 0; position < (offsets[node + 1] ?? 0); position += 1) {
      const neighbour = neighbours[position] ?? 0
      // Rows are sorted: a repeated neighbour stands beside itself.
      if (neighbour === node || neighbour === last || !isFollowed(relations[position] ?? 0)) continue
      kept[count] = last = neighbour
      count += 1
    }
    keptOffsets[node + 1] = count
  }
  const successors = { offsets: keptOffsets, neighbours: kept.slice(0, count) }
  return { size, successors, predecessors: transposed(successors) }
}

/** The same graph with every edge walked both ways. */
export function undirectedOf({ size, successors, predecessors }: Digraph): Digraph {
  const neighbours = new Uint32Array((successors.offsets[size] ?? 0) + (predecessors.offsets[size] ?? 0))
  const offsets = new Uint32Array(size + 1)
  let count = 0
  for (let node = 0; node < size; node += 1) {
    // Both rows are sorted: what stands first in either is next.
    let out = successors.offsets[node] ?? 0
    let into = predecessors.offsets[node] ?? 0
    const [lastOut, lastInto] = [successors.offsets[node + 1] ?? 0, predecessors.offsets[node + 1] ?? 0]
    while (out < lastOut || into < lastInto) {
      const successor = out < lastOut ? (successors.neighbours[out] ?? 0) : size
      const predecessor = into < lastInto ? (predecessors.neighbours[into] ?? 0) : size
      neighbours[count] = Math.min(successor, predecessor)
      count += 1
      if (successor <= predecessor) out += 1
      if (predecessor <= successor) into += 1
    }
    offsets[node + 1] = count
  }
  const both = { offsets, neighbours: neighbours.slice(0, count) }
  return { size, successors: both, predecessors: both }
}

/** How many neighbours a node has. */
export function countNeighbours({ offsets }: Neighbourhood, node: number): number {
  return (offsets[node + 1] ?? 0) - (offsets[node] ?? 0)
}

/** A node's neighbours, ascending: a view, not a copy. */
export function neighboursOf({ offsets, neighbours }: Neighbourhood, node: number): Uint32Array {
  return neighbours.subarray(offsets[node] ?? 0, offsets[node + 1] ?? 0)
}

function transposed({ offsets, neighbours }: Neighbourhood): Neighbourhood {
  const size = offsets.length - 1
  const next = offsetsOf(size, neighbours)
  const transposedOffsets = next.slice()
  const starts = new Uint32Array(neighbours.length)
  for (let node = 0; node < size; node += 1) {
    for (let position = offsets[node] ?? 0; position < (offsets[node + 1] ?? 0); position += 1) {
      const end = neighbours[position] ?? 0
      const place = next[end] ?? 0
      starts[place] = node
      next[end] = place + 1
    }
  }
  return { offsets: transposedOffsets, neighbours: starts }
}

/** Where each node's row begins when edges are grouped by these nodes. */
function offsetsOf(size: number, nodes: Uint32Array): Uint32Array {
  const offsets = new Uint32Array(size + 1)
  for (const node of nodes) offsets[node + 1] = (offsets[node + 1] ?? 0) + 1
  for (let node = 0; node < size; node += 1)
    offsets[node + 1] = (offsets[node + 1] ?? 0) + (offsets[node] ?? 0)
  return offsets
}

/** Positions of edges in the order of these nodes; stable. */
function orderBy(size: number, nodes: Uint32Array): Uint32Array {
  const next = offsetsOf(size, nodes)
  const order = new Uint32Array(nodes.length)
  nodes.forEach((node, edge) => {
    const position = next[node] ?? 0
    order[position] = edge
    next[node] = position + 1
  })
  return order
}
