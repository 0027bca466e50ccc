import { digraphOf, type Digraph } from './digraph.ts'
import type { GraphIndex } from './graph-index.ts'
import { isDependency, relationTypes, type RelationType } from './model.ts'

/** Which relations a question follows. Without any choice: all dependencies. */
export interface RelationFilter {
  /** Only these types; the only way to follow relations that are no dependencies, such as ownership. */
  relations?: readonly RelationType[] | undefined
  /** 0 to 1. */
  minConfidence?: number | undefined
  /** False leaves out relations for which nothing but weaker signs speak. */
  includeInferred?: boolean | undefined
}

/** 1 by the position of a type where it is wanted. */
function markOf(isWanted: (type: RelationType) => boolean): Uint8Array {
  return Uint8Array.from(relationTypes, (type) => Number(isWanted(type)))
}

const areDependencies = markOf(isDependency)

/** @returns whether the relation at a position of `index.relations` is followed */
export function createRelationFilter(
  index: GraphIndex,
  { relations, minConfidence = 0, includeInferred = true }: RelationFilter,
): (relation: number) => boolean {
  const { confidences, inferred, types } = index.relationTraits
  const isWanted = relations === undefined ? areDependencies : markOf((type) => relations.includes(type))
  return (relation) =>
    isWanted[types[relation] ?? 0] === 1 &&
    (includeInferred || inferred[relation] !== 1) &&
    (minConfidence <= 0 || (confidences[relation] ?? 0) >= minConfidence)
}

/** The graph of the relations that are followed, for algorithms. */
export function followedGraph(index: GraphIndex, filter: RelationFilter): Digraph {
  const { relations, minConfidence = 0, includeInferred = true } = filter
  const isEverything = relations === undefined && minConfidence <= 0 && includeInferred
  return isEverything ? index.dependencies : digraphOf(index.outgoing, createRelationFilter(index, filter))
}
