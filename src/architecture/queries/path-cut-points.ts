import type { GraphIndex } from '../graph-index.ts'
import { findDominators, unreached } from './dominators.ts'
import { graphOfPaths, type PathQuestion } from './shortest-paths.ts'

/**
 * Entities that every path between two entities passes, however long it is: without any one of them there is no way.
 * @returns ordinals from start to end, without both; undefined where no path leads
 */
export function findCutPoints(
  index: GraphIndex,
  question: Omit<PathQuestion, 'count' | 'maxHops'>,
): number[] | undefined {
  const { from, to, avoid = [] } = question
  const { parents } = findDominators(graphOfPaths(index, question), [from], avoid)
  if (parents[to] === unreached) return undefined
  const points: number[] = []
  for (let at = parents[to] ?? from; at >= 0 && at !== from; at = parents[at] ?? from) points.unshift(at)
  return points
}
