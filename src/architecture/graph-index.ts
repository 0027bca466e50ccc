import { adjacencyOf, countNeighbours, digraphOf, type Adjacency, type Digraph } from './digraph.ts'
import { confidenceOf, standingOf, standings } from './evidence.ts'
import {
  entityKinds,
  isDependency,
  relationTypes,
  type Entity,
  type Graph,
  type Relation,
  type Source,
} from './model.ts'
import { createNameIndex, type NameIndex } from './name-index.ts'

/** A graph made ready for questions, once per revision. Entities are known by their position: their ordinal. */
export interface GraphIndex {
  revision: number
  sources: readonly Source[]
  /** In the order of references; positions are ordinals. */
  entities: readonly Entity[]
  relations: readonly Relation[]
  ordinals: ReadonlyMap<string, number>
  /** From dependents to what they use, and from members to what they belong to. */
  outgoing: Adjacency
  /** From what is used to its dependents. */
  incoming: Adjacency
  /** Dependencies alone, from dependents to providers: what is walked unless a question says otherwise. */
  dependencies: Digraph
  relationTraits: RelationTraits
  /** By ordinal: the position of its kind among all kinds. */
  kinds: Uint8Array
  /** By ordinal: 0 for what most depend on, then by reference. The order in which answers are cut. */
  ranks: Uint32Array
  /** Ordinals by rank. */
  ranking: Uint32Array
  names: NameIndex
}

/** What filters ask of relations, by position in `relations`. */
export interface RelationTraits {
  /** The position of its type among all types. */
  types: Uint8Array
  /** 1 where the relation is a dependency. */
  dependencies: Uint8Array
  /** The position of its standing among all standings. */
  standings: Uint8Array
  /** 1 where nothing but weaker signs speak for the relation. */
  inferred: Uint8Array
  /** When the newest of its evidence was last seen. */
  lastSeen: Float64Array
  /** 0 to 1. */
  confidences: Float64Array
}

/** Upstream are dependents, downstream is what an entity depends on. */
export type Direction = 'upstream' | 'downstream'

/**
 * Builds the index. Relations with an end nobody describes do not occur: importers describe both.
 * @param names of another graph, for a part of it in which nothing is looked up by name
 */
export function createGraphIndex(graph: Graph, names = createNameIndex(graph.entities)): GraphIndex {
  const { entities, relations } = graph
  const ordinals = new Map(entities.map(({ ref }, ordinal) => [ref, ordinal]))
  const starts = new Uint32Array(relations.map(({ from }) => ordinals.get(from) ?? 0))
  const ends = new Uint32Array(relations.map(({ to }) => ordinals.get(to) ?? 0))
  const outgoing = adjacencyOf(entities.length, starts, ends)
  const relationTraits = traitsOf(relations)
  const dependencies = digraphOf(outgoing, (relation) => relationTraits.dependencies[relation] === 1)
  const ranking = rankingOf(dependencies)
  return {
    revision: graph.revision,
    sources: graph.sources,
    entities,
    relations,
    ordinals,
    outgoing,
    incoming: adjacencyOf(entities.length, ends, starts),
    dependencies,
    relationTraits,
    kinds: Uint8Array.from(entities, ({ kind }) => entityKinds.indexOf(kind)),
    ranks: inverseOf(ranking),
    ranking,
    names,
  }
}

/** Visits all relations of an entity in one direction, in the order of neighbours; `position` is that in `relations`. */
export function forEachStep(
  index: GraphIndex,
  ordinal: number,
  direction: Direction,
  visit: (neighbour: number, relation: Relation, position: number) => void,
): void {
  const { offsets, neighbours, relations } = direction === 'downstream' ? index.outgoing : index.incoming
  const end = offsets[ordinal + 1] ?? 0
  for (let position = offsets[ordinal] ?? 0; position < end; position += 1) {
    const place = relations[position] ?? 0
    const relation = index.relations[place]
    if (relation !== undefined) visit(neighbours[position] ?? 0, relation, place)
  }
}

/** The relations that lead directly from one entity to another. */
export function relationsBetween(index: GraphIndex, from: number, to: number): Relation[] {
  const found: Relation[] = []
  forEachStep(index, from, 'downstream', (neighbour, relation) => {
    if (neighbour === to) found.push(relation)
  })
  return found
}

/** How many entities depend on an entity, or it depends on: directly, each counted once. */
export function degreeOf({ dependencies }: GraphIndex, ordinal: number, direction: Direction): number {
  const { predecessors, successors } = dependencies
  return countNeighbours(direction === 'downstream' ? successors : predecessors, ordinal)
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

/** Filled in one pass: `from` of typed arrays takes ten times as long. */
function traitsOf(relations: readonly Relation[]): RelationTraits {
  const traits = {
    types: new Uint8Array(relations.length),
    dependencies: new Uint8Array(relations.length),
    standings: new Uint8Array(relations.length),
    inferred: new Uint8Array(relations.length),
    lastSeen: new Float64Array(relations.length),
    confidences: new Float64Array(relations.length),
  }
  const types = new Map(relationTypes.map((type, position) => [type, position]))
  relations.forEach((relation, position) => {
    traits.types[position] = types.get(relation.type) ?? 0
    traits.dependencies[position] = Number(isDependency(relation.type))
    const standing = standingOf(relation)
    traits.standings[position] = standings.indexOf(standing)
    traits.inferred[position] = Number(standing === 'inferred')
    traits.confidences[position] = confidenceOf(relation)
    let lastSeen = -Infinity
    for (const evidence of relation.evidence) lastSeen = Math.max(lastSeen, evidence.lastSeen)
    traits.lastSeen[position] = lastSeen
  })
  return traits
}

/** Most depended on first, then by reference: a sort of numbers that hold both. */
function rankingOf({ size, predecessors }: Digraph): Uint32Array {
  const keys = Float64Array.from(
    { length: size },
    (_, ordinal) => (size - countNeighbours(predecessors, ordinal)) * size + ordinal,
  )
  return Uint32Array.from(keys.toSorted(), (key) => key % size)
}

function inverseOf(ranking: Uint32Array): Uint32Array {
  const ranks = new Uint32Array(ranking.length)
  ranking.forEach((ordinal, rank) => {
    ranks[ordinal] = rank
  })
  return ranks
}
