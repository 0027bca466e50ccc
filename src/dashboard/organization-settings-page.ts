import { DomainError } from '../domain/errors.ts'
import { isAdmin } from '../domain/members.ts'
import type { OrganizationNames } from '../domain/organization-names.ts'
import { NewOrganization } from '../domain/organizations.ts'
import { resourceIdentifier } from '../http/resource.ts'
import type { ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { fieldErrors } from './form-errors.ts'
import { presentOrganizationFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface OrganizationSettingsPageDeps {
  publicUrl: string
  render: Render
  organizationNames: OrganizationNames
}

type Form = Pick<ViewData['organization-settings'], 'values' | 'errors'>

/**
 * `/organizations/{slug}/settings`: name and addresses. Further sections are pages of their own beside it, each named in
 * `views/partials/settings-sections.eta`.
 */
export function createOrganizationSettingsPage(deps: OrganizationSettingsPageDeps) {
  const { publicUrl, render, organizationNames } = deps

  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { name, slug } = viewer.membership.organization
    renderForm(ctx, viewer, { values: { name, slug }, errors: {} })
  }

  async function rename(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { name = '', slug = '' } = viewer.form
    const refuse = (errors: Form['errors']) => {
      ctx.status = 422
      renderForm(ctx, viewer, { values: { name, slug }, errors })
    }
    const input = NewOrganization.safeParse({ name, slug })
    if (!input.success) return refuse(fieldErrors(input.error))
    const by = { id: viewer.user.id, address: ctx.state.address }
    try {
      const renamed = await organizationNames.rename(viewer.membership, input.data, by)
      seeOther(ctx, withNotice(`/organizations/${renamed.slug}/settings`, 'organization-renamed'))
    } catch (error) {
      if (!(error instanceof DomainError && error.field !== undefined)) throw error
      refuse({ [error.field]: error.message })
    }
  }

  function renderForm(ctx: PageContext, viewer: OrganizationViewer, form: Form): void {
    const { organization, role } = viewer.membership
    render(ctx, 'organization-settings', {
      ...form,
      frame: presentOrganizationFrame(ctx, viewer, 'settings'),
      administers: isAdmin(role),
      owns: role === 'owner',
      endpoint: resourceIdentifier(publicUrl, organization.slug),
      formerSlugs: organization.formerSlugs ?? [],
    })
  }

  return { show, rename }
}
