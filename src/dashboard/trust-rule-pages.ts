import { type CiProvider, ciProviders } from '../domain/ci-identity.ts'
import { DomainError } from '../domain/errors.ts'
import type { ServiceAccounts } from '../domain/service-accounts.ts'
import { TrustRuleForm, type TrustRules, type TrustRuleView } from '../domain/trust-rules.ts'
import { presentMoment } from '../http/moment.ts'
import { resourceIdentifier } from '../http/resource.ts'
import type { TrustRuleRow } from '../http/service-account-view-data.ts'
import type { FieldErrors } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentWorkflows } from './ci-workflows.ts'
import { fieldErrors } from './form-errors.ts'
import { presentOrganizationFrame, withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import { administrationOf, serviceAccountsPath } from './service-account-pages.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface TrustRulePagesDeps {
  publicUrl: string
  render: Render
  serviceAccounts: ServiceAccounts
  trustRules: TrustRules
  now: () => number
}

const labels: Record<CiProvider, string> = {
  github: 'GitHub Actions, also of an Enterprise Server',
  gitlab: 'GitLab CI, also of your own GitLab',
}

/** `…/service-accounts/{id}/trust`: which CI jobs may act as a service account. */
export function createTrustRulePages(deps: TrustRulePagesDeps) {
  const { publicUrl, render, serviceAccounts, trustRules, now } = deps

  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await renderRules(ctx, viewer, {})
  }

  async function add(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const by = administrationOf(ctx, viewer)
    const account = await serviceAccounts.require(by, ctx.params['id'] ?? '')
    const parsed = TrustRuleForm.safeParse({ provider: viewer.form['provider'], ...typedIn(viewer) })
    try {
      if (parsed.success) {
        await trustRules.add(by, account, parsed.data)
        return seeOther(ctx, withNotice(ctx.path, 'trust-rule-added'))
      }
      ctx.status = 422
      await renderRules(ctx, viewer, fieldErrors(parsed.error))
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'conflict')) throw error
      ctx.status = 409
      await renderRules(ctx, viewer, { form: error.message })
    }
  }

  async function remove(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const by = administrationOf(ctx, viewer)
    const account = await serviceAccounts.require(by, ctx.params['id'] ?? '')
    await trustRules.remove(by, account, ctx.params['rule'] ?? '')
    seeOther(ctx, withNotice(`${serviceAccountsPath(viewer)}/${account.id}/trust`, 'trust-rule-removed'))
  }

  async function renderRules(ctx: PageContext, viewer: OrganizationViewer, errors: FieldErrors) {
    const account = await serviceAccounts.require(administrationOf(ctx, viewer), ctx.params['id'] ?? '')
    const base = serviceAccountsPath(viewer)
    const rules = await trustRules.list(account.id)
    const { provider: chosen = 'github' } = viewer.form
    render(ctx, 'trust-rules', {
      frame: presentOrganizationFrame(ctx, viewer, 'service-accounts'),
      base,
      account: { name: account.name, href: `${base}/${account.id}` },
      rules: rules.map((rule) => presentRule(rule, now())),
      providers: ciProviders.map((value) => ({ value, label: labels[value], selected: value === chosen })),
      publicUrl,
      workflows: presentWorkflows({
        publicUrl,
        resource: resourceIdentifier(publicUrl, viewer.membership.organization.slug),
        serviceAccountId: account.id,
      }),
      values: typedIn(viewer),
      errors,
    })
  }

  return { show, add, remove }
}

function typedIn({ form }: OrganizationViewer) {
  const { issuer = '', repository = '', ref = '', environment = '', audience = '' } = form
  return { issuer, repository, repositoryId: form['repository_id'] ?? '', ref, environment, audience }
}

function presentRule(rule: TrustRuleView, now: number): TrustRuleRow {
  const { id, repository, repositoryId, issuer, ref, environment, audience, createdAt, lastUsedAt } = rule
  return {
    id,
    repository,
    repositoryId,
    issuer,
    ref: ref?.replace(/^refs\/heads\//, ''),
    environment,
    audience,
    createdAt: presentMoment(createdAt, now),
    lastUsedAt: lastUsedAt === undefined ? undefined : presentMoment(lastUsedAt, now),
  }
}
