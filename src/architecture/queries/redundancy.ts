import { neighboursOf } from '../digraph.ts'
import { entityAt, type GraphIndex } from '../graph-index.ts'
import type { Entity } from '../model.ts'

/** What could stand in for one provider of an entity. */
export interface Provision {
  /** The entity depends on nothing else of the provider's kind. */
  isOnlyOfKind: boolean
  /** Ordinals of other providers of the entity that seem to be copies of this one. */
  alternatives: number[]
}

/** Tells of two entities whether one seems to be a copy of the other. */
export type CopyTest = (first: number, second: number) => boolean

/** What else an entity has in the place of a provider. */
export function findProvision(
  { entities, dependencies }: GraphIndex,
  { dependent, provider, areCopies }: { dependent: number; provider: number; areCopies: CopyTest },
): Provision {
  const kind = entities[provider]?.kind
  const alternatives: number[] = []
  let isOnlyOfKind = true
  for (const other of neighboursOf(dependencies.successors, dependent)) {
    if (other === provider || entities[other]?.kind !== kind) continue
    isOnlyOfKind = false
    if (areCopies(provider, other)) alternatives.push(other)
  }
  return { isOnlyOfKind, alternatives }
}

/** Words that tell copies apart, such as those of `orders-db-primary` and `orders-db-replica-2`. */
const rolesOfCopies = new Set(
  'primary replica secondary standby leader follower master slave read reader write writer ro rw backup fallback mirror blue green canary a b'.split(
    ' ',
  ),
)

/**
 * Copies are of one kind, of one technology as far as it is known, and are named alike but for numbers and the usual
 * words for roles. Two services that a third one calls are no copies: it needs both.
 */
export function createCopyTest(index: GraphIndex): CopyTest {
  const stems: (string | undefined)[] = []
  const stemAt = (ordinal: number) => (stems[ordinal] ??= stemOf(entityAt(index, ordinal)))
  return (first, second) => {
    const [a, b] = [entityAt(index, first), entityAt(index, second)]
    const [technology, other] = [a.attributes.technology, b.attributes.technology]
    if (a.kind !== b.kind || (technology ?? other) !== (other ?? technology)) return false
    return stemAt(first) !== '' && stemAt(first) === stemAt(second)
  }
}

function stemOf({ name }: Entity): string {
  const words = name.toLowerCase().split(/[^a-z0-9]+|(?<=[a-z])(?=\d)/)
  return words.filter((word) => !/^v?\d+$/.test(word) && word !== 'v' && !rolesOfCopies.has(word)).join('-')
}
