import type { CriticalityScores } from '../criticality.ts'
import { byRank, degreeOf, entityAt, type GraphIndex } from '../graph-index.ts'
import type { EntityKind } from '../model.ts'
import { describeSinglePoint, type SinglePoint } from './single-points.ts'

/** What entities can be ranked by. */
export const criticalityMetrics = ['dependents', 'pagerank', 'betweenness', 'spof'] as const
/** One of {@link criticalityMetrics}; `dependents` counts those through others too. */
export type CriticalityMetric = (typeof criticalityMetrics)[number]

/** What is ranked, and how. */
export interface CriticalityQuestion {
  metric: CriticalityMetric
  kinds?: readonly EntityKind[] | undefined
  /** Only these ordinals, for instance those of a namespace or team. */
  scope?: ReadonlySet<number> | undefined
  limit: number
  offset?: number
}

/** One entity with everything it could be ranked by. */
export interface CriticalEntity {
  ordinal: number
  directDependents: number
  transitiveDependents: number
  pageRank: number
  betweenness: number
  singlePoint: SinglePoint
  /** Why it is critical, in words; starts with what the metric says. */
  reason: string
}

/** The most critical entities by a metric, and how many have any of it at all. */
export function rankCritical(
  index: GraphIndex,
  scores: CriticalityScores,
  { metric, kinds, scope, limit, offset = 0 }: CriticalityQuestion,
): { total: number; rows: CriticalEntity[] } {
  const { [metric]: values } = {
    dependents: scores.transitiveDependents,
    pagerank: scores.pageRank,
    betweenness: scores.betweenness.values,
    spof: scores.singlePoints.dominated,
  } satisfies Record<CriticalityMetric, ArrayLike<number>>
  const rank = byRank(index)
  const ordered = Array.from(index.entities.keys())
    .filter((ordinal) => (values[ordinal] ?? 0) > 0 && (scope?.has(ordinal) ?? true))
    .filter((ordinal) => kinds === undefined || kinds.includes(entityAt(index, ordinal).kind))
    .toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || rank(a, b))
  const rows = ordered
    .slice(offset, offset + limit)
    .map((ordinal) => describeCriticality(index, scores, ordinal, metric))
  return { total: ordered.length, rows }
}

/** Everything that says how critical one entity is. */
export function describeCriticality(
  index: GraphIndex,
  scores: CriticalityScores,
  ordinal: number,
  metric: CriticalityMetric = 'dependents',
): CriticalEntity {
  const measured = {
    ordinal,
    directDependents: degreeOf(index, ordinal, 'upstream'),
    transitiveDependents: scores.transitiveDependents[ordinal] ?? 0,
    pageRank: scores.pageRank[ordinal] ?? 0,
    betweenness: scores.betweenness.values[ordinal] ?? 0,
    singlePoint: describeSinglePoint(index, scores.singlePoints, ordinal),
  }
  return { ...measured, reason: reasonOf(measured, metric) }
}

function reasonOf(measured: Omit<CriticalEntity, 'reason'>, metric: CriticalityMetric): string {
  const { directDependents, transitiveDependents, pageRank, betweenness, singlePoint } = measured
  const sentences: Record<CriticalityMetric, string | undefined> = {
    dependents:
      transitiveDependents === 0
        ? undefined
        : `${transitiveDependents} depend on it, ${directDependents} directly`,
    pagerank: metric === 'pagerank' ? `carries ${percent(pageRank)} of all weight` : undefined,
    betweenness: betweenness >= 0.001 ? `${percent(betweenness)} of shortest ways pass it` : undefined,
    spof:
      singlePoint.dominated === 0
        ? undefined
        : `${singlePoint.dominated} ${singlePoint.dominated === 1 ? 'other is' : 'others are'} reached only through it`,
  }
  const { soleProviderFor, isSingleInstance, isEntryPoint } = singlePoint
  const rest = [
    soleProviderFor > 0 ? `sole provider of its kind for ${soleProviderFor}` : undefined,
    isSingleInstance ? 'runs as a single instance' : undefined,
    isEntryPoint ? 'an entry point' : undefined,
  ]
  const others = criticalityMetrics.filter((each) => each !== metric).map((each) => sentences[each])
  return [sentences[metric], ...others, ...rest].filter((sentence) => sentence !== undefined).join('; ')
}

function percent(part: number): string {
  return `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`
}
