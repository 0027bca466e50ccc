import type { Architecture } from '../architecture/architecture.ts'
import type { DiagramLayout } from '../architecture/diagram/layout.ts'
import { selectForDiagram, type DiagramSelection } from '../architecture/diagram/selection.ts'
import { drawSvg } from '../architecture/diagram/svg.ts'
import type { LoadedGraph } from '../architecture/loading.ts'
import { renderMermaid } from '../architecture/mermaid.ts'
import { type Entity } from '../architecture/model.ts'
import { resolveEntity } from '../architecture/queries/entity-resolution.ts'
import { DomainError } from '../domain/errors.ts'
import type { Assets } from '../http/assets.ts'
import type { Render } from '../http/views.ts'
import { createDiagramLayouts } from './diagram-layouts.ts'
import { diagramDepths, formatDiagramQuery, parseDiagramQuery, type DiagramQuery } from './diagram-query.ts'
import { presentOrganizationFrame } from './frame.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface DiagramPagesDeps {
  render: Render
  architecture: Architecture
  /** For the style sheet that a file takes along. */
  readAsset: Assets['read']
}

/** More boxes than this on one page are no picture any more. */
const mostEntities = 200

/** What was asked for, chosen and ready to be drawn. */
interface Chosen {
  query: DiagramQuery
  loaded: LoadedGraph
  focus: Entity | undefined
  selection: DiagramSelection
}

/** `/organizations/{slug}/architecture/diagram`: a picture of the graph, on a page and as SVG, Mermaid and JSON. */
export function createDiagramPages({ render, architecture, readAsset }: DiagramPagesDeps) {
  const layouts = createDiagramLayouts()

  async function choose(ctx: PageContext, viewer: OrganizationViewer): Promise<Chosen> {
    const query = parseDiagramQuery(ctx.query)
    const loaded = await architecture.load(viewer.membership.organization.id, {
      asOf: query.asOf || undefined,
      environment: query.environment || undefined,
    })
    const focus = query.focus === '' ? undefined : resolveEntity(loaded.index, query.focus, 'focus')
    const { depth, telemetry } = query
    return {
      query,
      loaded,
      focus: focus === undefined ? undefined : loaded.index.entities[focus],
      selection: selectForDiagram(loaded.index, { focus, depth, telemetry, limit: mostEntities }),
    }
  }

  /** @throws {DomainError} `conflict` when it cannot be drawn in time */
  async function layOut(
    viewer: OrganizationViewer,
    { query, loaded, selection }: Chosen,
  ): Promise<DiagramLayout> {
    const { id } = viewer.membership.organization
    const drawing = await layouts.layOut(
      `${id} ${loaded.graph.revision} ${formatDiagramQuery({ ...query, asOf: '' })}`,
      selection,
    )
    if (drawing !== undefined) return drawing
    throw new DomainError(
      'conflict',
      'This is too much for one picture. Choose an entity to focus on, or a smaller depth.',
    )
  }

  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const base = basePath(viewer)
    const query = parseDiagramQuery(ctx.query)
    const frame = presentOrganizationFrame(ctx, viewer, 'architecture')
    const exports = `${base}/diagram`
    let problem: string | undefined
    let chosen: Chosen | undefined
    let svg: string | undefined
    try {
      chosen = await choose(ctx, viewer)
      if (chosen.selection.entities.length > 0) {
        const drawing = await layOut(viewer, chosen)
        svg = drawSvg(drawing, {
          title: titleOf(chosen, viewer),
          focus: chosen.focus?.ref,
          hrefOf: ({ ref }) => `${base}/${encodeURIComponent(ref)}`,
        })
      }
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      problem = error.message
    }
    const loaded = chosen?.loaded ?? (await architecture.load(viewer.membership.organization.id))
    render(ctx, 'diagram', {
      frame,
      query: { ...query, focus: chosen?.focus?.ref ?? query.focus },
      problem,
      svg,
      shown: chosen === undefined ? undefined : countOf(chosen),
      isEmpty: loaded.graph.entities.length === 0,
      environments: [...loaded.environments],
      depths: [...diagramDepths],
      suggestions: loaded.index.entities.slice(0, 500).map(({ ref, name }) => ({ ref, name })),
      exports: ['svg', 'mermaid', 'json'].map((format) => ({
        format,
        href: `${exports}.${format}${formatDiagramQuery(query)}`,
      })),
      entityHref: chosen?.focus && `${base}/${encodeURIComponent(chosen.focus.ref)}`,
    })
  }

  async function exportSvg(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const chosen = await choose(ctx, viewer)
    const svg = drawSvg(await layOut(viewer, chosen), {
      title: titleOf(chosen, viewer),
      focus: chosen.focus?.ref,
      style: readAsset('diagram.css'),
    })
    attach(ctx, viewer, { format: 'svg', type: 'image/svg+xml', body: svg })
  }

  async function exportMermaid(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { selection } = await choose(ctx, viewer)
    const { text } = renderMermaid(selection.entities, selection.relations, mostEntities)
    attach(ctx, viewer, { format: 'mermaid', type: 'text/plain; charset=utf-8', body: `${text}\n` })
  }

  async function exportJson(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { selection, loaded } = await choose(ctx, viewer)
    const { entities, relations, omitted } = selection
    const body = JSON.stringify({ revision: loaded.graph.revision, omitted, entities, relations }, null, 2)
    attach(ctx, viewer, { format: 'json', type: 'application/json; charset=utf-8', body: `${body}\n` })
  }

  return { show, exportSvg, exportMermaid, exportJson }
}

function basePath(viewer: OrganizationViewer): string {
  return `/organizations/${viewer.membership.organization.slug}/architecture`
}

function titleOf({ focus, query }: Chosen, viewer: OrganizationViewer): string {
  const where = query.environment === '' ? '' : `, ${query.environment}`
  return focus === undefined
    ? `Architecture of ${viewer.membership.organization.name}${where}`
    : `${focus.name} and what is up to ${query.depth} steps away${where}`
}

function countOf({ selection }: Chosen): { entities: number; relations: number; omitted: number } {
  const { entities, relations, omitted } = selection
  return { entities: entities.length, relations: relations.length, omitted }
}

/** Always as a file: a picture made of imported names is no page of ours. */
function attach(
  ctx: PageContext,
  viewer: OrganizationViewer,
  { format, type, body }: { format: string; type: string; body: string },
): void {
  const ending = format === 'mermaid' ? 'mmd' : format
  ctx.set('Content-Type', type)
  ctx.set(
    'Content-Disposition',
    `attachment; filename="${viewer.membership.organization.slug}-architecture.${ending}"`,
  )
  ctx.body = body
}
