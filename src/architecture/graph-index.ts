import type { Entity, Graph, Relation, Source } from './model.ts'
import { createNameIndex, type NameIndex } from './name-index.ts'

/** A graph made ready for questions, once per revision. Entities are known by their position: their ordinal. */
export interface GraphIndex {
  revision: number
  sources: readonly Source[]
  /** In the order of references; positions are ordinals. */
  entities: readonly Entity[]
  relations: readonly Relation[]
  ordinals: ReadonlyMap<string, number>
  /** From dependents to what they use. */
  outgoing: Adjacency
  /** From what is used to its dependents. */
  incoming: Adjacency
  /** By ordinal: 0 for what most depend on, then by reference. The order in which answers are cut. */
  ranks: Uint32Array
  names: NameIndex
}

/**
 * Compressed sparse rows: the neighbours of ordinal `i` stand at `offsets[i]` up to `offsets[i + 1]`, sorted.
 * Ten times smaller and faster to walk than a map of lists.
 */
export interface Adjacency {
  offsets: Uint32Array
  neighbours: Uint32Array
  /** Position in `relations`, beside each neighbour. */
  relations: Uint32Array
}

/** Upstream are dependents, downstream is what an entity depends on. */
export type Direction = 'upstream' | 'downstream'

/** Builds the index. Relations with an end nobody describes do not occur: importers describe both. */
export function createGraphIndex(graph: Graph): GraphIndex {
  const ordinals = new Map(graph.entities.map(({ ref }, ordinal) => [ref, ordinal]))
  const ends = graph.relations.map(
    ({ from, to }) => [ordinals.get(from) ?? 0, ordinals.get(to) ?? 0] as const,
  )
  const size = graph.entities.length
  const incoming = adjacencyOf(
    size,
    ends.map(([from, to]) => [to, from] as const),
  )
  return {
    revision: graph.revision,
    sources: graph.sources,
    entities: graph.entities,
    relations: graph.relations,
    ordinals,
    outgoing: adjacencyOf(size, ends),
    incoming,
    ranks: ranksOf(incoming),
    names: createNameIndex(graph.entities),
  }
}

/** Counting sort of the edges by where they start. */
function adjacencyOf(size: number, edges: readonly (readonly [number, number])[]): Adjacency {
  const offsets = new Uint32Array(size + 1)
  for (const [from] of edges) offsets[from + 1] = (offsets[from + 1] ?? 0) + 1
  for (let ordinal = 0; ordinal < size; ordinal += 1) {
    offsets[ordinal + 1] = (offsets[ordinal + 1] ?? 0) + (offsets[ordinal] ?? 0)
  }
  const next = offsets.slice()
  const neighbours = new Uint32Array(edges.length)
  const relations = new Uint32Array(edges.length)
  const inOrder = edges
    .map((edge, relation) => ({ edge, relation }))
    .toSorted((a, b) => a.edge[1] - b.edge[1])
  for (const { edge, relation } of inOrder) {
    const position = next[edge[0]] ?? 0
    neighbours[position] = edge[1]
    relations[position] = relation
    next[edge[0]] = position + 1
  }
  return { offsets, neighbours, relations }
}

/** Visits the steps from an entity in one direction, in the order of neighbours. */
export function forEachStep(
  index: GraphIndex,
  ordinal: number,
  direction: Direction,
  visit: (neighbour: number, relation: Relation) => void,
): void {
  const { offsets, neighbours, relations } = direction === 'downstream' ? index.outgoing : index.incoming
  const end = offsets[ordinal + 1] ?? 0
  for (let position = offsets[ordinal] ?? 0; position < end; position += 1) {
    const relation = index.relations[relations[position] ?? 0]
    if (relation !== undefined) visit(neighbours[position] ?? 0, relation)
  }
}

/** How many relations lead to an entity, or away from it. */
export function degreeOf(index: GraphIndex, ordinal: number, direction: Direction): number {
  const { offsets } = direction === 'downstream' ? index.outgoing : index.incoming
  return (offsets[ordinal + 1] ?? 0) - (offsets[ordinal] ?? 0)
}

/** @throws {RangeError} for an ordinal that is none: a defect of the caller. */
export function entityAt(index: GraphIndex, ordinal: number): Entity {
  const entity = index.entities[ordinal]
  if (entity === undefined) throw new RangeError(`no entity ${ordinal}`)
  return entity
}

/** Compares ordinals by rank. */
export function byRank({ ranks }: GraphIndex): (a: number, b: number) => number {
  return (a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0)
}

function ranksOf({ offsets }: Adjacency): Uint32Array {
  const dependents = (ordinal: number) => (offsets[ordinal + 1] ?? 0) - (offsets[ordinal] ?? 0)
  const ordered = Array.from({ length: offsets.length - 1 }, (_, ordinal) => ordinal)
  ordered.sort((a, b) => dependents(b) - dependents(a) || a - b)
  const ranks = new Uint32Array(ordered.length)
  ordered.forEach((ordinal, rank) => {
    ranks[ordinal] = rank
  })
  return ranks
}
