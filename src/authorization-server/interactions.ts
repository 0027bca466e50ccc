import { Router } from '@koa/router'
import { errors, type Provider } from 'oidc-provider'
import { readForm } from '../http/body.ts'
import type { Csrf } from '../http/csrf.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import type { SignIns } from '../http/sign-ins.ts'
import type { Render } from '../http/views.ts'
import { interactionErrors } from './error-pages.ts'
import { type Interaction, type InteractionStep, leave, purposeOf } from './interaction.ts'

export interface InteractionsDeps {
  provider: Provider
  signIn: InteractionStep
  consent: InteractionStep
  signIns: SignIns
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
 *   POST /interaction/{uid}/sign-out to go on as somebody else
 */
export function createInteractions(deps: InteractionsDeps): Router<RequestState> {
  const { provider, signIn, consent, signIns, csrf, render } = deps

  /** @throws {errors.SessionNotFound} without the cookie of this interaction: a link alone opens nothing */
  async function requireInteraction(ctx: Context & { params: Record<string, string> }): Promise<Interaction> {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res)
    if (interaction.uid !== ctx.params['uid']) throw new errors.SessionNotFound('interaction of another page')
    return interaction
  }

  function submit(answer: InteractionStep['submit']) {
    return async (ctx: Context & { params: Record<string, string> }) => {
      const interaction = await requireInteraction(ctx)
      const form = await readForm(ctx.req)
      csrf.check(ctx, purposeOf(interaction), form)
      await answer(ctx, interaction, form)
    }
  }

  /**
   * Signs out in this browser and asks the same of whoever signs in next. oidc-provider binds an interaction to the person
   * it began with, so the request begins anew, with the very parameters the client waits for.
   */
  const switchUser: InteractionStep['submit'] = async (ctx, interaction) => {
    await signIns.end(ctx)
    await interaction.destroy()
    const parameters = Object.entries(interaction.params).filter(([, value]) => value !== undefined)
    const query = new URLSearchParams(
      parameters.map(([name, value]): [string, string] => [name, String(value)]),
    )
    leave(ctx, `/oauth/authorize?${query.toString()}`)
  }

  return new Router<RequestState>()
    .use(interactionErrors({ render }))
    .get('/interaction/:uid', async (ctx) => {
      const interaction = await requireInteraction(ctx)
      await (interaction.prompt.name === 'login' ? signIn : consent).show(ctx, interaction)
    })
    .post('/interaction/:uid/sign-in', submit(signIn.submit))
    .post('/interaction/:uid/consent', submit(consent.submit))
    .post('/interaction/:uid/sign-out', submit(switchUser))
}
