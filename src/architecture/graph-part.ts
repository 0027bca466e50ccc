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
  const inside = new Set<number>()
  for (const ordinal of ordinals) {
    const end = index.outgoing.offsets[ordinal + 1] ?? 0
    for (let position = index.outgoing.offsets[ordinal] ?? 0; position < end; position += 1)
      if (ordinals.has(index.outgoing.neighbours[position] ?? -1))
        inside.add(index.outgoing.relations[position] ?? -1)
  }
  const relations = graph.relations.filter((_, position) => inside.has(position))
  return createGraphIndex({ ...graph, entities, relations }, index.names)
}
