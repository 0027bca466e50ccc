import type { Architecture } from '../architecture/architecture.ts'
import type { DiagramLayout } from '../architecture/diagram/layout.ts'
import { type DiagramSelection, selectForDiagram } from '../architecture/diagram/selection.ts'
import { drawSvg } from '../architecture/diagram/svg.ts'
import { entityAt } from '../architecture/graph-index.ts'
import { renderMermaid } from '../architecture/mermaid.ts'
import type { Entity } from '../architecture/model.ts'
import { DomainError } from '../domain/errors.ts'
import type { Assets } from '../http/assets.ts'
import type { Render } from '../http/views.ts'
import { presentArchitecturePage, presentScope } from './architecture-frame.ts'
import { parameterOf } from './architecture-links.ts'
import { createDiagramLayouts } from './diagram-layouts.ts'
import { chooseEntity, type EntityChoice, suggestEntities } from './entity-choice.ts'
import { chooseGraph, type ChosenGraph } from './graph-choice.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface DiagramPagesDeps {
  render: Render
  architecture: Architecture
  /** For the style sheet that a file takes along. */
  readAsset: Assets['read']
  now: () => number
}

/** More boxes than this on one page are no picture any more. */
const mostEntities = 200
const depths = [1, 2, 3, 4, 6]

/** What was asked for, chosen and ready to be drawn. */
interface ChosenDiagram extends ChosenGraph {
  focus: EntityChoice
  /** In the middle; absent: everything is drawn. */
  middle: Entity | undefined
  parameters: { focus: string | undefined; depth: number | undefined; telemetry: 1 | undefined }
  depth: number
  selection: DiagramSelection
}

/** `/organizations/{slug}/architecture/diagram`: a picture of the graph, on a page and as SVG, Mermaid and JSON. */
export function createDiagramPages({ render, architecture, readAsset, now }: DiagramPagesDeps) {
  const layouts = createDiagramLayouts()

  async function choose(ctx: PageContext, viewer: OrganizationViewer): Promise<ChosenDiagram> {
    const chosen = await chooseGraph(architecture, ctx, viewer)
    const { index } = chosen.loaded
    const value = parameterOf(ctx.query['focus'], 500)
    const depth = depths.find((each) => String(each) === ctx.query['depth']) ?? 2
    const telemetry = ctx.query['telemetry'] === '1'
    const parameters = {
      focus: value,
      depth: value === undefined ? undefined : depth,
      telemetry: telemetry ? (1 as const) : undefined,
    }
    const focus = chooseEntity(index, chosen.links, {
      name: 'focus',
      label: 'Focus on',
      value,
      hrefWith: (ref) => chosen.links.to('diagram', { ...parameters, focus: ref }),
    })
    return {
      ...chosen,
      focus,
      middle: focus.ordinal === undefined ? undefined : entityAt(index, focus.ordinal),
      parameters,
      depth,
      selection: selectForDiagram(index, { focus: focus.ordinal, depth, telemetry, limit: mostEntities }),
    }
  }

  /** The same, for a file, which has no place for a field to correct. */
  async function chooseForFile(ctx: PageContext, viewer: OrganizationViewer): Promise<ChosenDiagram> {
    const chosen = await choose(ctx, viewer)
    const { error } = chosen.focus.field
    if (error !== undefined) throw new DomainError('not_found', error, { field: 'focus' })
    return chosen
  }

  async function layOut(
    viewer: OrganizationViewer,
    chosen: ChosenDiagram,
  ): Promise<DiagramLayout | undefined> {
    const { loaded, middle, depth, parameters, links, selection } = chosen
    const what = [middle?.ref, middle && depth, parameters.telemetry, links.scope.environment]
    return layouts.layOut(
      JSON.stringify([viewer.membership.organization.id, loaded.graph.revision, ...what]),
      selection,
    )
  }

  async function draw(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const chosen = await choose(ctx, viewer)
    const { loaded, newest, links, focus, middle, parameters, selection } = chosen
    const isAsked = focus.field.error === undefined && selection.entities.length > 0
    const drawing = isAsked ? await layOut(viewer, chosen) : undefined
    render(ctx, 'architecture-diagram', {
      ...presentArchitecturePage(
        ctx,
        viewer,
        'diagram',
        presentScope({ loaded, newest }, links, { page: 'diagram', keeps: parameters, now: now() }),
        links,
      ),
      action: `${links.base}/diagram`,
      focus: { ...focus.field, placeholder: 'Everything', isOptional: true },
      depths: depths.map((each) => ({
        value: String(each),
        label: each === 1 ? '1 step' : `${each} steps`,
        selected: each === chosen.depth,
      })),
      telemetry: parameters.telemetry === 1,
      suggestions: suggestEntities(loaded.index),
      isEmpty: newest.graph.entities.length === 0,
      isTooMuch: isAsked && drawing === undefined,
      svg:
        drawing &&
        drawSvg(drawing, {
          title: titleOf(chosen, viewer),
          focus: middle?.ref,
          hrefOf: ({ ref }) => links.entity(ref),
        }),
      shown: {
        entities: selection.entities.length,
        relations: selection.relations.length,
        omitted: selection.omitted,
      },
      middle: middle && { name: middle.name, href: links.entity(middle.ref) },
      everythingHref: links.to('diagram'),
      files: [
        { label: 'SVG', href: links.to('diagram.svg', parameters) },
        { label: 'Mermaid', href: links.to('diagram.mermaid', parameters) },
        { label: 'JSON', href: links.to('diagram.json', parameters) },
      ],
    })
  }

  async function exportSvg(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const chosen = await chooseForFile(ctx, viewer)
    const drawing = await layOut(viewer, chosen)
    if (drawing === undefined)
      throw new DomainError('conflict', 'This is too much for one picture. Focus on an entity.')
    const options = {
      title: titleOf(chosen, viewer),
      focus: chosen.middle?.ref,
      style: readAsset('diagram.css'),
    }
    attach(ctx, viewer, { ending: 'svg', type: 'image/svg+xml', body: drawSvg(drawing, options) })
  }

  async function exportMermaid(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { selection } = await chooseForFile(ctx, viewer)
    const { text } = renderMermaid(selection.entities, selection.relations, mostEntities)
    attach(ctx, viewer, { ending: 'mmd', type: 'text/plain; charset=utf-8', body: `${text}\n` })
  }

  async function exportJson(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { selection, loaded } = await chooseForFile(ctx, viewer)
    const { entities, relations, omitted } = selection
    const body = JSON.stringify({ revision: loaded.graph.revision, omitted, entities, relations }, null, 2)
    attach(ctx, viewer, { ending: 'json', type: 'application/json; charset=utf-8', body: `${body}\n` })
  }

  return { draw, exportSvg, exportMermaid, exportJson }
}

function titleOf({ middle, depth, links }: ChosenDiagram, viewer: OrganizationViewer): string {
  const { environment } = links.scope
  const where = environment === undefined ? '' : `, ${environment}`
  return middle === undefined
    ? `Architecture of ${viewer.membership.organization.name}${where}`
    : `${middle.name} and what is up to ${depth} steps away${where}`
}

/** Always as a file: a picture made of imported names is no page of ours. */
function attach(
  ctx: PageContext,
  viewer: OrganizationViewer,
  { ending, type, body }: { ending: string; type: string; body: string },
): void {
  const { slug } = viewer.membership.organization
  ctx.set('Content-Type', type)
  ctx.set('Content-Disposition', `attachment; filename="${slug}-architecture.${ending}"`)
  ctx.body = body
}
