import { byRank, degreeOf, entityAt, type GraphIndex } from '../graph-index.ts'
import { isGroup } from '../kind-groups.ts'
import { standingOf, type Standing } from '../evidence.ts'
import { isDependency, type EntityKind, type RelationType } from '../model.ts'
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
  /** Ordinals of what most others depend on, with how many do directly. */
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

const maxExamples = 3

/** Counts, ways in, what most depend on, and what sources leave open. */
export function describeOverview(index: GraphIndex, limit: number): Overview {
  const byImportance = Array.from(index.ranking)
  const rank = byRank(index)
  const environments = index.entities.flatMap(({ environment }) => environment ?? [])
  return {
    kinds: countEach(index.entities.map(({ kind }) => kind)),
    relations: countEach(index.relations.map(({ type }) => type)),
    environments: countEach(environments) as Record<string, number>,
    teams: groupByOwner(index, byImportance).map(({ owner, owned }) => ({ owner, owned: owned.length })),
    entryPoints: findEntryPoints(index).toSorted(
      (a, b) => degreeOf(index, b, 'downstream') - degreeOf(index, a, 'downstream') || rank(a, b),
    ),
    mostDependedOn: byImportance
      .slice(0, limit)
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
  const standings = index.relations.filter(({ type }) => isDependency(type)).map(standingOf)
  const ofRelations = (gap: CoverageGap['gap'], lacking: readonly Standing[]): CoverageGap => {
    const count = standings.filter((standing) => lacking.includes(standing)).length
    return { gap, count, of: standings.length, examples: [] }
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

function countEach<T extends string>(values: readonly T[]): Partial<Record<T, number>> {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const ordered = [...counts].toSorted(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
  return Object.fromEntries(ordered) as Partial<Record<T, number>>
}
