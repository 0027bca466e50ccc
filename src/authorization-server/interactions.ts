import { Router } from '@koa/router'
import { errors, type Provider } from 'oidc-provider'
import { type ClientSessions, clientSessionLifetimeSeconds } from '../domain/client-sessions.ts'
import { DomainError } from '../domain/errors.ts'
import { newId } from '../domain/identifiers.ts'
import type { Members } from '../domain/members.ts'
import type { Organization } from '../domain/organizations.ts'
import { scopes } from '../domain/principal.ts'
import type { User, Users } from '../domain/users.ts'
import { readForm } from '../http/body.ts'
import type { CredentialCheck } from '../http/credentials.ts'
import type { Csrf } from '../http/csrf.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import { RequestRefused } from '../http/errors.ts'
import { allowFormRedirect } from '../http/security-headers.ts'
import type { Render } from '../http/views.ts'
import type { Artifacts } from '../storage/contract.ts'
import { identityOf, keepRegistration } from './clients.ts'
import { presentConsent } from './consent.ts'
import { interactionErrors } from './error-pages.ts'
import { formActionSource, redirectHost } from './redirect-uris.ts'

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

export interface InteractionsDeps {
  provider: Provider
  resource: string
  artifacts: Artifacts
  users: Users
  members: Members
  clientSessions: ClientSessions
  credentials: CredentialCheck
  csrf: Csrf
  render: Render
  now: () => number
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
  const { provider, members, csrf, render } = deps
  const router = new Router<RequestState>().use(interactionErrors({ render }))

