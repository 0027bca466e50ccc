import type { LoadedGraph } from '../architecture/loading.ts'
import { isAdmin } from '../domain/members.ts'
import type { ArchitecturePage, ScopeView } from '../http/architecture-view-data.ts'
import { presentMoment } from '../http/moment.ts'
import { type ArchitectureLinks, createLinks, type Parameters, wholeGraph } from './architecture-links.ts'
import { presentCause } from './architecture-views.ts'
import { presentOrganizationFrame } from './frame.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

/** A page of its own beside the others. */
export type ArchitectureTab =
  'overview' | 'entities' | 'diagram' | 'paths' | 'impact' | 'changes' | 'import' | undefined

/** A graph with what a choice among all graphs needs to know. */
export interface ScopedGraph {
  loaded: LoadedGraph
  /** The newest, which knows all revisions. */
  newest: LoadedGraph
}

const tabs: [tab: ArchitectureTab, label: string, page: string][] = [
  ['overview', 'Overview', ''],
  ['entities', 'Entities', 'entities'],
  ['diagram', 'Diagram', 'diagram'],
  ['paths', 'Paths', 'paths'],
  ['impact', 'Impact', 'impact'],
  ['changes', 'Changes', 'changes'],
]

/** What stands around a page about an architecture. @param scope Absent where no graph is looked at. */
export function presentArchitecturePage(
  ctx: PageContext,
  viewer: OrganizationViewer,
  tab: ArchitectureTab,
  scope?: ScopeView,
  links: ArchitectureLinks = createLinks(viewer, wholeGraph),
): ArchitecturePage {
  return {
    frame: presentOrganizationFrame(ctx, viewer, 'architecture'),
    base: links.base,
    administers: isAdmin(viewer.membership.role),
    tabs: tabs.map(([id, label, page]) => ({ label, href: links.to(page), isCurrent: id === tab })),
    scope,
  }
}

/**
 * The form that chooses another graph for the same page.
 * @param keeps Parameters that stay as they are.
 */
export function presentScope(
  { loaded, newest }: ScopedGraph,
  links: ArchitectureLinks,
  { page, keeps, now }: { page: string; keeps: Parameters; now: number },
): ScopeView {
  const { environment } = links.scope
  const isFormer = loaded.graph.revision !== newest.graph.revision
  return {
    action: `${links.base}${page === '' ? '' : `/${page}`}`,
    keeps: Object.entries(keeps).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [{ name, value: String(value) }],
    ),
    environments:
      newest.environments.length === 0 && environment === undefined
        ? []
        : [
            { value: '', label: 'All environments', selected: environment === undefined },
            ...newest.environments.map((name) => ({
              value: name,
              label: name,
              selected: name === environment?.toLowerCase(),
            })),
          ],
    revisions: [
      { value: '', label: `Newest (revision ${newest.graph.revision})`, selected: !isFormer },
      ...newest.history.toReversed().map((record) => ({
        value: String(record.revision),
        label: `Revision ${record.revision}, ${presentMoment(record.at, now).relative}: ${presentCause(record)}`,
        selected: isFormer && record.revision === loaded.graph.revision,
      })),
    ],
    former: isFormer
      ? {
          revision: loaded.graph.revision,
          newestHref: createNewestHref(links, page, keeps),
        }
      : undefined,
  }
}

function createNewestHref(links: ArchitectureLinks, page: string, keeps: Parameters): string {
  const query = links.to(page, keeps).split('?')[1] ?? ''
  const parameters = new URLSearchParams(query)
  parameters.delete('as_of')
  const rest = parameters.toString()
  return `${links.base}${page === '' ? '' : `/${page}`}${rest === '' ? '' : `?${rest}`}`
}
