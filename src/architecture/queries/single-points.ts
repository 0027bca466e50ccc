import { neighboursOf } from '../digraph.ts'
import { entityAt, type GraphIndex } from '../graph-index.ts'
import { entityKinds } from '../model.ts'
import { runAtOnce, type Steps } from '../slices.ts'
import { countDominated, findDominators } from './dominators.ts'
import { findRoots, isEntryPoint } from './entry-points.ts'

/** Signs that much stands or falls with one entity, by ordinal. Each is told apart: they mean different things. */
export interface SinglePointSignals {
  /** How many others are reached from entry points only by passing this one: its dominator subtree. */
  dominated: Uint32Array
  /** For how many dependents this is the only provider of its kind. */
  soleProviderFor: Uint32Array
}

/** How one entity is a single point of failure. */
export interface SinglePoint {
  ordinal: number
  dominated: number
  soleProviderFor: number
  /** Known to run as one instance. */
  isSingleInstance: boolean
  /** An entry point naturally stands before everything that is reached through it. */
  isEntryPoint: boolean
}

/**
 * Signals of single points of failure along dependencies. Points of articulation would mislead: they ignore direction.
 */
export function* singlePointSteps(index: GraphIndex): Steps<SinglePointSignals> {
  const roots = findRoots(index)
  yield
  const tree = findDominators(index.dependencies, roots)
  yield
  return { dominated: countDominated(tree), soleProviderFor: countSoleProvisions(index) }
}

/** The signals of one entity together. */
export function describeSinglePoint(
  index: GraphIndex,
  signals: SinglePointSignals,
  ordinal: number,
): SinglePoint {
  return {
    ordinal,
    dominated: signals.dominated[ordinal] ?? 0,
    soleProviderFor: signals.soleProviderFor[ordinal] ?? 0,
    isSingleInstance: entityAt(index, ordinal).attributes.replicas === 1,
    isEntryPoint: isEntryPoint(index, ordinal),
  }
}

/** Everything that others are reached only through, those that dominate most first; entry points last. */
export function findSinglePoints(
  index: GraphIndex,
  signals = runAtOnce(singlePointSteps(index)),
): SinglePoint[] {
  return Array.from(index.entities.keys())
    .filter((ordinal) => (signals.dominated[ordinal] ?? 0) > 0)
    .map((ordinal) => describeSinglePoint(index, signals, ordinal))
    .toSorted(
      (a, b) =>
        Number(a.isEntryPoint) - Number(b.isEntryPoint) ||
        b.dominated - a.dominated ||
        b.soleProviderFor - a.soleProviderFor ||
        a.ordinal - b.ordinal,
    )
}

function countSoleProvisions({ entities, dependencies, kinds }: GraphIndex): Uint32Array {
  const counts = new Uint32Array(entities.length)
  /** By kind: how many providers of it the entity at hand has. */
  const ofKind = new Uint32Array(entityKinds.length)
  for (let ordinal = 0; ordinal < entities.length; ordinal += 1) {
    const providers = neighboursOf(dependencies.successors, ordinal)
    ofKind.fill(0)
    for (const provider of providers) {
      const kind = kinds[provider] ?? 0
      ofKind[kind] = (ofKind[kind] ?? 0) + 1
    }
    for (const provider of providers)
      if (ofKind[kinds[provider] ?? 0] === 1) counts[provider] = (counts[provider] ?? 0) + 1
  }
  return counts
}
