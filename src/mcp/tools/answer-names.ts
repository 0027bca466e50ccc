import { z } from 'zod'
import { isInferred, isStale } from '../../architecture/evidence.ts'
import { entityAt, type GraphIndex } from '../../architecture/graph-index.ts'
import {
  entityKinds,
  relationTypes,
  type Entity,
  type EntityKind,
  type Relation,
} from '../../architecture/model.ts'

/** The input that names an entity. */
export const entityReference = z.string().min(1).max(600)

/** The input that limits kinds; each tool says what for. */
export const kindsInput = z.array(z.enum(entityKinds)).min(1).optional()
/** The inputs that limit which relations are followed. */
export const relationInputs = {
  relations: z
    .array(z.enum(relationTypes))
    .min(1)
    .optional()
    .describe('Only these relation types; by default all dependencies'),
  min_confidence: z.number().min(0).max(1).optional().describe('Leave out less certain relations'),
  include_inferred: z.boolean().default(true).describe('false leaves out relations only inferred'),
}

/** What names depend on. */
export interface Naming {
  index: GraphIndex
  /** The present of the graph: relations last seen too long before it are old. */
  seenAt: number
}

/** `{from: {relation: [to]}}`: a tenth of the tokens that a list of edges takes. */
export type GroupedRelations = Record<string, Record<string, string[]>>

/** The name where it is unambiguous, else the reference; `?` marks what nobody describes. */
export function presentName(index: GraphIndex, entity: Entity): string {
  const isUnique = index.names.byName.get(entity.name.toLowerCase())?.length === 1
  return (isUnique ? entity.name : entity.ref) + (entity.kind === 'unresolved' ? '?' : '')
}

/** @returns the names of entities, in their order. */
export function presentNames(index: GraphIndex, ordinals: Iterable<number>): string[] {
  return Array.from(ordinals, (ordinal) => presentName(index, entityAt(index, ordinal)))
}

/** @returns the name of an end of a relation. */
export function presentEnd(index: GraphIndex, ref: string): string {
  return presentName(index, entityAt(index, index.ordinals.get(ref) ?? -1))
}

/** References of the entities at both ends, which may repeat. */
export function endsOf(relations: readonly Relation[]): string[] {
  const ends: string[] = []
  for (const { from, to } of relations) ends.push(from, to)
  return ends
}

/** @returns references of entities. */
export function refsOf(index: GraphIndex, ordinals: Iterable<number>): string[] {
  return Array.from(ordinals, (ordinal) => entityAt(index, ordinal).ref)
}

/** Puts before and after what a relation concerns what is not plain about the relation. */
export function markRelation({ seenAt }: Naming, relation: Relation, text: string): string {
  return (isInferred(relation) ? '~' : '') + text + (isStale(relation, seenAt) ? ' (old)' : '')
}

/** Groups relations; `~` and `(old)` mark those that are not plain. */
export function groupRelations(naming: Naming, relations: readonly Relation[]): GroupedRelations {
  const grouped: GroupedRelations = {}
  for (const relation of relations) {
    const ofEntity = (grouped[presentEnd(naming.index, relation.from)] ??= {})
    const ofType = (ofEntity[relation.type] ??= [])
    ofType.push(markRelation(naming, relation, presentEnd(naming.index, relation.to)))
  }
  return grouped
}

/** What the marks mean, as far as they occur; and of what kind entities are that are no services. */
export function presentLegend(naming: Naming, relations: readonly Relation[]): Record<string, unknown> {
  const { index } = naming
  const refs = [...new Set(endsOf(relations))]
  const entities = refs.map((ref) => entityAt(index, index.ordinals.get(ref) ?? -1))
  const kinds: Partial<Record<EntityKind, string[]>> = {}
  for (const entity of entities) {
    if (entity.kind === 'service' || entity.kind === 'unresolved') continue
    const ofKind = (kinds[entity.kind] ??= [])
    ofKind.push(presentName(index, entity))
  }
  return {
    kinds: Object.keys(kinds).length === 0 ? undefined : kinds,
    marks: presentMarks(naming, relations, entities),
  }
}

/** What the marks mean that occur among these. */
export function presentMarks(
  { seenAt }: Naming,
  relations: readonly Relation[],
  entities: readonly Entity[],
): string[] | undefined {
  const marks = [
    ...(entities.some(({ kind }) => kind === 'unresolved')
      ? ['? is an address that no source describes']
      : []),
    ...(relations.some(isInferred) ? ['~ is inferred from a weaker sign'] : []),
    ...(relations.some((relation) => isStale(relation, seenAt)) ? ['(old) was not seen for 30 days'] : []),
  ]
  return marks.length === 0 ? undefined : marks
}
