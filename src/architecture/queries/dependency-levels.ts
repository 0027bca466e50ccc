import { byRank, entityAt, forEachStep, type Direction, type GraphIndex } from '../graph-index.ts'
import type { EntityKind, Relation, RelationType } from '../model.ts'

/** Which dependencies are wanted. */
export interface DependencyQuestion {
  direction: Direction
  depth: number
  /** Only relations of these types are followed. */
  relations?: readonly RelationType[] | undefined
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
  const { direction, depth, kinds, relations: types } = question
  const isReported = (ordinal: number) => kinds === undefined || kinds.includes(entityAt(index, ordinal).kind)
  const seen = new Set([start])
  const relations: LevelRelation[] = []
  const entitiesByLevel: number[] = []
  const rank = byRank(index)
  let frontier = [start]
  for (let level = 1; level <= depth && frontier.length > 0; level += 1) {
    const next: number[] = []
    const met: LevelRelation[] = []
    for (const ordinal of frontier) {
      forEachStep(index, ordinal, direction, (neighbour, relation) => {
        if (types !== undefined && !types.includes(relation.type)) return
        if (isReported(neighbour)) met.push({ level, relation, reached: neighbour })
        if (seen.has(neighbour)) return
        seen.add(neighbour)
        next.push(neighbour)
      })
    }
    relations.push(...met.toSorted((a, b) => rank(a.reached, b.reached)))
    entitiesByLevel.push(next.filter(isReported).length)
    frontier = next
  }
  return {
    relations,
    entitiesByLevel: trimmed(entitiesByLevel),
    continues: leadsOn(index, frontier, seen, question),
  }
}

function leadsOn(
  index: GraphIndex,
  frontier: number[],
  seen: ReadonlySet<number>,
  { direction, relations: types }: DependencyQuestion,
): boolean {
  return frontier.some((ordinal) => {
    let leads = false
    forEachStep(index, ordinal, direction, (neighbour, { type }) => {
      if (!seen.has(neighbour) && (types === undefined || types.includes(type))) leads = true
    })
    return leads
  })
}

function trimmed(counts: number[]): number[] {
  return counts.slice(0, counts.findLastIndex((count) => count > 0) + 1)
}
