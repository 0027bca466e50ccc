import type { Architecture, ImportResult } from '../architecture/architecture.ts'
import { importers } from '../architecture/importers/importers.ts'
import { presentImport } from '../architecture/import-record.ts'
import { importerTypes } from '../architecture/model.ts'
import type { PendingImport, PendingImports, PendingOwner } from '../architecture/pending-imports.ts'
import type { AuditLog } from '../domain/audit-log.ts'
import { DomainError } from '../domain/errors.ts'
import { isAdmin } from '../domain/members.ts'
import type { UploadLimit } from '../http/upload-limit.ts'
import type { FieldErrors } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentArchitecturePage } from './architecture-frame.ts'
import { createLinks, wholeGraph } from './architecture-links.ts'
import { withNotice } from './frame.ts'
import { filesOf, mayNotChange, uploadLimits } from './import-upload.ts'
import { presentReview } from './import-review.ts'
import { seeOther } from './redirects.ts'
import { importCommand } from './source-views.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ImportPagesDeps {
  render: Render
  architecture: Architecture
  pendingImports: PendingImports
  auditLog: AuditLog
  uploadLimit: UploadLimit
}

/**
 * `/organizations/{slug}/architecture/import`: files are sent once, looked at for what they would change, and imported
 * when somebody says so.
 */
export function createImportPages({
  render,
  architecture,
  pendingImports,
  auditLog,
  uploadLimit,
}: ImportPagesDeps) {
  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await renderForm(ctx, viewer)
  }

  /** Takes the files and shows on the next page what they would change. */
  async function upload(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    requireAdmin(viewer)
    const { form } = viewer
    await uploadLimit(viewer.user.id)
    try {
      const pending: PendingImport = {
        files: filesOf(viewer.files),
        source: form['source']?.trim() || undefined,
        type: importerTypes.find((type) => type === form['type']),
        environment: form['environment']?.trim() || undefined,
      }
      if (pending.files.length === 0)
        throw new DomainError('invalid_input', 'Choose at least one file.', { field: 'files' })
      // Refused here, where what was typed can be corrected.
      await tryImport(viewer, pending)
      const name = await pendingImports.keep(ownerOf(viewer), pending)
      seeOther(ctx, `${basePath(viewer)}/import/review?upload=${name}`)
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      ctx.status = 422
      await renderForm(ctx, viewer, { [error.field ?? 'files']: error.message })
    }
  }

  async function review(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    requireAdmin(viewer)
    const name = String(ctx.query['upload'] ?? '')
    const pending = await pendingImports.find(ownerOf(viewer), name)
    renderReview(ctx, viewer, { name, pending, result: await tryImport(viewer, pending), isStale: false })
  }

  /** Imports what was looked at, unless it would change something else by now. */
  async function apply(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    requireAdmin(viewer)
    const { organization } = viewer.membership
    const { upload: name = '', revision } = viewer.form
    const pending = await pendingImports.find(ownerOf(viewer), name)
    const imported = await importAt(organization.id, pending, Number(revision))
    if (imported === undefined) {
      ctx.status = 409
      const result = await tryImport(viewer, pending)
      return renderReview(ctx, viewer, { name, pending, result, isStale: true })
    }
    await pendingImports.drop(ownerOf(viewer))
    const actor = { kind: 'user', id: viewer.user.id } as const
    await auditLog.append(organization.id, presentImport(imported, { actor, address: ctx.state.address }))
    seeOther(
      ctx,
      withNotice(basePath(viewer), imported.changed ? 'architecture-imported' : 'architecture-unchanged'),
    )
  }

  /** @returns undefined when it is not the newest revision any more */
  async function importAt(
    organizationId: string,
    { files, ...how }: PendingImport,
    ifRevision: number,
  ): Promise<ImportResult | undefined> {
    try {
      return await architecture.importFiles(organizationId, files, { ...how, ifRevision })
    } catch (error) {
      if (error instanceof DomainError && error.code === 'conflict') return undefined
      throw error
    }
  }

  async function tryImport({ membership }: OrganizationViewer, { files, ...how }: PendingImport) {
    return architecture.importFiles(membership.organization.id, files, { ...how, dryRun: true })
  }

  async function renderForm(
    ctx: PageContext,
    viewer: OrganizationViewer,
    errors: FieldErrors = {},
  ): Promise<void> {
    const { graph, environments } = await architecture.load(viewer.membership.organization.id)
    const { source = String(ctx.query['source'] ?? '').slice(0, 63), environment = '', type } = viewer.form
    render(ctx, 'architecture-import', {
      ...presentArchitecturePage(ctx, viewer, 'import'),
      action: `${basePath(viewer)}/import`,
      values: { source, environment },
      types: [
        { value: '', label: 'Each file tells by itself', selected: !type },
        ...importers.map((importer) => ({
          value: importer.type,
          label: importer.title,
          selected: importer.type === type,
        })),
      ],
      sources: [...new Set(graph.sources.map(({ id }) => id))],
      environments: [...environments],
      errors,
      titles: importers.map(({ title }) => title),
      limits: {
        files: uploadLimits.files.toLocaleString('en'),
        fileSize: `${uploadLimits.fileBytes / 1024 / 1024} MB`,
        totalSize: `${uploadLimits.totalBytes / 1024 / 1024} MB`,
      },
      importCommand: importCommand(viewer.membership.organization.slug),
    })
  }

  function renderReview(
    ctx: PageContext,
    viewer: OrganizationViewer,
    shown: { name: string; pending: PendingImport; result: ImportResult; isStale: boolean },
  ): void {
    const { name, pending, result, isStale } = shown
    render(ctx, 'review-import', {
      ...presentArchitecturePage(ctx, viewer, 'import'),
      ...presentReview(result, createLinks(viewer, wholeGraph)),
      action: `${basePath(viewer)}/import/apply`,
      upload: name,
      revision: revisionBefore(result),
      isStale,
      environment: pending.environment,
      importHref: `${basePath(viewer)}/import`,
    })
  }

  return { show, upload, review, apply }
}

/** The revision that was compared with. */
function revisionBefore({ revision, changed }: ImportResult): number {
  return changed ? revision - 1 : revision
}

function requireAdmin({ membership }: OrganizationViewer): void {
  if (!isAdmin(membership.role)) throw mayNotChange()
}

function ownerOf({ membership, user }: OrganizationViewer): PendingOwner {
  return { organizationId: membership.organization.id, userId: user.id }
}

function basePath({ membership }: OrganizationViewer): string {
  return `/organizations/${membership.organization.slug}/architecture`
}
