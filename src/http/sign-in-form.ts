import type { SignInProvider } from '../domain/sign-in-provider.ts'
import type { Csrf } from './csrf.ts'
import type { PasskeyCeremonies } from './passkey-ceremonies.ts'
import type { Context } from './request-context.ts'
import { presentProvider } from './upstream.ts'
import type { Render } from './views.ts'

export interface SignInFormRequest {
  action: string
  /** Of the CSRF token. */
  purpose: string
  /** A path of ours. */
  returnTo: string
  /** The client that asks, inside an authorization. */
  clientName?: string | undefined
  email?: string | undefined
  refusal?: string | undefined
  notice?: string | undefined
}

/** Shows the page on which people sign in, the same for the dashboard and inside an authorization. */
export type SignInForm = (ctx: Context, request: SignInFormRequest) => void

export function createSignInForm({
  render,
  csrf,
  passkeyCeremonies,
  signInProvider,
}: {
  render: Render
  csrf: Csrf
  passkeyCeremonies: PasskeyCeremonies
  /** The operator's. */
  signInProvider: SignInProvider | undefined
}): SignInForm {
  return (ctx, { action, purpose, returnTo, clientName, email = '', refusal, notice }) =>
    render(ctx, 'sign-in', {
      action,
      csrf: csrf.token(ctx, purpose),
      email,
      errors: refusal === undefined ? {} : { form: refusal },
      notice,
      returnTo,
      clientName,
      provider: signInProvider && presentProvider(signInProvider, returnTo),
      offersPasskeys: passkeyCeremonies.arePossible,
    })
}
