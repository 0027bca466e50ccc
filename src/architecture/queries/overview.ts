import { degreeOf, entityAt, type GraphIndex } from '../graph-index.ts'
import { isGroup } from '../kind-groups.ts'
import { standings, type Standing } from '../evidence.ts'
import { entityKinds, relationTypes, type EntityKind, type RelationType } from '../model.ts'
import { findEntryPoints } from './entry-points.ts'
import { isOwnable } from './knowledge-issues.ts'
import { groupByOwner, ownersOf } from './ownership.ts'

/** An architecture at a glance. */
export interface Overview {
  /** Entities of each kind, the most frequent first. */
  kinds: Partial<Record<EntityKind, number>>
  /** Relations of each type, the most frequent first. */
  relations: Partial<Record<RelationType, number>>
  /** Entities in each environment; those of none in particular are not counted. */
  environments: Record<string, number>
  /** Owners with how many entities are theirs, most first. */
  teams: { owner: string; owned: number }[]
  /** Ordinals, those that use most first. */
  entryPoints: number[]
  /** Ordinals of what most others depend on, with how many do directly; at most {@link mostDependedOnListed}. */
  mostDependedOn: { ordinal: number; dependents: number }[]
  gaps: CoverageGap[]
}

/**
 * Something that is not known of a part of what is there. `not_observed` are dependencies without traffic, `not_declared`
 * those without a word of whoever runs them, `inferred_only` those with neither.
 */
export interface CoverageGap {
  gap: 'no_owner' | 'not_observed' | 'not_declared' | 'inferred_only' | 'unresolved' | 'unconnected'
  count: number
  /** Of how many it could be known. */
  of: number
  /** Ordinals of entities that lack it, most depended on first; at most three; none for relations. */
  examples: number[]
}

/** So many are listed that most depend on. */
export const mostDependedOnListed = 10
const maxExamples = 3

/** Counts, ways in, what most depend on, and what sources leave open. */
export function describeOverview(index: GraphIndex): Overview {
  const byImportance = Array.from(index.ranking)
  const environments = new Map<string, number>()
  for (const { environment } of index.entities)
    if (environment !== undefined) environments.set(environment, (environments.get(environment) ?? 0) + 1)
  return {
    kinds: inOrderOfCount(countPositions(entityKinds, index.kinds)),
    relations: inOrderOfCount(countPositions(relationTypes, index.relationTraits.types)),
    environments: inOrderOfCount(environments) as Record<string, number>,
    teams: groupByOwner(index, byImportance).map(({ owner, owned }) => ({ owner, owned: owned.length })),
    entryPoints: entryPointsInOrder(index),
    mostDependedOn: byImportance
      .slice(0, mostDependedOnListed)
      .map((ordinal) => ({ ordinal, dependents: degreeOf(index, ordinal, 'upstream') }))
      .filter(({ dependents }) => dependents > 0),
    gaps: findGaps(index, byImportance).filter(({ count }) => count > 0),
  }
}

function findGaps(index: GraphIndex, byImportance: readonly number[]): CoverageGap[] {
  const ofEntities = (
    gap: CoverageGap['gap'],
    isConcerned: (kind: EntityKind) => boolean,
    lacks: (ordinal: number) => boolean,
  ): CoverageGap => {
    const concerned = byImportance.filter((ordinal) => isConcerned(entityAt(index, ordinal).kind))
    const lacking = concerned.filter(lacks)
    return { gap, count: lacking.length, of: concerned.length, examples: lacking.slice(0, maxExamples) }
  }
  const counts = countStandings(index)
  const dependencies = standings.reduce((sum, standing) => sum + counts[standing], 0)
  const ofRelations = (gap: CoverageGap['gap'], lacking: readonly Standing[]): CoverageGap => {
    const count = lacking.reduce((sum, standing) => sum + counts[standing], 0)
    return { gap, count, of: dependencies, examples: [] }
  }
  return [
    ofEntities('no_owner', isOwnable, (ordinal) => ownersOf(index, ordinal).length === 0),
    ofRelations('not_observed', ['declared', 'inferred']),
    ofRelations('not_declared', ['observed', 'inferred']),
    ofRelations('inferred_only', ['inferred']),
    ofEntities(
      'unresolved',
      () => true,
      (ordinal) => entityAt(index, ordinal).kind === 'unresolved',
    ),
    ofEntities(
      'unconnected',
      (kind) => !isGroup(kind),
      (ordinal) => degreeOf(index, ordinal, 'upstream') + degreeOf(index, ordinal, 'downstream') === 0,
    ),
  ]
}

/** Those that use most first, then by rank: a sort of numbers that hold both. */
function entryPointsInOrder(index: GraphIndex): number[] {
  const { ranks, ranking } = index
  const size = ranking.length
  const keys = Float64Array.from(
    findEntryPoints(index),
    (ordinal) => (size - degreeOf(index, ordinal, 'downstream')) * size + (ranks[ordinal] ?? 0),
  )
  return Array.from(keys.toSorted(), (key) => ranking[key % size] ?? 0)
}

function countStandings({ relationTraits }: GraphIndex): Record<Standing, number> {
  const counts: Record<Standing, number> = { confirmed: 0, declared: 0, observed: 0, inferred: 0 }
  relationTraits.standings.forEach((position, relation) => {
    const standing = standings[position]
    if (standing !== undefined && relationTraits.dependencies[relation] === 1) counts[standing] += 1
  })
  return counts
}

function countPositions<T extends string>(names: readonly T[], positions: Uint8Array): Map<T, number> {
  const counts = new Uint32Array(names.length)
  for (const position of positions) counts[position] = (counts[position] ?? 0) + 1
  return new Map(names.map((name, position) => [name, counts[position] ?? 0]))
}

function inOrderOfCount<T extends string>(counts: ReadonlyMap<T, number>): Partial<Record<T, number>> {
  const occurring = [...counts].filter(([, count]) => count > 0)
  const ordered = occurring.toSorted(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
  return Object.fromEntries(ordered) as Partial<Record<T, number>>
}
