import type { Architecture } from '../architecture/architecture.ts'
import { entityAt } from '../architecture/graph-index.ts'
import {
  type AffectedEntity,
  type Protection,
  analyzeImpact,
  type Impact,
  type ImpactEffect,
} from '../architecture/queries/impact.ts'
import { type ImpactChange, impactChanges } from '../architecture/queries/impact-spread.ts'
import { isOwnable } from '../architecture/queries/knowledge-issues.ts'
import { ownersOf } from '../architecture/queries/ownership.ts'
import type { Mark } from '../http/architecture-view-data.ts'
import type { ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentArchitecturePage, presentScope } from './architecture-frame.ts'
import { parameterOf } from './architecture-links.ts'
import { presentLink, presentRef } from './architecture-views.ts'
import { chooseEntity, suggestEntities } from './entity-choice.ts'
import { chooseGraph, type ChosenGraph } from './graph-choice.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ImpactPageDeps {
  render: Render
  architecture: Architecture
  now: () => number
}

type Answer = NonNullable<ViewData['architecture-impact']['answer']>

const changeLabels = {
  failure: 'fails',
  latency: 'becomes slow',
  api_change: 'changes its interface',
  removal: 'is removed',
} as const satisfies Record<ImpactChange, string>

const effectMarks = {
  down: { label: 'down', tone: 'error', title: 'It cannot do without what fails.' },
  slow: { label: 'slow', tone: 'warning', title: 'It waits for what is slow.' },
  delayed: { label: 'delayed', tone: '', title: 'A queue lies between: it feels it later, or less.' },
  must_change: { label: 'must change', tone: 'error', title: 'It uses what changes itself.' },
  at_risk: { label: 'at risk', tone: '', title: 'It uses what has to change.' },
} as const satisfies Record<ImpactEffect, Mark>

const queueMarks = {
  starved: { label: 'runs dry', tone: 'warning', title: 'Nobody fills this queue any more.' },
  backlog: { label: 'fills up', tone: 'warning', title: 'Nobody empties this queue any more.' },
} as const satisfies Record<string, Mark>

const shownAtLevel = 50

/** `/organizations/{slug}/architecture/impact`: who would feel it when an entity fails, slows down or changes. */
export function createImpactPage({ render, architecture, now }: ImpactPageDeps) {
  return async (ctx: PageContext, viewer: OrganizationViewer): Promise<void> => {
    const chosen = await chooseGraph(architecture, ctx, viewer)
    const { links, loaded } = chosen
    const { index } = loaded
    const change = impactChanges.find((each) => each === ctx.query['change']) ?? 'failure'
    const ref = parameterOf(ctx.query['ref'], 500)
    const entity = chooseEntity(index, links, {
      name: 'ref',
      label: 'What if',
      value: ref,
      hrefWith: (candidate) => links.to('impact', { ref: candidate, change }),
    })
    render(ctx, 'architecture-impact', {
      ...presentArchitecturePage(
        ctx,
        viewer,
        'impact',
        presentScope(chosen, links, { page: 'impact', keeps: { ref, change }, now: now() }),
        links,
      ),
      action: `${links.base}/impact`,
      entity: entity.field,
      changes: impactChanges.map((each) => ({
        value: each,
        label: changeLabels[each],
        selected: each === change,
      })),
      suggestions: suggestEntities(index),
      answer: entity.ordinal === undefined ? undefined : answer(chosen, entity.ordinal, change),
    })
  }
}

function answer(chosen: ChosenGraph, ordinal: number, change: ImpactChange): Answer {
  const { loaded, links } = chosen
  const { index } = loaded
  const impact = analyzeImpact(index, { changed: [ordinal], change })
  const link = (each: number) => presentLink(entityAt(index, each), links)
  const touched = [ordinal, ...impact.affected.map((each) => each.ordinal)]
  return {
    summary: summarize(impact, entityAt(index, ordinal).name, change),
    levels: impact.counts.map((count, position) => {
      const level = position + 1
      const entities = impact.affected.filter((each) => each.level === level)
      return {
        level,
        title: level === 1 ? 'Directly' : `After ${level} steps`,
        entities: entities
          .slice(0, shownAtLevel)
          .map((each) => presentAffected(chosen, ordinal, { ...each, ...impact.protectionOf(each) })),
        more: Math.max(0, count - shownAtLevel),
      }
    }),
    teams: impact.teams.map(({ owner, owned }) => ({
      name: presentRef(owner, links).name,
      owned: owned.map((each) => entityAt(index, each).name).join(', '),
    })),
    unowned: touched.filter(
      (each) => isOwnable(entityAt(index, each).kind) && ownersOf(index, each).length === 0,
    ).length,
    entryPoints: impact.entryPoints.map(link),
    dataStores: impact.dataStores.map(link),
    notes: notesOn(impact),
  }
}

function presentAffected(
  { loaded: { index }, links }: ChosenGraph,
  changed: number,
  { ordinal, effect, hit, through, provision, isCertain }: AffectedEntity & Protection,
): Answer['levels'][number]['entities'][number] {
  const marks: Mark[] = [
    hit === 'starved' || hit === 'backlog' ? queueMarks[hit] : effectMarks[effect],
    ...(provision === 'redundant'
      ? [
          {
            label: 'redundant',
            tone: 'success',
            title: 'Something seems to stand in for what it is hit through.',
          } as const,
        ]
      : []),
    ...(isCertain
      ? []
      : [{ label: 'inferred', tone: 'warning', title: 'Only inferred relations lead here.' } as const]),
  ]
  return {
    ...presentLink(entityAt(index, ordinal), links),
    through: through === changed || through === ordinal ? undefined : entityAt(index, through).name,
    marks,
  }
}

function summarize({ affected, counts }: Impact, name: string, change: ImpactChange): string {
  const when = `When ${name} ${changeLabels[change]}`
  if (affected.length === 0) return `${when}, nothing else that is known would feel it.`
  const [direct = 0] = counts
  const noun = affected.length === 1 ? 'other entity' : 'others'
  return `${when}, ${affected.length} ${noun} would feel it, ${direct === affected.length ? 'directly' : `${direct} of them directly`}.`
}

function notesOn({ inferredOnly, telemetryLeftOut }: Impact): string[] {
  return [
    ...(inferredOnly === 0
      ? []
      : [`${inferredOnly} of them are reached only by inferred relations, and may not be hit at all.`]),
    ...(telemetryLeftOut === 0
      ? []
      : [`${telemetryLeftOut} that are only watched by it, or watch it, are left out.`]),
  ]
}
