import { createGraphIndex, type GraphIndex } from './graph-index.ts'
import type { Graph } from './model.ts'

/**
 * The index of some entities and the relations between them, by other ordinals than those of the whole. Names are those
 * of the whole graph, so that a name counts as ambiguous that is.
 */
export function restrictToOrdinals(
  { graph, index }: { graph: Graph; index: GraphIndex },
  ordinals: ReadonlySet<number>,
): GraphIndex {
  if (ordinals.size === graph.entities.length) return index
  const entities = graph.entities.filter((_, ordinal) => ordinals.has(ordinal))
  const refs = new Set(entities.map(({ ref }) => ref))
  const relations = graph.relations.filter(({ from, to }) => refs.has(from) && refs.has(to))
  return createGraphIndex({ ...graph, entities, relations }, index.names)
}
