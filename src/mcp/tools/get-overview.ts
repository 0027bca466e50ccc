import { z } from 'zod'
import { entityAt, type GraphIndex } from '../../architecture/graph-index.ts'
import { restrictToOrdinals } from '../../architecture/graph-part.ts'
import { entityKinds, type EntityKind } from '../../architecture/model.ts'
import { describeOverview, type CoverageGap, type Overview } from '../../architecture/queries/overview.ts'
import { presentName, presentNames, refsOf } from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { counted } from './answer-provenance.ts'
import { defineGraphTool } from './graph-tool.ts'
import { readScope } from './graph-scope.ts'

const mostTeams = 8
const mostEntryPoints = 8
const mostCritical = 8

/** An architecture at a glance. */
export const getOverview = defineGraphTool({
  name: 'get_overview',
  title: 'Get overview',
  description:
    'Run this first: how many services, databases, queues and other entities there are and their names as far as they fit, environments, teams, the entry points where requests arrive, what most depends on, which sources were imported and how fresh they are, and what they leave unknown. focus limits it to a team, system, namespace or the surroundings of one entity.',
  input: {
    focus: z.string().min(1).max(600).optional().describe('Team, system, namespace or entity'),
    namespace: z.string().min(1).max(200).optional().describe('Only this namespace'),
  },
  answer(input, asked) {
    const { ordinals: scope, words } = readScope(asked, { scope: input.focus, namespace: input.namespace })
    const index = scope === undefined ? asked.index : restrictToOrdinals(asked, scope)
    const overview = index === asked.index ? asked.overview() : describeOverview(index)
    return presentPage(asked, {
      items: ranked(index),
      total: index.entities.length,
      render: (shown) => ({
        summary: summarize(index, overview, words),
        kinds: overview.kinds,
        relations: overview.relations,
        environments: Object.keys(overview.environments).length === 0 ? undefined : overview.environments,
        entry_points: presentSome(index, overview.entryPoints, mostEntryPoints),
        most_depended_on: presentDependedOn(index, overview),
        teams: presentTeams(overview),
        names: presentByKind(index, shown),
        gaps: overview.gaps.length === 0 ? undefined : overview.gaps.map((gap) => presentGap(index, gap)),
        next: 'search_entities lists more; get_entity, get_dependencies, find_paths and analyze_impact go on from a name',
      }),
      entitiesOf: (shown) => refsOf(index, shown),
    })
  },
})

function summarize(index: GraphIndex, { kinds, entryPoints, teams }: Overview, words: string): string {
  const most = Object.entries(kinds).slice(0, 5)
  const parts = most.map(([kind, count]) => `${count} ${kind}`)
  return `${counted(index.entities.length, 'entity', 'entities')}${words} (${parts.join(', ')}${most.length < Object.keys(kinds).length ? ', …' : ''}) with ${counted(index.relations.length, 'relation')}, ${counted(entryPoints.length, 'entry point')}, ${counted(teams.length, 'owner')}.`
}

const address = entityKinds.indexOf('unresolved')

/** What is described before what is only an address, each most depended on first. */
function ranked({ ranking, kinds }: GraphIndex): number[] {
  const described: number[] = []
  const addresses: number[] = []
  for (const ordinal of ranking) (kinds[ordinal] === address ? addresses : described).push(ordinal)
  return [...described, ...addresses]
}

function presentByKind(
  index: GraphIndex,
  ordinals: readonly number[],
): Partial<Record<EntityKind, string[]>> {
  const names: Partial<Record<EntityKind, string[]>> = {}
  for (const ordinal of ordinals) {
    const entity = entityAt(index, ordinal)
    const ofKind = (names[entity.kind] ??= [])
    ofKind.push(presentName(index, entity))
  }
  return names
}

function presentSome(index: GraphIndex, ordinals: readonly number[], most: number): string[] | undefined {
  if (ordinals.length === 0) return undefined
  const more = ordinals.length - most
  return [...presentNames(index, ordinals.slice(0, most)), ...(more > 0 ? [`and ${more} more`] : [])]
}

function presentDependedOn(
  index: GraphIndex,
  { mostDependedOn }: Overview,
): Record<string, number> | undefined {
  if (mostDependedOn.length === 0) return undefined
  return Object.fromEntries(
    mostDependedOn
      .slice(0, mostCritical)
      .map(({ ordinal, dependents }) => [presentName(index, entityAt(index, ordinal)), dependents]),
  )
}

function presentTeams({ teams }: Overview): string[] | undefined {
  if (teams.length === 0) return undefined
  const more = teams.length - mostTeams
  return [
    ...teams.slice(0, mostTeams).map(({ owner, owned }) => `${owner} (${owned})`),
    ...(more > 0 ? [`and ${more} more`] : []),
  ]
}

const gapsInWords: Record<CoverageGap['gap'], string> = {
  no_owner: 'have no known owner',
  not_observed: 'dependencies were not observed in traffic',
  not_declared: 'dependencies are declared nowhere',
  inferred_only: 'dependencies are only inferred',
  unresolved: 'are addresses that no source describes',
  unconnected: 'are connected with nothing',
}

function presentGap(index: GraphIndex, { gap, count, of, examples }: CoverageGap): string {
  const such = examples.length === 0 ? '' : `, such as ${presentNames(index, examples).join(', ')}`
  return `${count} of ${of} ${gapsInWords[gap]}${such}`
}
