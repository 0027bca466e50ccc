import type { GraphIndex } from '../graph-index.ts'
import type { Relation } from '../model.ts'
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

const finders: Record<IssueType, (index: GraphIndex, now: number) => Finding[]> = {
  cycle: findCycleIssues,
  spof: findSinglePointIssues,
  shared_database: findSharedDatabases,
  undeclared: findUndeclaredRelations,
  stale: findStaleRelations,
  unresolved: findUnresolvedEntities,
  orphan: findOrphans,
  unowned: findUnownedEntities,
}

/** Everything found, by severity, then by type, then most depended on first. */
export function findIssues(index: GraphIndex, { types = issueTypes, scope, now }: IssueQuestion): Finding[] {
  const wanted = issueTypes.filter((type) => types.includes(type))
  const found = wanted.flatMap((type) => finders[type](index, now))
  const inScope =
    scope === undefined ? found : found.filter(({ entities }) => entities.some((each) => scope.has(each)))
  const keyed = inScope.map((finding) => ({ finding, key: keyOf(index, finding) }))
  return keyed.toSorted((a, b) => a.key - b.key).map(({ finding }) => finding)
}

function keyOf({ ranks }: GraphIndex, { severity, type, entities }: Finding): number {
  const group = severities.indexOf(severity) * issueTypes.length + issueTypes.indexOf(type)
  return group * ranks.length + (ranks[entities[0] ?? 0] ?? 0)
}
