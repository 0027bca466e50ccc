import type { Provider } from 'oidc-provider'
import { DomainError } from '../domain/errors.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import type { Csrf } from '../http/csrf.ts'
import type { Context } from '../http/request-context.ts'
import type { Render } from '../http/views.ts'
import {
  type Interaction,
  type InteractionStep,
  leave,
  nameOf,
  purposeOf,
  requireClient,
} from './interaction.ts'

export interface SignInStepDeps {
  provider: Provider
  credentials: CredentialCheck
  csrf: Csrf
  render: Render
}

/** The first page of an authorization, for browsers without a sign-in. */
export function createSignInStep({ provider, credentials, csrf, render }: SignInStepDeps): InteractionStep {
  async function show(ctx: Context, interaction: Interaction, refusal?: string, email = ''): Promise<void> {
    render(ctx, 'sign-in', {
      action: `/interaction/${interaction.uid}/sign-in`,
      csrf: csrf.token(ctx, purposeOf(interaction)),
      email,
      errors: refusal === undefined ? {} : { form: refusal },
      returnTo: undefined,
      clientName: nameOf(await requireClient(provider, interaction)),
    })
  }

  return {
    show,
    async submit(ctx, interaction, form) {
      try {
        const user = await credentials(ctx, form)
        const signedIn = interaction.session?.accountId
        if (signedIn !== undefined && signedIn !== user.id) {
          throw new DomainError(
            'conflict',
            'This browser is signed in as somebody else. Sign out there first.',
          )
        }
        const result = { login: { accountId: user.id, amr: ['pwd'] } }
        leave(ctx, interaction, await provider.interactionResult(ctx.req, ctx.res, result))
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        ctx.status = 422
        await show(ctx, interaction, error.message, form['email'])
      }
    },
  }
}
