import { administrationBy } from '../domain/administration.ts'
import { apiTokenPattern } from '../domain/api-token-format.ts'
import type { ApiTokens } from '../domain/api-tokens.ts'
import { DomainError } from '../domain/errors.ts'
import type { Members } from '../domain/members.ts'
import type { ServiceAccountPolicies } from '../domain/service-account-policy.ts'
import { ServiceAccountForm, type ServiceAccounts } from '../domain/service-accounts.ts'
import type { Users } from '../domain/users.ts'
import type { FieldErrors } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { fieldErrors } from './form-errors.ts'
import { presentOrganizationFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import { findMakers } from './service-account-people.ts'
import { presentApiToken, presentScopeChoices, presentServiceAccount } from './service-account-views.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ServiceAccountPagesDeps {
  render: Render
  serviceAccounts: ServiceAccounts
  serviceAccountPolicies: ServiceAccountPolicies
  apiTokens: ApiTokens
  users: Users
  members: Members
  now: () => number
}

/** `/organizations/{slug}/service-accounts`: the members that are no people, for administrators. */
export function createServiceAccountPages(deps: ServiceAccountPagesDeps) {
  const { render, serviceAccounts, serviceAccountPolicies, apiTokens, now } = deps

  async function list(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { organization } = administrationOf(ctx, viewer)
    const [accounts, tokens, policy] = await Promise.all([
      serviceAccounts.list(organization.id),
      apiTokens.list('organization', organization.id),
      serviceAccountPolicies.find(organization.id),
    ])
    const findMaker = await findMakers(
      deps,
      organization.id,
      accounts.map(({ createdBy }) => createdBy),
    )
    const base = serviceAccountsPath(viewer)
    render(ctx, 'service-accounts', {
      frame: presentOrganizationFrame(ctx, viewer, 'service-accounts'),
      base,
      accounts: accounts.map((account) => {
        const own = tokens.filter(({ serviceAccountId }) => serviceAccountId === account.id)
        return presentServiceAccount(account, own, { base, findMaker, now: now() })
      }),
      policy,
      owns: viewer.membership.role === 'owner',
      pattern: apiTokenPattern,
    })
  }

  async function askNew(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    administrationOf(ctx, viewer)
    renderNew(ctx, viewer, {})
  }

  async function create(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const by = administrationOf(ctx, viewer)
    await submit(ctx, viewer, {
      act: async (form) => {
        const { id } = await serviceAccounts.create(by, form)
        return withNotice(`${serviceAccountsPath(viewer)}/${id}`, 'service-account-created')
      },
      refuse: (errors) => renderNew(ctx, viewer, errors),
    })
  }

  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await renderAccount(ctx, viewer, {})
  }

  async function describe(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const by = administrationOf(ctx, viewer)
    const id = ctx.params['id'] ?? ''
    await submit(ctx, viewer, {
      act: async (form) => {
        await serviceAccounts.describe(by, id, form)
        return withNotice(`${serviceAccountsPath(viewer)}/${id}`, 'service-account-saved')
      },
      refuse: (errors) => renderAccount(ctx, viewer, errors),
    })
  }

  function renderNew(ctx: PageContext, viewer: OrganizationViewer, errors: FieldErrors): void {
    const { name = '', description = '', scopes = '' } = viewer.form
    render(ctx, 'new-service-account', {
      frame: presentOrganizationFrame(ctx, viewer, 'service-accounts'),
      base: serviceAccountsPath(viewer),
      values: { name, description },
      scopeChoices: presentScopeChoices(scopes),
      errors,
    })
  }

  async function renderAccount(ctx: PageContext, viewer: OrganizationViewer, errors: FieldErrors) {
    const by = administrationOf(ctx, viewer)
    const account = await serviceAccounts.require(by, ctx.params['id'] ?? '')
    const tokens = (await apiTokens.list('account', account.id)).toReversed()
    const actors = [account, ...tokens].map(({ createdBy }) => createdBy)
    const findMaker = await findMakers(deps, by.organization.id, actors)
    const base = serviceAccountsPath(viewer)
    const rows = tokens.map((token) => presentApiToken(token, { findMaker, now: now() }))
    const { name = account.name, description = account.description } = viewer.form
    const { scopes = account.scopes.join(' ') } = viewer.form
    render(ctx, 'service-account', {
      frame: presentOrganizationFrame(ctx, viewer, 'service-accounts'),
      base,
      account: presentServiceAccount(account, tokens, { base, findMaker, now: now() }),
      tokens: rows.filter(({ isLive }) => isLive),
      endedTokens: rows.filter(({ isLive }) => !isLive),
      values: { name, description },
      scopeChoices: presentScopeChoices(scopes),
      errors,
    })
  }

  async function disable(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const id = ctx.params['id'] ?? ''
    await serviceAccounts.disable(administrationOf(ctx, viewer), id)
    seeOther(ctx, withNotice(`${serviceAccountsPath(viewer)}/${id}`, 'service-account-disabled'))
  }

  async function enable(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const id = ctx.params['id'] ?? ''
    await serviceAccounts.enable(administrationOf(ctx, viewer), id)
    seeOther(ctx, withNotice(`${serviceAccountsPath(viewer)}/${id}`, 'service-account-enabled'))
  }

  async function remove(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await serviceAccounts.remove(administrationOf(ctx, viewer), ctx.params['id'] ?? '')
    seeOther(ctx, withNotice(serviceAccountsPath(viewer), 'service-account-deleted'))
  }

  /** Fields `unlimited` and `leavers`, each present for yes. */
  async function changePolicy(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const by = { id: viewer.user.id, address: ctx.state.address }
    await serviceAccountPolicies.change(viewer.membership, by, {
      allowsUnlimited: viewer.form['unlimited'] !== undefined,
      endsWithMaker: viewer.form['leavers'] !== undefined,
    })
    seeOther(ctx, withNotice(serviceAccountsPath(viewer), 'token-policy-changed'))
  }

  return { list, askNew, create, show, describe, disable, enable, remove, changePolicy }
}

/** Takes the form of an account. @param act gives the path to go on at */
async function submit(
  ctx: PageContext,
  viewer: OrganizationViewer,
  {
    act,
    refuse,
  }: {
    act: (form: ServiceAccountForm) => Promise<string>
    refuse: (errors: FieldErrors) => void | Promise<void>
  },
): Promise<void> {
  const { name = '', description = '', scopes } = viewer.form
  const parsed = ServiceAccountForm.safeParse({ name, description, scopes })
  try {
    if (parsed.success) return seeOther(ctx, await act(parsed.data))
    ctx.status = 422
    await refuse(fieldErrors(parsed.error))
  } catch (error) {
    if (!(error instanceof DomainError && error.field !== undefined)) throw error
    ctx.status = 409
    await refuse({ [error.field]: error.message })
  }
}

/** The viewer as an administrator. @throws {DomainError} `forbidden` for members */
export function administrationOf(ctx: PageContext, { membership, user }: OrganizationViewer) {
  return administrationBy(membership, user, ctx.state.address)
}

/** Where the service accounts of the viewer's organization are. */
export function serviceAccountsPath({ membership }: OrganizationViewer): string {
  return `/organizations/${membership.organization.slug}/service-accounts`
}
