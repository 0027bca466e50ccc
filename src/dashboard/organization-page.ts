import type { Architecture } from '../architecture/architecture.ts'
import { presentImport } from '../architecture/import-record.ts'
import type { Graph } from '../architecture/model.ts'
import type { AuditLog } from '../domain/audit-log.ts'
import type { ClientSessions } from '../domain/client-sessions.ts'
import { DomainError } from '../domain/errors.ts'
import { isAdmin } from '../domain/members.ts'
import type { ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentOrganizationFrame, withNotice } from './frame.ts'
import { presentMoment } from '../http/moment.ts'
import { seeOther } from './redirects.ts'
import { importCommand } from './source-views.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface OrganizationPageDeps {
  render: Render
  clientSessions: ClientSessions
  architecture: Architecture
  auditLog: AuditLog
  now: () => number
}

/** `/organizations/{slug}`: what is known, since when, who is connected, and the next step where something is missing. */
export function createOrganizationPage(deps: OrganizationPageDeps) {
  const { render, clientSessions, architecture, auditLog, now } = deps

  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { organization, role } = viewer.membership
    const [{ graph }, sessions] = await Promise.all([
      architecture.load(organization.id),
      clientSessions.listFor(viewer.membership, viewer.user.id),
    ])
    render(ctx, 'organization', {
      frame: presentOrganizationFrame(ctx, viewer, 'overview'),
      administers: isAdmin(role),
      invitesToConnect: !sessions.some(({ userId }) => userId === viewer.user.id),
      sessions: sessions.length,
      seesAllSessions: isAdmin(role),
      graph: graph.sources.length === 0 ? undefined : presentGraph(graph, now()),
      importCommand: importCommand(organization.slug),
    })
  }

  /** @throws {DomainError} `forbidden` for members without an administering role */
  async function importSample(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { organization, role } = viewer.membership
    if (!isAdmin(role)) {
      throw new DomainError('forbidden', 'Only administrators import an architecture. Ask one of yours.')
    }
    const imported = await architecture.importSample(organization.id)
    const actor = { kind: 'user', id: viewer.user.id } as const
    const by = { actor, address: ctx.state.address }
    await auditLog.append(organization.id, presentImport(imported, by))
    seeOther(ctx, withNotice(`/organizations/${organization.slug}`, 'sample-imported'))
  }

  return { show, importSample }
}

function presentGraph(graph: Graph, now: number): NonNullable<ViewData['organization']['graph']> {
  return {
    entities: graph.entities.length,
    relations: graph.relations.length,
    unresolved: graph.entities.filter(({ kind }) => kind === 'unresolved').length,
    sources: graph.sources.map((source) => ({
      id: source.id,
      kind: source.kind,
      importedAt: presentMoment(source.importedAt, now),
      files: source.files,
      ...source.counts,
    })),
  }
}
