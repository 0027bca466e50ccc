import type { Router } from '@koa/router'
import type { RequestState } from '../http/request-context.ts'
import { createDiagramPages, type DiagramPagesDeps } from './diagram-pages.ts'
import type { Viewers } from './viewer.ts'

export type DiagramRouteDeps = DiagramPagesDeps

/** Adds the picture of an architecture and its files. They come before `/architecture/:ref`, which takes any name. */
export function addDiagramRoutes(
  router: Router<RequestState>,
  { inOrganization }: Pick<Viewers, 'inOrganization'>,
  deps: DiagramPagesDeps,
): void {
  const diagram = createDiagramPages(deps)
  router
    .get('/organizations/:slug/architecture/diagram', inOrganization(diagram.draw))
    .get('/organizations/:slug/architecture/diagram.svg', inOrganization(diagram.exportSvg))
    .get('/organizations/:slug/architecture/diagram.mermaid', inOrganization(diagram.exportMermaid))
    .get('/organizations/:slug/architecture/diagram.json', inOrganization(diagram.exportJson))
}
