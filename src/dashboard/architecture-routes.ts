import type { Router } from '@koa/router'
import type { RequestState } from '../http/request-context.ts'
import {
  type ArchitectureOverviewPageDeps,
  createArchitectureOverviewPage,
} from './architecture-overview-page.ts'
import { type ChangePageDeps, createChangePage } from './change-page.ts'
import { addDiagramRoutes, type DiagramRouteDeps } from './diagram-routes.ts'
import { createEntityListPage, type EntityListPageDeps } from './entity-list-page.ts'
import { createEntityPage, type EntityPageDeps } from './entity-page.ts'
import { createImpactPage, type ImpactPageDeps } from './impact-page.ts'
import { createImportPages, type ImportPagesDeps } from './import-pages.ts'
import { receiveImport } from './import-upload.ts'
import { createJoinDecisionForm, type JoinDecisionFormDeps } from './join-decision-form.ts'
import { createPathPage, type PathPageDeps } from './path-page.ts'
import { createSourceRemovalPages, type SourceRemovalPagesDeps } from './source-removal-pages.ts'
import type { Viewers } from './viewer.ts'

export type ArchitectureRouteDeps = ArchitectureOverviewPageDeps &
  ChangePageDeps &
  DiagramRouteDeps &
  EntityListPageDeps &
  EntityPageDeps &
  ImpactPageDeps &
  ImportPagesDeps &
  JoinDecisionFormDeps &
  PathPageDeps &
  SourceRemovalPagesDeps

/** Adds the pages about an organization's architecture. References of entities hold a colon, names of pages never. */
export function addArchitectureRoutes(
  router: Router<RequestState>,
  { inOrganization }: Pick<Viewers, 'inOrganization'>,
  deps: ArchitectureRouteDeps,
): void {
  const imports = createImportPages(deps)
  const removal = createSourceRemovalPages(deps)

  addDiagramRoutes(router, { inOrganization }, deps)
  router
    .get('/organizations/:slug/architecture', inOrganization(createArchitectureOverviewPage(deps)))
    .get('/organizations/:slug/architecture/entities', inOrganization(createEntityListPage(deps)))
    .get('/organizations/:slug/architecture/paths', inOrganization(createPathPage(deps)))
    .get('/organizations/:slug/architecture/impact', inOrganization(createImpactPage(deps)))
    .get('/organizations/:slug/architecture/changes', inOrganization(createChangePage(deps)))
    .get('/organizations/:slug/architecture/import', inOrganization(imports.show))
    .post('/organizations/:slug/architecture/import', inOrganization(imports.upload, receiveImport))
    .get('/organizations/:slug/architecture/import/review', inOrganization(imports.review))
    .post('/organizations/:slug/architecture/import/apply', inOrganization(imports.apply))
    .get('/organizations/:slug/architecture/sources/:source/remove', inOrganization(removal.confirm))
    .post('/organizations/:slug/architecture/sources/:source/remove', inOrganization(removal.remove))
    .post('/organizations/:slug/architecture/decisions', inOrganization(createJoinDecisionForm(deps)))
    .get('/organizations/:slug/architecture/:ref', inOrganization(createEntityPage(deps)))
}
