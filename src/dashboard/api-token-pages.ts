import {
  type ApiTokenIssue,
  type IssuedApiToken,
  type Overlap,
  overlapChoices,
} from '../domain/api-token-issue.ts'
import { lifetimeChoices } from '../domain/api-token-expiry.ts'
import type { ApiTokens } from '../domain/api-tokens.ts'
import { DomainError } from '../domain/errors.ts'
import type { ServiceAccountPolicies } from '../domain/service-account-policy.ts'
import type { ServiceAccount, ServiceAccounts } from '../domain/service-accounts.ts'
import { presentMoment } from '../http/moment.ts'
import { resourceIdentifier } from '../http/resource.ts'
import type { FieldErrors, SelectOption } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentOrganizationFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import { administrationOf, serviceAccountsPath } from './service-account-pages.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface ApiTokenPagesDeps {
  publicUrl: string
  render: Render
  serviceAccounts: ServiceAccounts
  serviceAccountPolicies: ServiceAccountPolicies
  apiTokens: ApiTokens
  apiTokenIssue: ApiTokenIssue
  now: () => number
}

const overlapLabels: Record<Overlap, string> = {
  0: 'It ends at once',
  3600: '1 hour',
  86400: '24 hours',
  604800: '7 days',
}

/** `…/service-accounts/{id}/tokens…`: tokens generated, rotated, revoked. */
export function createApiTokenPages(deps: ApiTokenPagesDeps) {
  const { publicUrl, render, serviceAccounts, serviceAccountPolicies, apiTokenIssue, now } = deps

  async function askNew(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await renderNew(ctx, viewer, {})
  }

  async function generate(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const account = await requireAccount(ctx, viewer)
    const { name = '', addresses = '' } = viewer.form
    const form = { name, addresses, expiry: expiryOf(viewer) }
    await answer(ctx, viewer, {
      account,
      act: () => apiTokenIssue.issue(administrationOf(ctx, viewer), account, form),
      refuse: (errors) => renderNew(ctx, viewer, errors),
    })
  }

  async function askRotation(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await renderRotation(ctx, viewer, {})
  }

  async function rotate(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const account = await requireAccount(ctx, viewer)
    const overlap = overlapChoices.find((choice) => String(choice) === viewer.form['overlap'])
    if (overlap === undefined) throw new DomainError('invalid_input', 'Choose how long the token lives on.')
    const id = ctx.params['token'] ?? ''
    await answer(ctx, viewer, {
      account,
      act: () =>
        apiTokenIssue.rotate(administrationOf(ctx, viewer), id, { overlap, expiry: expiryOf(viewer) }),
      refuse: (errors) => renderRotation(ctx, viewer, errors),
      replacedUntil: now() + overlap * 1000,
    })
  }

  async function revoke(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const account = await requireAccount(ctx, viewer)
    await apiTokenIssue.revoke(administrationOf(ctx, viewer), ctx.params['token'] ?? '')
    seeOther(ctx, withNotice(`${serviceAccountsPath(viewer)}/${account.id}`, 'api-token-revoked'))
  }

  function requireAccount(ctx: PageContext, viewer: OrganizationViewer): Promise<ServiceAccount> {
    return serviceAccounts.require(administrationOf(ctx, viewer), ctx.params['id'] ?? '')
  }

  /** The token stands in the answer to the form itself, since it must be in no address and is never shown again. */
  async function answer(
    ctx: PageContext,
    viewer: OrganizationViewer,
    options: {
      account: ServiceAccount
      act: () => Promise<IssuedApiToken>
      refuse: (errors: FieldErrors) => Promise<void>
      replacedUntil?: number
    },
  ): Promise<void> {
    try {
      renderMade(ctx, viewer, { ...options, issued: await options.act() })
    } catch (error) {
      if (!(error instanceof DomainError && error.field !== undefined)) throw error
      ctx.status = 422
      await options.refuse({ [error.field]: error.message })
    }
  }

  function renderMade(
    ctx: PageContext,
    viewer: OrganizationViewer,
    made: { account: ServiceAccount; issued: IssuedApiToken; replacedUntil?: number },
  ): void {
    const { token, secret } = made.issued
    const url = resourceIdentifier(publicUrl)
    const headers = { Authorization: 'Bearer ${OPENTRACE_API_TOKEN}' }
    render(ctx, 'api-token-made', {
      ...contextOf(ctx, viewer, made.account),
      name: token.name,
      token: secret,
      expiresAt: token.expiresAt === undefined ? undefined : presentMoment(token.expiresAt, now()),
      replacedUntil: made.replacedUntil === undefined ? undefined : presentMoment(made.replacedUntil, now()),
      command: `claude mcp add opentrace --transport http ${url} --header "Authorization: Bearer ${secret}"`,
      projectFile: JSON.stringify(
        { mcpServers: { opentrace: { type: 'http', url, headers } } },
        undefined,
        2,
      ),
    })
  }

  async function renderNew(ctx: PageContext, viewer: OrganizationViewer, errors: FieldErrors): Promise<void> {
    const account = await requireAccount(ctx, viewer)
    const { name = '', addresses = '', date = '' } = viewer.form
    render(ctx, 'new-api-token', {
      ...contextOf(ctx, viewer, account),
      values: { name, addresses, date },
      expiries: await presentExpiries(viewer),
      errors,
    })
  }

  async function renderRotation(
    ctx: PageContext,
    viewer: OrganizationViewer,
    errors: FieldErrors,
  ): Promise<void> {
    const account = await requireAccount(ctx, viewer)
    const { id, name } = await apiTokenIssue.require(administrationOf(ctx, viewer), ctx.params['token'] ?? '')
    const { overlap = '86400', date = '' } = viewer.form
    render(ctx, 'rotate-api-token', {
      ...contextOf(ctx, viewer, account),
      token: { id, name },
      values: { date },
      overlaps: overlapChoices.map((choice) => optionOf(String(choice), overlapLabels[choice], overlap)),
      expiries: await presentExpiries(viewer),
      errors,
    })
  }

  async function presentExpiries({ membership, form }: OrganizationViewer): Promise<SelectOption[]> {
    const { allowsUnlimited } = await serviceAccountPolicies.find(membership.organization.id)
    const { expiry = '90' } = form
    return [
      ...lifetimeChoices.map((days) => optionOf(String(days), `In ${days} days`, expiry)),
      optionOf('date', 'At the end of a day…', expiry),
      ...(allowsUnlimited ? [optionOf('never', 'Never', expiry)] : []),
    ]
  }

  return { askNew, generate, askRotation, rotate, revoke }
}

/** What stands around the pages about tokens of an account. */
function contextOf(ctx: PageContext, viewer: OrganizationViewer, { id, name }: ServiceAccount) {
  const base = serviceAccountsPath(viewer)
  return {
    frame: presentOrganizationFrame(ctx, viewer, 'service-accounts'),
    base,
    account: { name, href: `${base}/${id}` },
  }
}

function expiryOf({ form }: OrganizationViewer): { choice: string; date: string } {
  return { choice: form['expiry'] ?? '', date: form['date'] ?? '' }
}

function optionOf(value: string, label: string, chosen: string): SelectOption {
  return { value, label, selected: value === chosen }
}
