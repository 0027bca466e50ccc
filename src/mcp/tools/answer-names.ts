import { entityAt, type GraphIndex } from '../../architecture/graph-index.ts'
import {
  entityKinds,
  relationTypes,
  type Entity,
  type EntityKind,
  type Relation,
} from '../../architecture/model.ts'
import { isInferred } from '../../architecture/evidence.ts'
import { z } from 'zod'

/** The input that names an entity. */
export const entityReference = z.string().min(1).max(600)

/** The input that limits kinds; each tool says what for. */
export const kindsInput = z.array(z.enum(entityKinds)).min(1).optional()
/** The input that limits which relations are followed. */
export const relationsInput = z
  .array(z.enum(relationTypes))
  .min(1)
  .optional()
  .describe('Only follow relations of these types; all by default')

/** `{from: {relation: [to]}}`: a tenth of the tokens that a list of edges takes. */
export type GroupedRelations = Record<string, Record<string, string[]>>

/** The name where it is unambiguous, else the reference; `?` marks what nobody describes. */
export function presentName(index: GraphIndex, entity: Entity): string {
  const isUnique = index.names.byName.get(entity.name.toLowerCase())?.length === 1
  return (isUnique ? entity.name : entity.ref) + (entity.kind === 'unresolved' ? '?' : '')
}

/** @returns the name of an end of a relation. */
export function presentEnd(index: GraphIndex, ref: string): string {
  return presentName(index, entityAt(index, index.ordinals.get(ref) ?? -1))
}

/** References of the entities at both ends, which may repeat. */
export function endsOf(relations: readonly Relation[]): string[] {
  return relations.flatMap(({ from, to }) => [from, to])
}

/** Groups relations; `~` marks those for which only weaker signs speak. */
export function groupRelations(index: GraphIndex, relations: readonly Relation[]): GroupedRelations {
  const grouped: GroupedRelations = {}
  for (const relation of relations) {
    const ofEntity = (grouped[presentEnd(index, relation.from)] ??= {})
    const ofType = (ofEntity[relation.type] ??= [])
    ofType.push((isInferred(relation) ? '~' : '') + presentEnd(index, relation.to))
  }
  return grouped
}

/** What the marks mean, as far as they occur; and of what kind entities are that are no services. */
export function presentLegend(index: GraphIndex, relations: readonly Relation[]): Record<string, unknown> {
  const refs = [...new Set(endsOf(relations))]
  const entities = refs.map((ref) => entityAt(index, index.ordinals.get(ref) ?? -1))
  const kinds: Partial<Record<EntityKind, string[]>> = {}
  for (const entity of entities) {
    if (entity.kind === 'service' || entity.kind === 'unresolved') continue
    kinds[entity.kind] = [...(kinds[entity.kind] ?? []), presentName(index, entity)]
  }
  const marks = [
    ...(entities.some(({ kind }) => kind === 'unresolved')
      ? ['? is an address that no source describes']
      : []),
    ...(relations.some(isInferred) ? ['~ is inferred from a weaker sign'] : []),
  ]
  return {
    kinds: Object.keys(kinds).length === 0 ? undefined : kinds,
    marks: marks.length === 0 ? undefined : marks,
  }
}
