import { DomainError } from '../domain/errors.ts'
import type { OrganizationNames } from '../domain/organization-names.ts'
import { NewOrganization, suggestSlug } from '../domain/organizations.ts'
import type { OrganizationLimit } from '../http/organization-limit.ts'
import type { FieldErrors, ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { fieldErrors } from './form-errors.ts'
import { presentFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import { parseReturnPath } from './return-path.ts'
import type { PageContext, Viewer } from './viewer.ts'

export interface NewOrganizationPageDeps {
  render: Render
  organizationLimit: OrganizationLimit
  organizationNames: OrganizationNames
}

/** `/account/organizations/new`: a further organization, whose first owner is the viewer. */
export function createNewOrganizationPage({
  render,
  organizationLimit,
  organizationNames,
}: NewOrganizationPageDeps) {
  async function show(ctx: PageContext, viewer: Viewer): Promise<void> {
    requirePermission(viewer)
    const { return_to: given } = ctx.query
    const returnTo = typeof given === 'string' ? given : undefined
    renderForm(ctx, viewer, { values: { name: '', slug: '' }, errors: {}, returnTo })
  }

  async function submit(ctx: PageContext, viewer: Viewer): Promise<void> {
    requirePermission(viewer)
    const { name = '', slug = '', return_to: returnTo } = viewer.form
    const refuse = (errors: FieldErrors) => {
      ctx.status = 422
      renderForm(ctx, viewer, { values: { name, slug: slug || suggestSlug(name) }, errors, returnTo })
    }
    const input = NewOrganization.safeParse({ name, slug: slug || suggestSlug(name) })
    if (!input.success) return refuse(fieldErrors(input.error))
    await organizationLimit(viewer.user.id)
    try {
      const by = { actor: { kind: 'user' as const, id: viewer.user.id }, address: ctx.state.address }
      const made = await organizationNames.create(viewer.user, input.data, by)
      const home = withNotice(`/organizations/${made.slug}`, 'organization-created')
      seeOther(ctx, parseReturnPath(returnTo) ?? home)
    } catch (error) {
      if (!(error instanceof DomainError && error.field !== undefined)) throw error
      refuse({ [error.field]: error.message })
    }
  }

  function renderForm(
    ctx: PageContext,
    viewer: Viewer,
    form: Omit<ViewData['new-organization'], 'frame' | 'returnTo'> & { returnTo: string | undefined },
  ): void {
    const returnTo = parseReturnPath(form.returnTo)
    render(ctx, 'new-organization', { ...form, frame: presentFrame(viewer), returnTo })
  }

  return { show, submit }
}

/** @throws {DomainError} `forbidden` where only the operator creates organizations */
function requirePermission({ mayCreateOrganizations }: Viewer): void {
  if (!mayCreateOrganizations) {
    throw new DomainError('forbidden', 'Only whoever runs this server creates organizations here. Ask them.')
  }
}
