import { neighboursOf } from '../digraph.ts'
import { entityAt, type GraphIndex } from '../graph-index.ts'

/** What could stand in for one provider of an entity. */
export interface Provision {
  /** The entity depends on nothing else of the provider's kind. */
  isOnlyOfKind: boolean
  /** Ordinals of other providers of the entity that seem to be copies of this one. */
  alternatives: number[]
}

/** What else an entity has in the place of a provider. */
export function findProvision(
  index: GraphIndex,
  { dependent, provider }: { dependent: number; provider: number },
): Provision {
  const { kinds, dependencies } = index
  const alternatives: number[] = []
  let isOnlyOfKind = true
  for (const other of neighboursOf(dependencies.successors, dependent)) {
    if (other === provider || kinds[other] !== kinds[provider]) continue
    isOnlyOfKind = false
    if (areCopies(index, provider, other)) alternatives.push(other)
  }
  return { isOnlyOfKind, alternatives }
}

/**
 * Copies are of one kind, of one technology as far as it is known, and are named alike but for numbers and the usual
 * words for roles. Two services that a third one calls are no copies: it needs both.
 */
export function areCopies(index: GraphIndex, first: number, second: number): boolean {
  const [a, b] = [entityAt(index, first), entityAt(index, second)]
  const [technology, other] = [a.attributes.technology, b.attributes.technology]
  if (a.kind !== b.kind || (technology ?? other) !== (other ?? technology)) return false
  const stem = index.names.stemAt(first)
  return stem !== '' && stem === index.names.stemAt(second)
}
