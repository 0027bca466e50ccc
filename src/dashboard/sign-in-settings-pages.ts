import { DomainError } from '../domain/errors.ts'
import type { ActingUser } from '../domain/members.ts'
import {
  NewSignInConnection,
  type OrganizationSignIn,
  type OrganizationSignIns,
  proofName,
} from '../domain/organization-sign-in.ts'
import { redirectPath } from '../http/upstream.ts'
import type { FieldErrors, ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { fieldErrors } from './form-errors.ts'
import { presentOrganizationFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface SignInSettingsPagesDeps {
  publicUrl: string
  render: Render
  organizationSignIns: OrganizationSignIns
}

type Values = ViewData['sign-in-settings']['values']

/** `/organizations/{slug}/settings/sign-in`: the mail domain, its proof, and the provider that signs in its addresses. */
export function createSignInSettingsPages({
  publicUrl,
  render,
  organizationSignIns,
}: SignInSettingsPagesDeps) {
  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await renderForm(ctx, viewer, {}, {})
  }

  async function setDomain(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { domain = '' } = viewer.form
    await change(ctx, viewer, { domain }, (by) =>
      organizationSignIns.setDomain(viewer.membership, domain, by),
    )
  }

  async function verify(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await change(ctx, viewer, {}, (by) => organizationSignIns.verifyDomain(viewer.membership, by))
  }

  async function connect(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { name = '', issuer = '', client_id: clientId = '', client_secret: clientSecret = '' } = viewer.form
    const makesAccounts = viewer.form['makes_accounts'] === 'yes'
    const isRequired = viewer.form['is_required'] === 'yes'
    const typed = { name, issuer, clientId, makesAccounts, isRequired }
    const input = NewSignInConnection.safeParse({ ...typed, clientSecret })
    if (!input.success) {
      ctx.status = 422
      return renderForm(ctx, viewer, typed, fieldErrors(input.error))
    }
    await change(ctx, viewer, typed, (by) => organizationSignIns.connect(viewer.membership, input.data, by))
  }

  async function remove(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await change(ctx, viewer, {}, (by) => organizationSignIns.remove(viewer.membership, by))
  }

  async function change(
    ctx: PageContext,
    viewer: OrganizationViewer,
    typed: Partial<Values>,
    apply: (by: ActingUser) => Promise<void>,
  ): Promise<void> {
    try {
      await apply({ id: viewer.user.id, address: ctx.state.address })
      seeOther(ctx, withNotice(basePathOf(viewer), 'sign-in-saved'))
    } catch (error) {
      if (!(error instanceof DomainError && error.field !== undefined)) throw error
      ctx.status = error.code === 'conflict' ? 409 : 422
      await renderForm(ctx, viewer, typed, { [error.field]: error.message })
    }
  }

  async function renderForm(
    ctx: PageContext,
    viewer: OrganizationViewer,
    typed: Partial<Values>,
    errors: FieldErrors,
  ): Promise<void> {
    const { organization } = viewer.membership
    const saved = await organizationSignIns.find(viewer.membership)
    render(ctx, 'sign-in-settings', {
      frame: presentOrganizationFrame(ctx, viewer, 'settings'),
      base: basePathOf(viewer),
      domain: saved && presentDomain(saved),
      values: { ...valuesOf(saved), ...typed },
      hasSecret: saved?.connection !== undefined,
      redirectUri: publicUrl + redirectPath({ organization }),
      errors,
    })
  }

  return { show, setDomain, verify, connect, remove }
}

function presentDomain({
  domain,
  proof,
  verifiedAt,
}: OrganizationSignIn): ViewData['sign-in-settings']['domain'] {
  return {
    name: domain,
    isProved: verifiedAt !== undefined,
    record: { name: proofName(domain), value: proof },
  }
}

function valuesOf(saved: OrganizationSignIn | undefined): Values {
  const {
    name = '',
    issuer = '',
    clientId = '',
    makesAccounts = true,
    isRequired = false,
  } = saved?.connection ?? {}
  return { domain: saved?.domain ?? '', name, issuer, clientId, makesAccounts, isRequired }
}

function basePathOf({ membership }: OrganizationViewer): string {
  return `/organizations/${membership.organization.slug}/settings/sign-in`
}
