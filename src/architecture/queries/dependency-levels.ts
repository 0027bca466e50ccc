import { entityAt, forEachStep, type Direction, type GraphIndex } from '../graph-index.ts'
import type { EntityKind, Relation } from '../model.ts'
import { createRelationFilter, type RelationFilter } from '../relation-filter.ts'

/** Which dependencies are wanted. */
export interface DependencyQuestion extends RelationFilter {
  direction: Direction
  depth: number
  /** Only these kinds are reported; the way there may lead through others. */
  kinds?: readonly EntityKind[] | undefined
}

/** A relation met at a distance. */
export interface LevelRelation {
  /** 1 is direct. */
  level: number
  relation: Relation
  /** Ordinal of the end that lies farther away. */
  reached: number
}

/** What was reached, and by which relations. */
export interface DependencyLevels {
  /** By level, then most depended on first. Relations back to what was met before are told too. */
  relations: LevelRelation[]
  /** How many entities first appear at each level; the first number is level 1. */
  entitiesByLevel: number[]
  /** More lies beyond the last level. */
  continues: boolean
}

/** Breadth-first, so that each entity is told at its shortest distance. */
export function findDependencies(
  index: GraphIndex,
  start: number,
  question: DependencyQuestion,
): DependencyLevels {
  const { direction, depth, kinds } = question
  const isReported = (ordinal: number) => kinds === undefined || kinds.includes(entityAt(index, ordinal).kind)
  const isFollowed = createRelationFilter(index, question)
  const {
    offsets,
    neighbours,
    relations: steps,
  } = direction === 'downstream' ? index.outgoing : index.incoming
  const seen = new Uint8Array(index.entities.length)
  seen[start] = 1
  const relations: LevelRelation[] = []
  const entitiesByLevel: number[] = []
  let frontier = [start]
  for (let level = 1; level <= depth && frontier.length > 0; level += 1) {
    const next: number[] = []
    const met: LevelRelation[] = []
    for (const ordinal of frontier) {
      // A loop without a function for each relation: this is walked for every relation of a large graph.
      for (let at = offsets[ordinal] ?? 0, end = offsets[ordinal + 1] ?? 0; at < end; at += 1) {
        const position = steps[at] ?? 0
        if (!isFollowed(position)) continue
        const reached = neighbours[at] ?? 0
        const relation = index.relations[position]
        if (relation !== undefined && isReported(reached)) met.push({ level, relation, reached })
        if (seen[reached] === 1) continue
        seen[reached] = 1
        next.push(reached)
      }
    }
    for (const each of inOrderOfRank(index, met)) relations.push(each)
    entitiesByLevel.push(next.filter(isReported).length)
    frontier = next
  }
  const leadsOn = (ordinal: number) => {
    let leads = false
    forEachStep(index, ordinal, direction, (neighbour, _, position) => {
      if (seen[neighbour] !== 1 && isFollowed(position)) leads = true
    })
    return leads
  }
  return { relations, entitiesByLevel: trimmed(entitiesByLevel), continues: frontier.some(leadsOn) }
}

/** A counting sort where there is much: ranks are small numbers, each given once. Stable. */
function inOrderOfRank({ ranks }: GraphIndex, met: readonly LevelRelation[]): readonly LevelRelation[] {
  if (met.length < 2) return met
  const rankOf = ({ reached }: LevelRelation) => ranks[reached] ?? 0
  if (met.length < ranks.length / 8) return met.toSorted((a, b) => rankOf(a) - rankOf(b))
  const next = new Uint32Array(ranks.length + 1)
  for (const each of met) next[rankOf(each) + 1] = (next[rankOf(each) + 1] ?? 0) + 1
  for (let rank = 0; rank < ranks.length; rank += 1)
    next[rank + 1] = (next[rank + 1] ?? 0) + (next[rank] ?? 0)
  const ordered = met.slice()
  for (const each of met) {
    const place = next[rankOf(each)] ?? 0
    ordered[place] = each
    next[rankOf(each)] = place + 1
  }
  return ordered
}

function trimmed(counts: number[]): number[] {
  return counts.slice(0, counts.findLastIndex((count) => count > 0) + 1)
}
