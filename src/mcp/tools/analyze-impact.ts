import { z } from 'zod'
import { entityAt } from '../../architecture/graph-index.ts'
import {
  analyzeImpact as analyze,
  type AffectedEntity,
  type Impact,
} from '../../architecture/queries/impact.ts'
import { impactChanges, type ImpactChange } from '../../architecture/queries/impact-spread.ts'
import { entityReference, presentName, presentNames, refsOf, relationInputs } from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { counted } from './answer-provenance.ts'
import { defineGraphTool, type AskedGraph } from './graph-tool.ts'

const mostNames = 12
const mostTeams = 6

/** Who would feel a change. */
export const analyzeImpact = defineGraphTool({
  name: 'analyze_impact',
  title: 'Analyze impact',
  description:
    'Tells who would feel it if entities failed, became slow, changed their API or were removed: everything affected level by level with its effect, the user-facing entry points among it, which teams to notify, which data stores are touched, whether something could stand in, and how much of it rests on inferred relations only.',
  input: {
    ref: z
      .union([entityReference, z.array(entityReference).min(1).max(10)])
      .describe('One or more references or names'),
    change: z.enum(impactChanges).default('failure'),
    max_depth: z.int().min(1).max(20).optional().describe('By default to the end'),
    min_confidence: relationInputs.min_confidence,
    include_inferred: relationInputs.include_inferred,
    include_telemetry: z
      .boolean()
      .default(false)
      .describe('Also follow what only carries telemetry, without which systems keep working'),
  },
  answer(input, asked) {
    const { index } = asked
    const texts = typeof input.ref === 'string' ? [input.ref] : input.ref
    const changed = [...new Set(texts.map((text) => asked.resolve(text, 'ref')))]
    const impact = analyze(index, {
      changed,
      change: input.change,
      maxDepth: input.max_depth,
      minConfidence: input.min_confidence,
      includeInferred: input.include_inferred,
      includeTelemetry: input.include_telemetry,
    })
    const summary = summarize(asked, changed, { impact, ...input })
    return presentPage(asked, {
      items: impact.affected,
      total: impact.affected.length,
      render: (shown) => ({
        summary,
        affected: presentLevels(asked, shown),
        levels: impact.affected.length > shown.length ? impact.counts : undefined,
        entry_points: presentCut(asked, impact.entryPoints),
        teams_to_notify: presentTeams(asked, impact),
        data_stores: presentCut(asked, impact.dataStores),
        covered_by_redundancy: presentCut(
          asked,
          shown
            .filter((each) => impact.protectionOf(each).provision === 'redundant')
            .map(({ ordinal }) => ordinal),
        ),
        sole_provider_for: presentCut(
          asked,
          shown
            .filter((each) => each.level === 1 && impact.protectionOf(each).isOnlyOfKind)
            .map(({ ordinal }) => ordinal),
        ),
        marks: presentMarks(shown),
        telemetry_left_out: impact.telemetryLeftOut === 0 ? undefined : impact.telemetryLeftOut,
      }),
      entitiesOf: (shown) => refsOf(index, [...changed, ...shown.map(({ ordinal }) => ordinal)]),
    })
  },
})

const changesInWords: Record<ImpactChange, string> = {
  failure: 'fails',
  latency: 'becomes slow',
  api_change: 'changes its API',
  removal: 'is removed',
}

function summarize(
  { index, bounds }: AskedGraph,
  changed: readonly number[],
  { impact, change, max_depth }: { impact: Impact; change: ImpactChange; max_depth?: number | undefined },
): string {
  const what = presentNames(index, changed).join(', ')
  const within = max_depth === undefined ? '' : ` within ${counted(max_depth, 'level')}`
  const { affected, counts, entryPoints, inferredOnly } = impact
  if (affected.length === 0)
    return `If ${what} ${changesInWords[change]}, nothing else is known to feel it${within}, ${bounds()}.`
  const direct = counts[0] ?? 0
  const doubt = inferredOnly === 0 ? '' : ` ${inferredOnly} of them only by inferred relations.`
  const entries = entryPoints.length === 0 ? 'no entry point' : counted(entryPoints.length, 'entry point')
  return `If ${what} ${changesInWords[change]}, ${counted(affected.length, 'entity feels', 'entities feel')} it${within}: ${direct} directly, over ${counted(counts.length, 'level')}, ${entries} among or above them.${doubt}`
}

/** `{level_1: {down: [names]}}` */
function presentLevels(
  { index }: AskedGraph,
  shown: readonly AffectedEntity[],
): Record<string, Record<string, string[]>> | undefined {
  const levels: Record<string, Record<string, string[]>> = {}
  for (const { ordinal, level, effect, hit, isCertain } of shown) {
    const ofLevel = (levels[`level_${level}`] ??= {})
    const how = hit === 'starved' || hit === 'backlog' ? `${effect}_queue_${hit}` : effect
    const names = (ofLevel[how] ??= [])
    names.push((isCertain ? '' : '~') + presentName(index, entityAt(index, ordinal)))
  }
  return shown.length === 0 ? undefined : levels
}

function presentCut({ index }: AskedGraph, ordinals: readonly number[]): string[] | undefined {
  if (ordinals.length === 0) return undefined
  const rest = ordinals.length - mostNames
  return [...presentNames(index, ordinals.slice(0, mostNames)), ...(rest > 0 ? [`and ${rest} more`] : [])]
}

function presentTeams({ index }: AskedGraph, { teams }: Impact): string[] | undefined {
  if (teams.length === 0) return undefined
  return teams.slice(0, mostTeams).map(({ owner, owned }) => {
    const names = presentNames(index, owned.slice(0, 4)).join(', ')
    return `${owner} for ${names}${owned.length > 4 ? ` and ${owned.length - 4} more` : ''}`
  })
}

function presentMarks(shown: readonly AffectedEntity[]): string[] | undefined {
  return shown.every(({ isCertain }) => isCertain) ? undefined : ['~ only by inferred relations']
}
