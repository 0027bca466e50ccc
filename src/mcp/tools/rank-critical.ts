import { z } from 'zod'
import { entityAt } from '../../architecture/graph-index.ts'
import {
  criticalityMetrics,
  rankCritical as rank,
  type CriticalEntity,
  type CriticalityMetric,
} from '../../architecture/queries/critical-entities.ts'
import { cursorInput, paginate } from './answer-cursor.ts'
import { kindsInput, presentName, refsOf } from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { defineGraphTool, type AskedGraph } from './graph-tool.ts'
import { readScope, scopeInputs } from './graph-scope.ts'

/** What most hangs on. */
export const rankCritical = defineGraphTool({
  name: 'rank_critical',
  title: 'Rank critical entities',
  description:
    'Ranks entities by how much hangs on them, with the numbers and the reason for each: dependents counts everything that depends on it, also through others; spof what is reached only through it; pagerank weighs dependents by their own weight; betweenness how many shortest ways pass it. kinds ["service"] answers which services are the most critical.',
  input: {
    metric: z.enum(criticalityMetrics).default('dependents'),
    kinds: kindsInput.describe('Only these kinds'),
    ...scopeInputs,
    limit: z.int().min(1).max(50).default(10),
    cursor: cursorInput,
  },
  async answer({ metric, kinds, limit, cursor, ...input }, asked) {
    const { index, graph } = asked
    const { ordinals, words } = readScope(asked, input)
    const question = [metric, kinds, input.scope, input.namespace, input.environment]
    const pagination = paginate(cursor, graph.revision, ['rank_critical', question])
    const scores = await asked.criticality.scores()
    const { total, rows } = rank(index, scores, {
      metric,
      kinds,
      scope: ordinals,
      limit,
      offset: pagination.offset,
    })
    return presentPage(asked, {
      items: rows,
      total,
      pagination,
      render: (shown) => ({
        summary: summarize(asked, { metric, total, words, first: rows[0] }),
        entities: shown.map((row) => presentRow(asked, row)),
        approximate:
          metric === 'betweenness' && scores.betweenness.approximate
            ? 'betweenness is estimated from a sample of starting points'
            : undefined,
      }),
      entitiesOf: (shown) =>
        refsOf(
          index,
          shown.map(({ ordinal }) => ordinal),
        ),
    })
  },
})

const metricsInWords: Record<CriticalityMetric, string> = {
  dependents: 'how much depends on it, also through others',
  pagerank: 'PageRank',
  betweenness: 'how many shortest ways pass it',
  spof: 'how much is reached only through it',
}

function summarize(
  { index, bounds }: AskedGraph,
  found: { metric: CriticalityMetric; total: number; words: string; first: CriticalEntity | undefined },
): string {
  const { metric, total, words, first } = found
  if (total === 0) return `Nothing${words} is critical by ${metricsInWords[metric]}, ${bounds()}.`
  const top = first === undefined ? '' : `; first here: ${presentName(index, entityAt(index, first.ordinal))}`
  return `${total} ${total === 1 ? 'entity' : 'entities'}${words} ranked by ${metricsInWords[metric]}${top}.`
}

function presentRow({ index }: AskedGraph, row: CriticalEntity): Record<string, unknown> {
  const { kind, attributes } = entityAt(index, row.ordinal)
  return {
    name: presentName(index, entityAt(index, row.ordinal)),
    kind: kind === 'service' ? undefined : kind,
    tier: attributes.tier,
    direct_dependents: row.directDependents,
    all_dependents: row.transitiveDependents,
    pagerank: Number(row.pageRank.toFixed(4)),
    betweenness: Number(row.betweenness.toFixed(4)),
    only_reached_through_it: row.singlePoint.dominated,
    reason: row.reason,
  }
}
