import { byRank, entityAt, forEachStep, type Direction, type GraphIndex } from '../graph-index.ts'
import type { Entity, Relation } from '../model.ts'

/** An entity with what it touches. */
export interface EntityDescription {
  entity: Entity
  /** What it depends on. */
  outgoing: DescribedRelation[]
  /** What depends on it. */
  incoming: DescribedRelation[]
}

/** A relation seen from one of its ends. */
export interface DescribedRelation {
  relation: Relation
  /** The other end. */
  other: Entity
}

/** An entity's card: its relations in both directions with their evidence, most depended on first. */
export function describeEntity(index: GraphIndex, ordinal: number): EntityDescription {
  return {
    entity: entityAt(index, ordinal),
    outgoing: describeRelations(index, ordinal, 'downstream'),
    incoming: describeRelations(index, ordinal, 'upstream'),
  }
}

function describeRelations(index: GraphIndex, ordinal: number, direction: Direction): DescribedRelation[] {
  const steps: { neighbour: number; relation: Relation }[] = []
  forEachStep(index, ordinal, direction, (neighbour, relation) => steps.push({ neighbour, relation }))
  const rank = byRank(index)
  return steps
    .toSorted((a, b) => rank(a.neighbour, b.neighbour))
    .map(({ neighbour, relation }) => ({ relation, other: entityAt(index, neighbour) }))
}
