import { DomainError } from '../domain/errors.ts'
import { readForm } from '../http/body.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import type { Csrf } from '../http/csrf.ts'
import type { SignIns } from '../http/sign-ins.ts'
import type { SignInProvider } from '../domain/sign-in-provider.ts'
import { presentProvider } from '../http/upstream.ts'
import type { FieldErrors } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { seeOther } from './redirects.ts'
import { parseReturnPath } from './return-path.ts'
import type { PageContext } from './viewer.ts'

export interface SignInPagesDeps {
  render: Render
  csrf: Csrf
  signIns: SignIns
  credentials: CredentialCheck
  /** The operator's. */
  signInProvider: SignInProvider | undefined
}

export type SignInPages = ReturnType<typeof createSignInPages>

const purpose = 'sign-in'

/** `/sign-in` and `/sign-out`. */
export function createSignInPages(deps: SignInPagesDeps) {
  const { render, csrf, signIns, credentials, signInProvider } = deps

  async function show(ctx: PageContext): Promise<void> {
    const { return_to: given } = ctx.query
    const returnTo = parseReturnPath(typeof given === 'string' ? given : undefined) ?? '/'
    if (await signIns.find(ctx)) return seeOther(ctx, returnTo)
    renderForm(ctx, { email: '', returnTo, errors: {} })
  }

  async function submit(ctx: PageContext): Promise<void> {
    const form = await readForm(ctx.req)
    csrf.check(ctx, purpose, form)
    const returnTo = parseReturnPath(form['return_to']) ?? '/'
    try {
      await signIns.start(ctx, await credentials(ctx, form), { amr: ['pwd'] })
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'invalid_credentials')) throw error
      ctx.status = 422
      return renderForm(ctx, { email: form['email'] ?? '', returnTo, errors: { form: error.message } })
    }
    seeOther(ctx, returnTo)
  }

  /** Another way to sign in did not work out. */
  function refuse(
    ctx: PageContext,
    { status, message, returnTo }: { status: number; message: string; returnTo: string },
  ): void {
    ctx.status = status
    renderForm(ctx, { email: '', returnTo, errors: { form: message } })
  }

  async function signOut(ctx: PageContext): Promise<void> {
    await signIns.end(ctx)
    seeOther(ctx, '/sign-in')
  }

  function renderForm(
    ctx: PageContext,
    form: { email: string; returnTo: string; errors: FieldErrors },
  ): void {
    render(ctx, 'sign-in', {
      action: '/sign-in',
      csrf: csrf.token(ctx, purpose),
      clientName: undefined,
      provider: presentProvider(signInProvider, form.returnTo),
      ...form,
    })
  }

  return { show, submit, refuse, signOut }
}
