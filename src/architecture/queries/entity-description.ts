import { byRank, entityAt, stepsFrom, type Direction, type GraphIndex } from '../graph-index.ts'
import type { Entity, Relation } from '../model.ts'

/** An entity with what it touches. */
export interface EntityDescription {
  entity: Entity
  /** What it depends on. */
  outgoing: DescribedRelation[]
  /** What depends on it. */
  incoming: DescribedRelation[]
}

export interface DescribedRelation {
  relation: Relation
  /** The other end. */
  other: Entity
}

/** An entity's card: its relations in both directions with their evidence, most depended on first. */
export function describeEntity(index: GraphIndex, ordinal: number): EntityDescription {
  const described = (direction: Direction) =>
    [...stepsFrom(index, ordinal, direction)]
      .toSorted((a, b) => byRank(index)(a.neighbour, b.neighbour))
      .map(({ neighbour, relation }) => ({ relation, other: entityAt(index, neighbour) }))
  return {
    entity: entityAt(index, ordinal),
    outgoing: described('downstream'),
    incoming: described('upstream'),
  }
}

/** Whether nothing but weaker signs speak for a relation. */
export function isInferred(relation: Relation): boolean {
  return relation.evidence.every(({ basis }) => basis === 'inferred')
}
