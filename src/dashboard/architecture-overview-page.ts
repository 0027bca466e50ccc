import type { Architecture } from '../architecture/architecture.ts'
import { entityAt } from '../architecture/graph-index.ts'
import type { Criticality } from '../architecture/criticality.ts'
import { rankCritical } from '../architecture/queries/critical-entities.ts'
import type { Finding } from '../architecture/queries/issues.ts'
import type { Overview } from '../architecture/queries/overview.ts'
import type { ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentArchitecturePage, presentScope } from './architecture-frame.ts'
import { countKinds, presentLink, presentRef } from './architecture-views.ts'
import { chooseGraph, type ChosenGraph } from './graph-choice.ts'
import { gapLabels, issueLabels, severityTones } from './overview-labels.ts'
import { importCommand, presentSource } from './source-views.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ArchitectureOverviewPageDeps {
  render: Render
  architecture: Architecture
  now: () => number
}

type OverviewView = ViewData['architecture']

const shownCritical = 8
const shownEntryPoints = 12
const shownTeams = 8
const shownIssues = 6
/** Beyond it a list helps nobody. */
const mostIssues = 300
const shownIssueEntities = 4

/** `/organizations/{slug}/architecture`: what is known, where from, how far it can be relied on, and what stands out. */
export function createArchitectureOverviewPage({ render, architecture, now }: ArchitectureOverviewPageDeps) {
  return async (ctx: PageContext, viewer: OrganizationViewer): Promise<void> => {
    const chosen = await chooseGraph(architecture, ctx, viewer)
    const { links, loaded } = chosen
    const { graph, index } = loaded
    const at = now()
    const showsAllIssues = ctx.query['issues'] === 'all'
    const overview = loaded.overview()
    const issues = await loaded.findings.find({ now: at })
    const shown = issues.slice(0, showsAllIssues ? mostIssues : shownIssues)
    const link = (ordinal: number) => presentLink(entityAt(index, ordinal), links)
    const scope = presentScope(chosen, links, {
      page: '',
      keeps: showsAllIssues ? { issues: 'all' } : {},
      now: at,
    })
    const isEmpty = graph.entities.length === 0 && graph.sources.length === 0
    render(ctx, 'architecture', {
      ...presentArchitecturePage(ctx, viewer, 'overview', isEmpty ? undefined : scope, links),
      isEmpty,
      importCommand: importCommand(viewer.membership.organization.slug),
      kinds: countKinds(graph.entities).map((each) => ({
        ...each,
        href: links.to('entities', { kind: each.kind }),
      })),
      relations: graph.relations.length,
      sources: graph.sources.map((source) => presentSource(source, links, at)),
      critical: await presentCritical(chosen, loaded.criticality),
      entryPoints: overview.entryPoints.slice(0, shownEntryPoints).map(link),
      moreEntryPoints: Math.max(0, overview.entryPoints.length - shownEntryPoints),
      gaps: overview.gaps.map((gap) => presentGap(gap, chosen)),
      issues: shown.map((issue) => presentIssue(issue, chosen)),
      issueCount: issues.length,
      allIssuesHref:
        shown.length < Math.min(issues.length, mostIssues) ? links.to('', { issues: 'all' }) : undefined,
      teams: overview.teams.slice(0, shownTeams).map(({ owner, owned }) => ({
        name: presentRef(owner, links).name,
        count: owned,
        href: links.to('entities', { owner }),
      })),
    })
  }
}

async function presentCritical(
  { loaded: { index }, links }: ChosenGraph,
  criticality: Criticality,
): Promise<OverviewView['critical']> {
  const { rows } = rankCritical(index, await criticality.scores(), {
    metric: 'dependents',
    limit: shownCritical,
  })
  return rows.map(({ ordinal, reason }) => {
    const entity = entityAt(index, ordinal)
    return { ...presentLink(entity, links), reason, impactHref: links.to('impact', { ref: entity.ref }) }
  })
}

function presentGap(
  { gap, count, of, examples }: Overview['gaps'][number],
  { loaded: { index }, links }: ChosenGraph,
): OverviewView['gaps'][number] {
  return {
    ...gapLabels[gap],
    count,
    of,
    examples: examples.map((ordinal) => presentLink(entityAt(index, ordinal), links)),
    href: gap === 'unresolved' ? links.to('entities', { kind: 'unresolved' }) : undefined,
  }
}

function presentIssue(
  { type, severity, summary, entities }: Finding,
  { loaded: { index }, links }: ChosenGraph,
): OverviewView['issues'][number] {
  return {
    severity,
    tone: severityTones[severity],
    type: issueLabels[type],
    summary,
    entities: entities
      .slice(0, shownIssueEntities)
      .filter((ordinal) => ordinal >= 0)
      .map((ordinal) => presentLink(entityAt(index, ordinal), links)),
  }
}