  /** @throws {errors.SessionNotFound} without the cookie of this interaction: a link alone opens nothing */
  async function requireInteraction(ctx: Context & { params: Record<string, string> }): Promise<Interaction> {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res)
    if (interaction.uid !== ctx.params['uid']) throw new errors.SessionNotFound('interaction of another page')
    return interaction
  }

  function renderSignIn(
    ctx: Context,
    interaction: Interaction,
    clientName: string,
    email = '',
    refusal?: string,
  ): void {
    render(ctx, 'sign-in', {
      action: `/interaction/${interaction.uid}/sign-in`,
      csrf: csrf.token(ctx, purposeOf(interaction)),
      email,
      errors: refusal === undefined ? {} : { form: refusal },
      returnTo: undefined,
      clientName,
    })
  }

  async function renderConsent(ctx: Context, interaction: Interaction, refusal?: string): Promise<void> {
    const user = await requireUser(interaction)
    const client = await requireClient(interaction)
    const redirectUri = String(interaction.params['redirect_uri'])
    allowFormRedirect(ctx, formActionSource(redirectUri))
    render(
      ctx,
      'consent',
      presentConsent({
        uid: interaction.uid,
        csrf: csrf.token(ctx, purposeOf(interaction)),
        client: { id: client.clientId, name: client.clientName ?? 'Unnamed client' },
        redirectUri,
        user,
        memberships: await members.listMemberships(user.id),
        revocation: await deps.clientSessions.findRevocation(user.id, client.clientId),
        refusal,
        now: deps.now(),
      }),
    )
  }

  async function requireUser(interaction: Interaction) {
    const user = await deps.users.find(interaction.session?.accountId ?? '')
    if (!user || user.disabledAt !== undefined) throw new errors.SessionNotFound('the user is gone')
    return user
  }

  async function requireClient(interaction: Interaction) {
    const client = await provider.Client.find(String(interaction.params['client_id']))
    if (!client) throw new errors.InvalidClient('the client is gone')
    return client
  }

  router.get('/interaction/:uid', async (ctx) => {
    const interaction = await requireInteraction(ctx)
    if (interaction.prompt.name === 'login') {
      renderSignIn(ctx, interaction, (await requireClient(interaction)).clientName ?? 'Unnamed client')
    } else {
      await renderConsent(ctx, interaction)
    }
  })

  router.post('/interaction/:uid/sign-in', async (ctx) => {
    const interaction = await requireInteraction(ctx)
    const form = await readForm(ctx.req)
    csrf.check(ctx, purposeOf(interaction), form)
    try {
      const user = await deps.credentials(ctx, form)
      const signedIn = interaction.session?.accountId
      if (signedIn !== undefined && signedIn !== user.id) {
        throw new DomainError('conflict', 'This browser is signed in as somebody else. Sign out there first.')
      }
      await resume(ctx, interaction, { login: { accountId: user.id, amr: ['pwd'] } })
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      const client = await requireClient(interaction)
      ctx.status = 422
      renderSignIn(
        ctx,
        interaction,
        client.clientName ?? 'Unnamed client',
        form['email'] ?? '',
        error.message,
      )
    }
  })

  router.post('/interaction/:uid/consent', async (ctx) => {
    const interaction = await requireInteraction(ctx)
    const form = await readForm(ctx.req)
    csrf.check(ctx, purposeOf(interaction), form)
    if (interaction.prompt.name !== 'consent') throw new errors.SessionNotFound('not at this step')
    if (form['decision'] === 'deny') {
      const denied = { error: 'access_denied', error_description: 'You chose Cancel, so nothing was shared.' }
      return resume(ctx, interaction, denied)
    }
    if (form['decision'] !== 'allow') {
      throw new RequestRefused(400, 'invalid_request', 'Choose Allow or Cancel.')
    }
    if (!form['organization']) {
      ctx.status = 422
      return renderConsent(ctx, interaction, 'Choose an organization.')
    }
    const user = await requireUser(interaction)
    const organization = await requireOrganization(user, form['organization'])
    if (!(await isFirstAnswer(interaction))) return repeatAnswer(ctx)
    await resume(ctx, interaction, {
      consent: { grantId: await grant(ctx, interaction, user, organization) },
    })
  })

  async function requireOrganization(user: User, slug: string): Promise<Organization> {
    const { organization } = await members.requireMembership(user.id, slug).catch((error: unknown) => {
      // The page offers only the user's own organizations: whoever sends another made the request by hand.
      if (error instanceof DomainError)
        throw new DomainError('forbidden', 'You are not a member of this organization.')
      throw error
    })
    return organization
  }

  /** True for exactly one of any number of parallel answers; a record that is put again stays spent. */
  async function isFirstAnswer({ uid, exp }: Interaction): Promise<boolean> {
    await deps.artifacts.put({ model: 'Answer', id: uid, payload: {}, expiresAt: exp * 1000 })
    return (await deps.artifacts.consume('Answer', uid, { graceSeconds: 0 })) === 'first'
  }

  /** A second click on Allow gets the answer of the first, and makes no second client session. */
  async function repeatAnswer(ctx: Context & { params: Record<string, string> }): Promise<void> {
    const interaction = await requireInteraction(ctx)
    if (interaction.result === undefined) throw new errors.SessionNotFound('already being answered')
    leave(ctx, interaction, interaction.returnTo)
  }

  /** Makes the Grant and the client session of this authorization; both carry the same id. */
  async function grant(
    ctx: Context,
    interaction: Interaction,
    user: User,
    organization: Organization,
  ): Promise<string> {
    const client = await requireClient(interaction)
    const grantRecord = new provider.Grant({ accountId: user.id, clientId: client.clientId })
    grantRecord.addOIDCScope('offline_access')
    grantRecord.addResourceScope(deps.resource, scopes.join(' '))
    // Ours sorts by time, as the ids of all records do; it is no secret.
    grantRecord.jti = newId(deps.now())
    const id = await grantRecord.save()
    const expiresAt = deps.now() + clientSessionLifetimeSeconds * 1000
    await keepRegistration(deps.artifacts, client.clientId, expiresAt)
    await deps.clientSessions.start({
      id,
      userId: user.id,
      organizationId: organization.id,
      clientId: client.clientId,
      clientName: client.clientName ?? 'Unnamed client',
      clientVerified: identityOf(client.clientId) !== 'claimed',
      redirectHost: redirectHost(String(interaction.params['redirect_uri'])),
      scopes: [...scopes],
      createdAt: deps.now(),
      expiresAt,
      address: ctx.state.address,
      userAgent: ctx.get('User-Agent').slice(0, 200),
    })
    return id
  }

  async function resume(
    ctx: Context,
    interaction: Interaction,
    result: Parameters<Provider['interactionResult']>[2],
  ) {
    leave(ctx, interaction, await provider.interactionResult(ctx.req, ctx.res, result))
  }

  return router
}

/** Back to the authorization endpoint, which reads the result; 303, so that no credentials are posted on (RFC 9700 §4.12). */
function leave(ctx: Context, interaction: Interaction, location: string): void {
  // Chromium checks the whole redirect chain against the CSP of the page that held the form.
  allowFormRedirect(ctx, formActionSource(String(interaction.params['redirect_uri'])))
  ctx.status = 303
  ctx.set('Location', location)
}

/** A CSRF token of one interaction is worth nothing in another. */
function purposeOf(interaction: Interaction): string {
  return `interaction:${interaction.uid}`
}
