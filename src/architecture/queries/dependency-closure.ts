import type { Direction, GraphIndex } from '../graph-index.ts'
import { followedGraph, type RelationFilter } from '../relation-filter.ts'

/** How far to follow dependencies, which, and in which direction. */
export interface ClosureQuestion extends RelationFilter {
  direction: Direction
  /** Without it: to the end. */
  depth?: number | undefined
}

/** Everything reached from some entities, with its distance. */
export interface Closure {
  /** By ordinal: steps from the nearest start; 0 for starts, -1 for what is not reached. */
  levels: Int32Array
  /** Ordinals by level, then in the order of references; without the starts. */
  reached: Uint32Array
  /** How many entities first appear at each level; the first number is level 1. */
  counts: number[]
}

/** Everything that depends on some entities, or that they depend on: breadth-first. */
export function findClosure(
  index: GraphIndex,
  starts: readonly number[],
  { direction, depth = Infinity, ...filter }: ClosureQuestion,
): Closure {
  const { size, successors, predecessors } = followedGraph(index, filter)
  const { offsets, neighbours } = direction === 'downstream' ? successors : predecessors
  const levels = new Int32Array(size).fill(-1)
  for (const start of starts) levels[start] = 0
  const reached = new Uint32Array(size)
  const counts: number[] = []
  let frontier = Uint32Array.from(new Set(starts))
  let end = 0
  for (let level = 1; level <= depth && frontier.length > 0; level += 1) {
    const begin = end
    for (const ordinal of frontier) {
      const last = offsets[ordinal + 1] ?? 0
      for (let position = offsets[ordinal] ?? 0; position < last; position += 1) {
        const neighbour = neighbours[position] ?? 0
        if (levels[neighbour] !== -1) continue
        levels[neighbour] = level
        reached[end] = neighbour
        end += 1
      }
    }
    frontier = reached.subarray(begin, end).toSorted()
    reached.set(frontier, begin)
    if (end > begin) counts.push(end - begin)
  }
  return { levels, reached: reached.slice(0, end), counts }
}
