import { DomainError } from '../domain/errors.ts'
import { readForm } from '../http/body.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import type { Csrf } from '../http/csrf.ts'
import type { PasskeyCeremonies } from '../http/passkey-ceremonies.ts'
import type { SignInForm } from '../http/sign-in-form.ts'
import type { SignIns } from '../http/sign-ins.ts'
import { seeOther } from './redirects.ts'
import { parseReturnPath } from './return-path.ts'
import type { PageContext } from './viewer.ts'

export interface SignInPagesDeps {
  signInForm: SignInForm
  csrf: Csrf
  signIns: SignIns
  credentials: CredentialCheck
  passkeyCeremonies: PasskeyCeremonies
}

export type SignInPages = ReturnType<typeof createSignInPages>

const purpose = 'sign-in'
const passwordReset = 'Your password is set. Sign in with it.'

/** `/sign-in` and `/sign-out`. */
export function createSignInPages(deps: SignInPagesDeps) {
  const { signInForm, csrf, signIns, credentials, passkeyCeremonies } = deps

  async function show(ctx: PageContext): Promise<void> {
    const { return_to: given } = ctx.query
    const returnTo = parseReturnPath(typeof given === 'string' ? given : undefined) ?? '/'
    if (await signIns.find(ctx)) return seeOther(ctx, returnTo)
    const notice = ctx.query['notice'] === 'password-reset' ? passwordReset : undefined
    signInForm(ctx, { action: '/sign-in', purpose, returnTo, notice })
  }

  async function submit(ctx: PageContext): Promise<void> {
    const form = await readForm(ctx.req)
    csrf.check(ctx, purpose, form)
    const returnTo = parseReturnPath(form['return_to']) ?? '/'
    try {
      await signIns.start(ctx, await credentials(ctx, form), { amr: ['pwd'] })
    } catch (error) {
      return refuseError(ctx, error, { returnTo, email: form['email'] })
    }
    seeOther(ctx, returnTo)
  }

  /** Shows the form again with the sentence of a refusal. */
  function refuseError(
    ctx: PageContext,
    error: unknown,
    kept: { returnTo: string; email?: string | undefined },
  ) {
    if (!(error instanceof DomainError)) throw error
    refuse(ctx, { ...kept, status: 422, message: error.message })
  }

  /** Shows the form again, after a way to sign in that did not work out. */
  function refuse(
    ctx: PageContext,
    refusal: { status: number; message: string; returnTo: string; email?: string | undefined },
  ): void {
    const { status, message, ...kept } = refusal
    ctx.status = status
    signInForm(ctx, { action: '/sign-in', purpose, ...kept, refusal: message })
  }

  /** `GET /sign-in/passkey/options`: what our script gives to the browser, as JSON. */
  async function passkeyOptions(ctx: PageContext): Promise<void> {
    const signIn = await signIns.find(ctx)
    ctx.body = await passkeyCeremonies.authenticationOptions(ctx, signIn?.user)
  }

  /** Field `credential`: what the browser answered. Its challenge shows that it was asked for in this browser. */
  async function submitPasskey(ctx: PageContext): Promise<void> {
    const form = await readForm(ctx.req)
    const returnTo = parseReturnPath(form['return_to']) ?? '/'
    try {
      const { user, amr } = await passkeyCeremonies.authenticate(ctx, form['credential'] ?? '')
      const signIn = await signIns.find(ctx)
      if (signIn && signIn.user.id !== user.id) {
        throw new DomainError('conflict', 'This browser is signed in as somebody else. Sign out there first.')
      }
      await signIns.start(ctx, user, { amr })
    } catch (error) {
      return refuseError(ctx, error, { returnTo })
    }
    seeOther(ctx, returnTo)
  }

  async function signOut(ctx: PageContext): Promise<void> {
    await signIns.end(ctx)
    seeOther(ctx, '/sign-in')
  }

  return { show, submit, passkeyOptions, submitPasskey, refuse, signOut }
}
