import { forEachStep, type GraphIndex } from '../graph-index.ts'

/** Something owned together with what it owns. */
export interface Ownership {
  /** Reference of a team or person. */
  owner: string
  /** Ordinals, in the order they were given. */
  owned: number[]
}

/** References of the teams and people an entity belongs to, in their order. */
export function ownersOf(index: GraphIndex, ordinal: number): string[] {
  const owners: string[] = []
  forEachStep(index, ordinal, 'downstream', (_, { type, to }) => {
    if (type === 'owned_by') owners.push(to)
  })
  return owners
}

/** Groups entities by their owners, those who own most first. */
export function groupByOwner(index: GraphIndex, ordinals: Iterable<number>): Ownership[] {
  const groups = new Map<string, number[]>()
  for (const ordinal of ordinals) {
    for (const owner of ownersOf(index, ordinal)) {
      const owned = groups.get(owner)
      if (owned === undefined) groups.set(owner, [ordinal])
      else owned.push(ordinal)
    }
  }
  return [...groups]
    .map(([owner, owned]) => ({ owner, owned }))
    .toSorted((a, b) => b.owned.length - a.owned.length || (a.owner < b.owner ? -1 : 1))
}
