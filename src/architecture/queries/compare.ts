import type { Direction, GraphIndex } from '../graph-index.ts'
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
  /** By ordinal: a bit for each of the compared that reaches it. */
  const reachedBy = new Uint8Array(index.entities.length)
  compared.forEach((ordinal, at) => {
    for (const reached of findClosure(index, [ordinal], question).reached)
      reachedBy[reached] = (reachedBy[reached] ?? 0) | (1 << at)
  })
  const all = 2 ** compared.length - 1
  const result: Comparison = { shared: [], partly: [], only: compared.map(() => []) }
  for (const ordinal of index.ranking) {
    const bits = reachedBy[ordinal] ?? 0
    if (bits === 0) continue
    const isShared = (bits & (bits - 1)) !== 0
    if (bits === all) result.shared.push(ordinal)
    else if (isShared)
      result.partly.push({ ordinal, sharedBy: compared.filter((_, at) => (bits & (1 << at)) !== 0) })
    else result.only[31 - Math.clz32(bits)]?.push(ordinal)
  }
  return result
}
