import type { Architecture } from '../architecture/architecture.ts'
import type { RevisionRecord } from '../architecture/history.ts'
import type { Graph } from '../architecture/model.ts'
import { findDifference, type GraphDifference } from '../architecture/queries/difference.ts'
import { DomainError } from '../domain/errors.ts'
import { presentMoment } from '../http/moment.ts'
import type { SelectOption, ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentArchitecturePage } from './architecture-frame.ts'
import { createLinks, parameterOf, wholeGraph } from './architecture-links.ts'
import { presentCause } from './architecture-views.ts'
import { presentCounts, presentDifference } from './difference-views.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ChangePageDeps {
  render: Render
  architecture: Architecture
  now: () => number
}

interface Comparison {
  error: string | undefined
  compared: { from: number; to: number; difference: GraphDifference } | undefined
}

type ChangeView = ViewData['architecture-changes']

/** `/organizations/{slug}/architecture/changes`: every revision that is kept, and what differs between two of them. */
export function createChangePage({ render, architecture, now }: ChangePageDeps) {
  return async (ctx: PageContext, viewer: OrganizationViewer): Promise<void> => {
    const { id } = viewer.membership.organization
    const { graph, history } = await architecture.load(id)
    const links = createLinks(viewer, wholeGraph)
    const newest = graph.revision
    const asked = {
      from: parameterOf(ctx.query['from'], 40),
      to: parameterOf(ctx.query['to'], 40),
    }
    const at = now()
    const from = asked.from ?? String(Math.max(newest - 1, 0))
    const to = asked.to ?? String(newest)
    const isAsked = asked.from !== undefined || asked.to !== undefined
    const { error, compared } = isAsked ? await compare(id, from, to) : nothingAsked
    render(ctx, 'architecture-changes', {
      ...presentArchitecturePage(ctx, viewer, 'changes'),
      action: `${links.base}/changes`,
      from: revisionOptions(history, from, at),
      to: revisionOptions(history, to, at),
      error,
      difference: compared && {
        ...presentDifference(compared.difference, links),
        from: compared.from,
        to: compared.to,
      },
      revisions: history.toReversed().map((record) => ({
        revision: record.revision,
        at: presentMoment(record.at, at),
        cause: presentCause(record),
        counts: presentCounts(record.counts),
        href: `${links.base}/changes?from=${record.revision - 1}&to=${record.revision}`,
        asOfHref: `${links.base}?as_of=${record.revision}`,
        isNewest: record.revision === newest,
      })),
    })
  }

  /** @returns why they cannot be compared, where it is not known what one of them was */
  async function compare(id: string, from: string, to: string): Promise<Comparison> {
    try {
      const [before, after] = await Promise.all([loadGraph(id, from), loadGraph(id, to)])
      const difference = findDifference(before, after)
      return { error: undefined, compared: { from: before.revision, to: after.revision, difference } }
    } catch (error) {
      if (error instanceof DomainError) return { error: error.message, compared: undefined }
      throw error
    }
  }

  async function loadGraph(id: string, asOf: string): Promise<Graph> {
    return asOf === '0' ? beforeFirst : (await architecture.load(id, { asOf })).graph
  }
}

const nothingAsked: Comparison = { error: undefined, compared: undefined }
const beforeFirst: Graph = { revision: 0, entities: [], relations: [], sources: [] }

function revisionOptions(
  history: readonly RevisionRecord[],
  chosen: string,
  now: number,
): ChangeView['from'] {
  const first = history[0]?.revision === 1 ? [{ value: '0', label: 'Before the first import' }] : []
  const options: Omit<SelectOption, 'selected'>[] = [
    ...history.toReversed().map((record) => ({
      value: String(record.revision),
      label: `Revision ${record.revision}, ${presentMoment(record.at, now).relative}`,
    })),
    ...first,
  ]
  const isKnown = options.some(({ value }) => value === chosen)
  return [...(isKnown ? [] : [{ value: chosen, label: chosen }]), ...options].map((option) => ({
    ...option,
    selected: option.value === chosen,
  }))
}
