import { createGraphIndex, type GraphIndex } from './graph-index.ts'
import type { Graph } from './model.ts'

/** The index of some entities and the relations between them. */
export function restrictToOrdinals({ graph }: { graph: Graph }, ordinals: ReadonlySet<number>): GraphIndex {
  const entities = graph.entities.filter((_, ordinal) => ordinals.has(ordinal))
  const refs = new Set(entities.map(({ ref }) => ref))
  const relations = graph.relations.filter(({ from, to }) => refs.has(from) && refs.has(to))
  return createGraphIndex({ ...graph, entities, relations })
}
