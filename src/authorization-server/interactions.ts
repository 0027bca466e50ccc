import { Router } from '@koa/router'
import { errors, type Provider } from 'oidc-provider'
import { readForm } from '../http/body.ts'
import type { Csrf } from '../http/csrf.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import type { Render } from '../http/views.ts'
import { interactionErrors } from './error-pages.ts'
import { type Interaction, type InteractionStep, purposeOf } from './interaction.ts'

export interface InteractionsDeps {
  provider: Provider
  signIn: InteractionStep
  consent: InteractionStep
  csrf: Csrf
  render: Render
}

/**
 * The two pages of an authorization: sign in, then choose an organization and confirm permissions. Both are bound to
 * the browser that began the authorization by oidc-provider's interaction cookie.
 *
 *   GET  /interaction/{uid}          whichever page is due
 *   POST /interaction/{uid}/sign-in  email, password
 *   POST /interaction/{uid}/consent  organization (a slug), decision (allow or deny)
 */
export function createInteractions(deps: InteractionsDeps): Router<RequestState> {
  const { provider, signIn, consent, csrf, render } = deps

  /** @throws {errors.SessionNotFound} without the cookie of this interaction: a link alone opens nothing */
  async function requireInteraction(ctx: Context & { params: Record<string, string> }): Promise<Interaction> {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res)
    if (interaction.uid !== ctx.params['uid']) throw new errors.SessionNotFound('interaction of another page')
    return interaction
  }

  function submit(step: InteractionStep) {
    return async (ctx: Context & { params: Record<string, string> }) => {
      const interaction = await requireInteraction(ctx)
      const form = await readForm(ctx.req)
      csrf.check(ctx, purposeOf(interaction), form)
      await step.submit(ctx, interaction, form)
    }
  }

  return new Router<RequestState>()
    .use(interactionErrors({ render }))
    .get('/interaction/:uid', async (ctx) => {
      const interaction = await requireInteraction(ctx)
      await (interaction.prompt.name === 'login' ? signIn : consent).show(ctx, interaction)
    })
    .post('/interaction/:uid/sign-in', submit(signIn))
    .post('/interaction/:uid/consent', submit(consent))
}
