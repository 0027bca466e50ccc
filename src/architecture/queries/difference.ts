import type { Entity, Graph, Relation } from '../model.ts'

/** What changed from one graph to another. Times of evidence alone are no change. */
export interface GraphDifference {
  entities: { added: string[]; removed: string[]; changed: ChangedEntity[] }
  relations: { added: RelationKey[]; removed: RelationKey[]; changed: ChangedRelation[] }
}

/** An entity that is in both graphs and is not described alike. */
export interface ChangedEntity {
  ref: string
  /** Names of the fields and attributes that differ. */
  fields: string[]
}

/** Between a graph and itself. */
export const noDifference: GraphDifference = {
  entities: { added: [], removed: [], changed: [] },
  relations: { added: [], removed: [], changed: [] },
}

/** Names a relation. */
export type RelationKey = Pick<Relation, 'from' | 'to' | 'type'>

/** A relation for which other evidence speaks than before. */
export interface ChangedRelation extends RelationKey {
  /** Such as `trace of otel`; of evidence that came or went. */
  gained: string[]
  lost: string[]
}

/** Compares two graphs; everything in the order of references. What is alike costs one look: nearly all is. */
export function findDifference(before: Graph, after: Graph): GraphDifference {
  const [formerEntities, entities] = [entitiesOf(before), entitiesOf(after)]
  const [formerRelations, relations] = [relationsOf(before), relationsOf(after)]
  return {
    entities: {
      added: without(entities, formerEntities).map(({ ref }) => ref),
      removed: without(formerEntities, entities).map(({ ref }) => ref),
      changed: changedIn(
        formerEntities,
        entities,
        (former, entity) => JSON.stringify(former) !== JSON.stringify(entity),
      ).flatMap(([former, entity]) => {
        const fields = changedFields(former, entity)
        return fields.length === 0 ? [] : [{ ref: entity.ref, fields }]
      }),
    },
    relations: {
      added: without(relations, formerRelations).map(keyOf),
      removed: without(formerRelations, relations).map(keyOf),
      changed: changedIn(
        formerRelations,
        relations,
        (former, relation) => !isSaidAlike(former, relation),
      ).flatMap(([former, relation]) => {
        const [spoke, speaks] = [voicesOf(former), voicesOf(relation)]
        const gained = [...speaks].filter((voice) => !spoke.has(voice))
        const lost = [...spoke].filter((voice) => !speaks.has(voice))
        return gained.length + lost.length === 0 ? [] : [{ ...keyOf(relation), gained, lost }]
      }),
    },
  }
}

/** Whether two graphs are alike. */
export function isEmptyDifference({ entities, relations }: GraphDifference): boolean {
  return [entities, relations].every(
    ({ added, removed, changed }) => added.length + removed.length + changed.length === 0,
  )
}

function entitiesOf(graph: Graph): Map<string, Entity> {
  return new Map(graph.entities.map((entity) => [entity.ref, entity]))
}

function relationsOf(graph: Graph): Map<string, Relation> {
  return new Map(
    graph.relations.map((relation) => [`${relation.from}\n${relation.to}\n${relation.type}`, relation]),
  )
}

function keyOf({ from, to, type }: Relation): RelationKey {
  return { from, to, type }
}

function without<T>(items: ReadonlyMap<string, T>, others: ReadonlyMap<string, T>): T[] {
  const missing: [string, T][] = []
  for (const [key, item] of items) if (!others.has(key)) missing.push([key, item])
  return inOrder(missing)
}

/** What is in both, and told to be different. */
function changedIn<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  differs: (former: T, item: T) => boolean,
): [T, T][] {
  const changed: [string, [T, T]][] = []
  for (const [key, item] of after) {
    const former = before.get(key)
    if (former !== undefined && former !== item && differs(former, item)) changed.push([key, [former, item]])
  }
  return inOrder(changed)
}

function inOrder<T>(items: [string, T][]): T[] {
  return items.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
}

function changedFields(before: Entity, after: Entity): string[] {
  const [former, now] = [fieldsOf(before), fieldsOf(after)]
  return [...new Set([...Object.keys(former), ...Object.keys(now)])]
    .filter((field) => JSON.stringify(former[field]) !== JSON.stringify(now[field]))
    .toSorted()
}

/** Whether the same sources speak in the same ways in the same order, as they nearly always do. */
function isSaidAlike({ evidence: before }: Relation, { evidence: after }: Relation): boolean {
  return (
    before.length === after.length &&
    before.every(({ method, source }, at) => after[at]?.method === method && after[at]?.source === source)
  )
}

function fieldsOf({ attributes, ref: _ref, ...entity }: Entity): Record<string, unknown> {
  return { ...entity, ...attributes }
}

function voicesOf({ evidence }: Relation): Set<string> {
  return new Set(evidence.map(({ method, source }) => `${method} of ${source}`).toSorted())
}
