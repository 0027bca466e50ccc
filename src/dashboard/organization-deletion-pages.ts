import type { ClientSessions } from '../domain/client-sessions.ts'
import { DomainError } from '../domain/errors.ts'
import { type OrganizationDeletion, restorableForDays } from '../domain/organization-deletion.ts'
import { presentMoment } from '../http/moment.ts'
import type { FieldErrors } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentFrame, presentOrganizationFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface OrganizationDeletionPagesDeps {
  render: Render
  clientSessions: ClientSessions
  organizationDeletion: OrganizationDeletion
  now: () => number
}

export type OrganizationDeletionPages = ReturnType<typeof createOrganizationDeletionPages>

/** Deleting an organization, what is shown in its place afterwards, and bringing it back. */
export function createOrganizationDeletionPages(deps: OrganizationDeletionPagesDeps) {
  const { render, clientSessions, organizationDeletion, now } = deps

  /** `GET /organizations/{slug}/settings/delete` */
  async function confirm(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await renderForm(ctx, viewer, '', {})
  }

  /** `POST /organizations/{slug}/settings/delete` with `name` */
  async function submit(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const typed = viewer.form['name'] ?? ''
    try {
      await organizationDeletion.remove(viewer.membership, typed, authorOf(ctx, viewer))
    } catch (error) {
      if (!(error instanceof DomainError && error.field !== undefined)) throw error
      ctx.status = 422
      return renderForm(ctx, viewer, typed, { [error.field]: error.message })
    }
    seeOther(ctx, `/organizations/${viewer.membership.organization.slug}`)
  }

  /** @throws {DomainError} `forbidden` for whoever is no owner */
  async function renderForm(
    ctx: PageContext,
    viewer: OrganizationViewer,
    typed: string,
    errors: FieldErrors,
  ): Promise<void> {
    const { organization, role } = viewer.membership
    if (role !== 'owner')
      throw new DomainError('forbidden', 'Only owners delete an organization. Ask one of yours.')
    const { length } = await clientSessions.listLive('organization', organization.id)
    render(ctx, 'delete-organization', {
      frame: presentOrganizationFrame(ctx, viewer, 'settings'),
      name: organization.name,
      sessions: length === 1 ? '1 client session' : `${length} client sessions`,
      typed,
      errors,
      graceDays: restorableForDays,
    })
  }

  /** In place of every page of the organization, for its members: RFC 9110 §15.5.11. */
  async function showDeleted(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { organization, role } = viewer.membership
    ctx.status = 410
    render(ctx, 'deleted-organization', {
      frame: presentFrame(viewer),
      slug: organization.slug,
      name: organization.name,
      owns: role === 'owner',
      deletedAt: presentMoment(organization.deletion?.at ?? now(), now()),
      dueAt: presentMoment(organization.deletion?.dueAt ?? now(), now()),
    })
  }

  /** `POST /organizations/{slug}/restore` */
  async function restore(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { slug } = await organizationDeletion.restore(viewer.membership, authorOf(ctx, viewer))
    seeOther(ctx, withNotice(`/organizations/${slug}`, 'organization-restored'))
  }

  return { confirm, submit, showDeleted, restore }
}

function authorOf(ctx: PageContext, { user }: OrganizationViewer) {
  return { id: user.id, address: ctx.state.address }
}
