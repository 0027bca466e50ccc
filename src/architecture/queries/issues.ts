import type { GraphIndex } from '../graph-index.ts'
import type { Relation } from '../model.ts'
import { runAtOnce, type Steps } from '../slices.ts'
import { findCycleIssues, findSinglePointIssues, findSharedDatabases } from './structure-issues.ts'
import {
  findOrphans,
  findStaleRelations,
  findUndeclaredRelations,
  findUnownedEntities,
  findUnresolvedEntities,
} from './knowledge-issues.ts'

/** What may be wrong with an architecture, or with what is known about it. */
export const issueTypes = [
  'cycle',
  'spof',
  'shared_database',
  'undeclared',
  'stale',
  'unresolved',
  'orphan',
  'unowned',
] as const
/** One of {@link issueTypes}. */
export type IssueType = (typeof issueTypes)[number]

/** From what hurts first to what is merely untidy. */
export const severities = ['high', 'medium', 'low'] as const
/** One of {@link severities}. */
export type Severity = (typeof severities)[number]

/** One thing that may be wrong. */
export interface Finding {
  type: IssueType
  severity: Severity
  /** What is found and why it matters, in words. */
  summary: string
  /** Ordinals, the one it is about first. */
  entities: number[]
  /** The relations that show it, with their evidence. */
  relations: Relation[]
}

/** What to look for. */
export interface IssueQuestion {
  /** All by default. */
  types?: readonly IssueType[] | undefined
  /** Only findings about one of these ordinals. */
  scope?: ReadonlySet<number> | undefined
  /** The present, against which evidence is stale. */
  now: number
}

const lastingFinders: Record<Exclude<IssueType, 'stale'>, (index: GraphIndex) => Finding[]> = {
  cycle: findCycleIssues,
  spof: findSinglePointIssues,
  shared_database: findSharedDatabases,
  undeclared: findUndeclaredRelations,
  unresolved: findUnresolvedEntities,
  orphan: findOrphans,
  unowned: findUnownedEntities,
}

/** Everything found, by severity, then by type, then most depended on first. */
export function findIssues(index: GraphIndex, question: IssueQuestion): Finding[] {
  const lasting = runAtOnce(lastingIssueSteps(index))
  return selectIssues(
    inOrderOfSeverity(index, [...lasting, ...findStaleRelations(index, question.now)]),
    question,
  )
}

/** All that stays true as long as the graph does, a step for each type. */
export function* lastingIssueSteps(index: GraphIndex): Steps<Finding[]> {
  const found: Finding[] = []
  for (const find of Object.values(lastingFinders)) {
    for (const finding of find(index)) found.push(finding)
    yield
  }
  return found
}

/** Those that are asked for, in the same order. */
export function selectIssues(
  found: readonly Finding[],
  { types = issueTypes, scope }: Omit<IssueQuestion, 'now'>,
): Finding[] {
  return found.filter(
    ({ type, entities }) =>
      types.includes(type) && (scope === undefined || entities.some((each) => scope.has(each))),
  )
}

/** Sorts by severity, then by type, then most depended on first: a sort of numbers that hold all three. */
export function inOrderOfSeverity(index: GraphIndex, found: readonly Finding[]): Finding[] {
  const keys = Float64Array.from(
    found,
    (finding, position) => keyOf(index, finding) * found.length + position,
  )
  return Array.from(keys.toSorted(), (key) => found[key % found.length]).filter(
    (finding) => finding !== undefined,
  )
}

function keyOf({ ranks }: GraphIndex, { severity, type, entities }: Finding): number {
  const group = severities.indexOf(severity) * issueTypes.length + issueTypes.indexOf(type)
  return group * ranks.length + (ranks[entities[0] ?? 0] ?? 0)
}
