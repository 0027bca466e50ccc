import type { Architecture } from '../architecture/architecture.ts'
import type { ScopedGraph } from './architecture-frame.ts'
import { type ArchitectureLinks, createLinks, parseScope } from './architecture-links.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

/** The graph a page is asked to show, and the addresses that stay with it. */
export interface ChosenGraph extends ScopedGraph {
  links: ArchitectureLinks
}

/**
 * Loads what the query of a page chooses.
 * @throws {DomainError} `not_found` or `invalid_input` for a revision or environment that there is not
 */
export async function chooseGraph(
  architecture: Architecture,
  ctx: PageContext,
  viewer: OrganizationViewer,
): Promise<ChosenGraph> {
  const scope = parseScope(ctx.query)
  const { id } = viewer.membership.organization
  const [newest, loaded] = await Promise.all([architecture.load(id), architecture.load(id, scope)])
  return { newest, loaded, links: createLinks(viewer, scope) }
}
