import type { Architecture } from '../architecture/architecture.ts'
import { presentImport } from '../architecture/import-record.ts'
import type { AuditLog } from '../domain/audit-log.ts'
import type { FirstRun } from '../domain/first-run.ts'
import { NewOrganization, suggestSlug } from '../domain/organizations.ts'
import { NewUser } from '../domain/users.ts'
import { readForm } from '../http/body.ts'
import type { Csrf } from '../http/csrf.ts'
import type { SignIns } from '../http/sign-ins.ts'
import type { FieldErrors, ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { fieldErrors } from './form-errors.ts'
import { seeOther } from './redirects.ts'
import type { PageContext } from './viewer.ts'

export interface SetupPageDeps {
  render: Render
  csrf: Csrf
  signIns: SignIns
  firstRun: FirstRun
  architecture: Architecture
  auditLog: AuditLog
}

const purpose = 'setup'

/** `/setup?token=…`: the owner's account and the first organization, once. */
export function createSetupPage(deps: SetupPageDeps) {
  const { render, csrf, signIns, firstRun, architecture, auditLog } = deps

  async function show(ctx: PageContext): Promise<void> {
    await firstRun.requireToken(tokenOf(ctx))
    renderForm(ctx, { name: '', email: '', organization: '', slug: '', sample: false }, {})
  }

  async function submit(ctx: PageContext): Promise<void> {
    const form = await readForm(ctx.req)
    csrf.check(ctx, purpose, form)
    await firstRun.requireToken(tokenOf(ctx))
    const values = parseValues(form)
    const user = NewUser.safeParse({ ...values, password: form['password'] ?? '' })
    const organization = NewOrganization.safeParse({
      name: values.organization,
      slug: values.slug || suggestSlug(values.organization),
    })
    if (!user.success || !organization.success) {
      ctx.status = 422
      const { name, slug } = fieldErrors(organization.error)
      return renderForm(ctx, values, {
        ...fieldErrors(user.error),
        ...(name !== undefined && { organization: name }),
        // Without a usable name there is nothing to make a slug from, and one complaint is enough.
        ...(slug !== undefined && (values.slug !== '' || name === undefined) && { slug }),
      })
    }
    const made = await firstRun.complete({ user: user.data, organization: organization.data })
    // Signed in before the sample is imported: should that fail, the owner is not locked out and can repeat it.
    await signIns.start(ctx, made.user, { amr: ['pwd'] })
    if (values.sample) {
      const imported = await architecture.importSample(made.organization.id)
      const actor = { kind: 'user', id: made.user.id } as const
      const by = { actor, address: ctx.state.address }
      await auditLog.append(made.organization.id, presentImport(imported, by))
    }
    seeOther(ctx, `/organizations/${made.organization.slug}/connect`)
  }

  function renderForm(ctx: PageContext, values: ViewData['setup']['values'], errors: FieldErrors): void {
    render(ctx, 'setup', { action: ctx.url, csrf: csrf.token(ctx, purpose), values, errors })
  }

  return { show, submit }
}

function tokenOf(ctx: PageContext): string {
  const { token } = ctx.query
  return typeof token === 'string' ? token : ''
}

function parseValues(form: Record<string, string>): ViewData['setup']['values'] {
  return {
    name: form['name'] ?? '',
    email: form['email'] ?? '',
    organization: form['organization'] ?? '',
    slug: form['slug'] ?? '',
    sample: (form['sample'] ?? '') !== '',
  }
}
