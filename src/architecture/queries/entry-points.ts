import { countNeighbours, neighboursOf } from '../digraph.ts'
import { entityAt, type GraphIndex } from '../graph-index.ts'
import { isUserFacing } from '../kind-groups.ts'
import { findStrongComponents } from './strong-components.ts'

/** Whether requests enter here: a user-facing kind, or something that uses others and that nothing uses. */
export function isEntryPoint(index: GraphIndex, ordinal: number): boolean {
  const { predecessors, successors } = index.dependencies
  if (isUserFacing(entityAt(index, ordinal).kind)) return true
  return countNeighbours(predecessors, ordinal) === 0 && countNeighbours(successors, ordinal) > 0
}

/** Ordinals of all entry points, in the order of references. */
export function findEntryPoints(index: GraphIndex): number[] {
  return Array.from(index.entities.keys()).filter((ordinal) => isEntryPoint(index, ordinal))
}

/**
 * Ordinals from which everything that depends on anything is reached: the entry points, and every member of a circle
 * that nothing outside of it uses, since requests may enter it anywhere.
 */
export function findRoots(index: GraphIndex): number[] {
  const { dependencies } = index
  const { numbers, count } = findStrongComponents(dependencies)
  const isUsed = new Uint8Array(count)
  numbers.forEach((number, ordinal) => {
    const isUsedByOthers = (user: number) => numbers[user] !== number
    if (neighboursOf(dependencies.predecessors, ordinal).some(isUsedByOthers)) isUsed[number] = 1
  })
  return Array.from(index.entities.keys()).filter(
    (ordinal) => isEntryPoint(index, ordinal) || isUsed[numbers[ordinal] ?? 0] !== 1,
  )
}
