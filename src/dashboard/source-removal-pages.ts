import type { Architecture } from '../architecture/architecture.ts'
import type { AuditLog } from '../domain/audit-log.ts'
import { isAdmin } from '../domain/members.ts'
import type { Render } from '../http/views.ts'
import { presentMoment } from '../http/moment.ts'
import { presentArchitecturePage } from './architecture-frame.ts'
import { createLinks, wholeGraph } from './architecture-links.ts'
import { importerLabels } from './architecture-views.ts'
import { presentDifference } from './difference-views.ts'
import { withNotice } from './frame.ts'
import { mayNotChange } from './import-upload.ts'
import { seeOther } from './redirects.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface SourceRemovalPagesDeps {
  render: Render
  architecture: Architecture
  auditLog: AuditLog
  now: () => number
}

/** `/organizations/{slug}/architecture/sources/{source}/remove`: shows what would go with a source, and asks once. */
export function createSourceRemovalPages({ render, architecture, auditLog, now }: SourceRemovalPagesDeps) {
  async function confirm(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    requireAdmin(viewer)
    const { id } = viewer.membership.organization
    const source = ctx.params['source'] ?? ''
    const { graph } = await architecture.load(id)
    const { difference } = await architecture.removeSource(id, source, { dryRun: true })
    const links = createLinks(viewer, wholeGraph)
    render(ctx, 'remove-source', {
      ...presentArchitecturePage(ctx, viewer, undefined),
      action: `${links.base}/sources/${encodeURIComponent(source)}/remove`,
      source,
      parts: graph.sources
        .filter((part) => part.id === source)
        .map(({ kind, counts, importedAt }) => ({
          kind: importerLabels[kind],
          ...counts,
          importedAt: presentMoment(importedAt, now()),
        })),
      difference: presentDifference(difference, links),
    })
  }

  async function remove(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    requireAdmin(viewer)
    const { id } = viewer.membership.organization
    const source = ctx.params['source'] ?? ''
    const { revision } = await architecture.removeSource(id, source)
    await auditLog.append(id, {
      type: 'architecture.source_removed',
      source,
      revision,
      actor: { kind: 'user', id: viewer.user.id },
      address: ctx.state.address,
    })
    seeOther(ctx, withNotice(createLinks(viewer, wholeGraph).base, 'source-removed'))
  }

  return { confirm, remove }
}

/** @throws {DomainError} `forbidden` */
function requireAdmin({ membership }: OrganizationViewer): void {
  if (!isAdmin(membership.role)) throw mayNotChange()
}
