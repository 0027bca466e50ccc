import type { Provider } from 'oidc-provider'
import { DomainError } from '../domain/errors.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import type { Context } from '../http/request-context.ts'
import type { SignInForm } from '../http/sign-in-form.ts'
import type { SignIn, SignIns } from '../http/sign-ins.ts'
import {
  type Interaction,
  type InteractionStep,
  leave,
  nameOf,
  purposeOf,
  requireClient,
} from './interaction.ts'
import { reachAsAcr } from './sign-ins.ts'

export interface SignInStepDeps {
  provider: Provider
  signIns: SignIns
  credentials: CredentialCheck
  signInForm: SignInForm
}

/**
 * The first page of an authorization, for browsers without a sign-in or asked for a new one. Whoever signs in elsewhere
 * in this browser meanwhile, in any way there is, comes back to it and goes on without being asked again.
 */
export function createSignInStep({
  provider,
  signIns,
  credentials,
  signInForm,
}: SignInStepDeps): InteractionStep {
  async function renderForm(ctx: Context, interaction: Interaction, email?: string, refusal?: string) {
    signInForm(ctx, {
      action: `/interaction/${interaction.uid}/sign-in`,
      purpose: purposeOf(interaction),
      returnTo: `/interaction/${interaction.uid}`,
      clientName: nameOf(await requireClient(provider, interaction)),
      email,
      refusal,
    })
  }

  async function goOn(ctx: Context, signIn: SignIn): Promise<void> {
    const { user, amr, organizationId, startedAt } = signIn
    const acr = reachAsAcr(organizationId)
    const result = { login: { accountId: user.id, amr, acr, ts: startedAt / 1000 } }
    leave(ctx, await provider.interactionResult(ctx.req, ctx.res, result))
  }

  return {
    async show(ctx, interaction) {
      const signIn = await signIns.find(ctx)
      if (signIn && isAnswer(interaction, signIn)) return goOn(ctx, signIn)
      await renderForm(ctx, interaction)
    },
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
        await goOn(ctx, await signIns.start(ctx, user, { amr: ['pwd'] }))
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        ctx.status = 422
        await renderForm(ctx, interaction, form['email'], error.message)
      }
    },
  }
}

/**
 * Whether a sign-in is the one this authorization waits for: begun or confirmed since it was asked for, and by the
 * person the browser belonged to then, if anybody. oidc-provider refuses a change of persons when it resumes.
 */
function isAnswer({ iat, session }: Interaction, { uid, startedAt }: SignIn): boolean {
  return startedAt / 1000 >= iat && (session?.uid === undefined || session.uid === uid)
}
