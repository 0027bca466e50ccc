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
  const { words } = index.names
  const [stem = '', otherStem] = [words[first], words[second]].map(stemOf)
  return stem !== '' && stem === otherStem
}

/** Words that tell copies apart, such as those of `orders-db-primary` and `orders-db-replica-2`. */
const rolesOfCopies = new Set(
  'primary replica secondary standby leader follower master slave read reader write writer ro rw backup fallback mirror blue green canary a b'.split(
    ' ',
  ),
)

function stemOf(words: readonly string[] = []): string {
  const telling = words.filter((word) => !/^v?\d+$/.test(word) && !rolesOfCopies.has(word))
  return telling.map((word) => word.replace(/\d+$/, '')).join('-')
}
