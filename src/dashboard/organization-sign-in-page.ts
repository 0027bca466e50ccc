import type { OrganizationSignIns } from '../domain/organization-sign-in.ts'
import { domainOf } from '../domain/provided-accounts.ts'
import { NewUser } from '../domain/users.ts'
import { readForm } from '../http/body.ts'
import type { Csrf } from '../http/csrf.ts'
import { presentProvider } from '../http/upstream.ts'
import type { ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { parseReturnPath } from './return-path.ts'
import type { PageContext } from './viewer.ts'

export interface OrganizationSignInPageDeps {
  render: Render
  csrf: Csrf
  organizationSignIns: OrganizationSignIns
}

const purpose = 'organization-sign-in'

/**
 * `/sign-in/organization`: leads from an e-mail address to the provider of its organization. The answer depends on the
 * mail domain alone, so that nobody learns from it who has an account.
 */
export function createOrganizationSignInPage({
  render,
  csrf,
  organizationSignIns,
}: OrganizationSignInPageDeps) {
  async function show(ctx: PageContext): Promise<void> {
    const { return_to: given } = ctx.query
    const returnTo = parseReturnPath(typeof given === 'string' ? given : undefined) ?? '/'
    renderForm(ctx, { email: '', returnTo, errors: {}, provider: undefined })
  }

  async function submit(ctx: PageContext): Promise<void> {
    const form = await readForm(ctx.req)
    csrf.check(ctx, purpose, form)
    const email = form['email'] ?? ''
    const returnTo = parseReturnPath(form['return_to']) ?? '/'
    const refuse = (message: string) => {
      ctx.status = 422
      renderForm(ctx, { email, returnTo, errors: { email: message }, provider: undefined })
    }
    const address = NewUser.shape.email.safeParse(email.trim())
    if (!address.success) return refuse('Enter an e-mail address such as ada@example.com.')
    const domain = domainOf(address.data)
    const provider = await organizationSignIns.findByDomain(domain)
    if (!provider?.organization) {
      return refuse(`No organization here has connected a provider for ${domain}. Sign in another way.`)
    }
    const offered = { ...presentProvider(provider, returnTo), organizationName: provider.organization.name }
    renderForm(ctx, { email, returnTo, errors: {}, provider: offered })
  }

  function renderForm(ctx: PageContext, form: Omit<ViewData['organization-sign-in'], 'csrf'>): void {
    render(ctx, 'organization-sign-in', { csrf: csrf.token(ctx, purpose), ...form })
  }

  return { show, submit }
}
