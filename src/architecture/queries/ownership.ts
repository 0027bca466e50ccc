import type { GraphIndex } from '../graph-index.ts'
import { relationTypes } from '../model.ts'

const ownership = relationTypes.indexOf('owned_by')

/** Something owned together with what it owns. */
export interface Ownership {
  /** Reference of a team or person. */
  owner: string
  /** Ordinals, in the order they were given. */
  owned: number[]
}

/** References of the teams and people an entity belongs to, in their order. */
export function ownersOf({ outgoing, relations, relationTraits }: GraphIndex, ordinal: number): string[] {
  const owners: string[] = []
  const end = outgoing.offsets[ordinal + 1] ?? 0
  for (let position = outgoing.offsets[ordinal] ?? 0; position < end; position += 1) {
    const relation = outgoing.relations[position] ?? 0
    if (relationTraits.types[relation] === ownership) owners.push(relations[relation]?.to ?? '')
  }
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
