import { createGraphIndex, type GraphIndex } from '../../src/architecture/graph-index.ts'
import type { Entity, EvidenceBasis, Relation, RelationType } from '../../src/architecture/model.ts'
import { entity, graph, relation } from './random-graphs.ts'

/**
 * A small graph in words: `web calls shop`, followed by `inferred` or `observed` where it is not declared. Whatever has
 * no kind among the details is a service of the namespace `shop`.
 */
export function indexOf(details: Record<string, Partial<Entity>>, lines: string[]): GraphIndex {
  const edges = lines.map((line) => line.split(' ') as [string, RelationType, string, EvidenceBasis?])
  const names = [...new Set([...Object.keys(details), ...edges.flatMap(([from, , to]) => [from, to])])]
  const entities = names.map((name) => entity(name, details[name]))
  const refs = new Map(entities.map(({ name, ref }) => [name, ref]))
  const relations = edges.map(([from, type, to, basis = 'declared']): Relation => {
    const related = relation(refs.get(from) ?? '', refs.get(to) ?? '', type)
    return { ...related, evidence: related.evidence.map((each) => ({ ...each, basis })) }
  })
  return createGraphIndex(graph(entities, relations))
}

/** @returns the ordinal of the entity of a name */
export function ordinalOf({ entities }: GraphIndex, name: string): number {
  return entities.findIndex((each) => each.name === name)
}

/** @returns names of ordinals, in alphabetical order */
export function namesOf({ entities }: GraphIndex, ordinals: readonly number[]): string[] {
  return ordinals.map((each) => entities[each]?.name ?? '').toSorted()
}
