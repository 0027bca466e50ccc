import { byRank, type Direction, type GraphIndex } from '../graph-index.ts'
import type { RelationFilter } from '../relation-filter.ts'
import { findClosure } from './dependency-closure.ts'

/** Whose dependencies to compare. */
export interface ComparisonQuestion extends RelationFilter {
  /** Ordinals, two to five. */
  compared: readonly number[]
  direction: Direction
  /** 1 compares direct dependencies alone; without it, everything reached. */
  depth?: number | undefined
}

/** What is common and what is not; everything most depended on first. */
export interface Comparison {
  /** Ordinals that all of them depend on, or that depend on all of them. */
  shared: number[]
  /** Ordinals that several share, but not all. */
  partly: { ordinal: number; sharedBy: number[] }[]
  /** For each of the compared, in their order: ordinals that no other one has. */
  only: number[][]
}

/** Compares what two to five entities depend on, or what depends on them. */
export function compareDependencies(
  index: GraphIndex,
  { compared, ...question }: ComparisonQuestion,
): Comparison {
  const sharers = new Map<number, number[]>()
  for (const ordinal of compared) {
    for (const reached of findClosure(index, [ordinal], question).reached) {
      const known = sharers.get(reached)
      if (known === undefined) sharers.set(reached, [ordinal])
      else known.push(ordinal)
    }
  }
  const rank = byRank(index)
  const ordered = [...sharers].toSorted(([a], [b]) => rank(a, b))
  const having = (isWanted: (sharedBy: readonly number[]) => boolean) =>
    ordered.filter(([, sharedBy]) => isWanted(sharedBy)).map(([ordinal]) => ordinal)
  return {
    shared: having((sharedBy) => sharedBy.length === compared.length),
    partly: ordered
      .filter(([, sharedBy]) => sharedBy.length > 1 && sharedBy.length < compared.length)
      .map(([ordinal, sharedBy]) => ({ ordinal, sharedBy })),
    only: compared.map((each) => having((sharedBy) => sharedBy.length === 1 && sharedBy[0] === each)),
  }
}
