import { errors, type Provider } from 'oidc-provider'
import type { AuditLog } from '../domain/audit-log.ts'
import { DomainError } from '../domain/errors.ts'
import type { Membership } from '../domain/members.ts'
import type { OrganizationSignIns } from '../domain/organization-sign-in.ts'
import type { Organizations } from '../domain/organizations.ts'
import { describeBlock, type SessionBlocks } from '../domain/session-blocks.ts'
import type { Users } from '../domain/users.ts'
import type { Csrf } from '../http/csrf.ts'
import { RequestRefused } from '../http/errors.ts'
import type { Context } from '../http/request-context.ts'
import { allowFormRedirect } from '../http/security-headers.ts'
import type { SignIn } from '../http/sign-ins.ts'
import type { Render } from '../http/views.ts'
import type { Artifacts } from '../storage/contract.ts'
import { type ConsentOffersDeps, createConsentOffers } from './consent-offer.ts'
import { presentConsent } from './consent-view.ts'
import type { GrantSession } from './grant-session.ts'
import {
  type Interaction,
  type InteractionStep,
  leave,
  nameOf,
  purposeOf,
  redirectUriOf,
  requireClient,
  resourceOf,
} from './interaction.ts'
import { formActionSource } from './redirect-uris.ts'
import { presentSession } from './sign-ins.ts'

export interface ConsentStepDeps extends ConsentOffersDeps {
  provider: Provider
  artifacts: Artifacts
  users: Users
  organizations: Organizations
  organizationSignIns: OrganizationSignIns
  organizationCreation: 'anyone' | 'operator'
  sessionBlocks: SessionBlocks
  auditLog: AuditLog
  grantSession: GrantSession
  csrf: Csrf
  render: Render
  now: () => number
}

const denied = { error: 'access_denied', error_description: 'You chose Cancel, so nothing was shared.' }

/** The second page of an authorization: which organization, and Allow or Cancel. */
export function createConsentStep(deps: ConsentStepDeps): InteractionStep {
  const {
    provider,
    artifacts,
    users,
    organizations,
    organizationSignIns,
    organizationCreation,
    sessionBlocks,
    auditLog,
    grantSession,
    csrf,
    render,
    now,
  } = deps
  const offerOf = createConsentOffers(deps)

  async function show(ctx: Context, interaction: Interaction, refusal?: string): Promise<void> {
    const signIn = await requireSignIn(interaction)
    const { user } = signIn
    const client = await requireClient(provider, interaction)
    const redirectUri = redirectUriOf(interaction)
    allowFormRedirect(ctx, formActionSource(redirectUri))
    const offer = await offerOf(interaction, signIn)
    const actions = {
      action: `/interaction/${interaction.uid}/consent`,
      switchAction: `/interaction/${interaction.uid}/sign-out`,
      csrf: csrf.token(ctx, purposeOf(interaction)),
    }
    if (offer.organizations.length === 0) {
      const returnTo = new URLSearchParams({ return_to: `/interaction/${interaction.uid}` })
      return render(ctx, 'no-organization', {
        ...actions,
        clientName: nameOf(client),
        user: { name: user.name, email: user.email },
        pinned:
          offer.pinnedTo === undefined
            ? undefined
            : { slug: offer.pinnedTo, address: resourceOf(interaction) },
        createHref:
          offer.pinnedTo === undefined && organizationCreation === 'anyone'
            ? `/account/organizations/new?${returnTo.toString()}`
            : undefined,
      })
    }
    const request = { client: { id: client.clientId, name: nameOf(client) }, redirectUri, user, offer }
    render(ctx, 'consent', { ...actions, ...presentConsent({ ...request, refusal, now: now() }) })
  }

  async function requireSignIn(interaction: Interaction): Promise<SignIn> {
    const user = await users.find(interaction.session?.accountId ?? '')
    if (!user || user.disabledAt !== undefined) throw new errors.SessionNotFound('the user is gone')
    // The page may have stood open while its user signed out, here or everywhere.
    const session = await provider.Session.findByUid(interaction.session?.uid ?? '')
    if (session?.accountId !== user.id) throw new errors.SessionNotFound('signed out meanwhile')
    return presentSession(session, user)
  }

  async function requireMembership(
    interaction: Interaction,
    signIn: SignIn,
    slug: string,
  ): Promise<Membership> {
    const [offer, chosen] = await Promise.all([offerOf(interaction, signIn), organizations.findBySlug(slug)])
    const offered = offer.organizations.find(({ organization }) => organization.id === chosen?.id)
    // The page offers only these: whoever sends another made the request by hand.
    if (!offered)
      throw new DomainError('forbidden', 'This is not one of the organizations you may choose here.')
    return offered
  }

  /** Why this user may not connect this client to the organization, or not with this sign-in. */
  async function findObstacle(
    interaction: Interaction,
    { user, organizationId }: SignIn,
    membership: Membership,
  ): Promise<string | undefined> {
    const { organization } = membership
    const required = await organizationSignIns.findRequired(membership)
    if (required && organizationId !== organization.id) {
      return `${organization.name} lets its members in through ${required.name}. Use another account, and sign in with your organization there.`
    }
    const clientId = String(interaction.params['client_id'])
    const session = { organizationId: organization.id, userId: user.id, clientId }
    const block = await sessionBlocks.findFor(session)
    return block && describeBlock(block, organization.name)
  }

  /** True for exactly one of any number of parallel answers; a record that is put again stays spent. */
  async function isFirstAnswer({ uid, exp }: Interaction): Promise<boolean> {
    await artifacts.put({ model: 'Answer', id: uid, payload: {}, expiresAt: exp * 1000 })
    return (await artifacts.consume('Answer', uid, { graceSeconds: 0 })) === 'first'
  }

  /** A second click on Allow gets the answer of the first, and makes no second client session. */
  async function repeatAnswer(ctx: Context): Promise<void> {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res)
    if (interaction.result === undefined) throw new errors.SessionNotFound('already being answered')
    leave(ctx, interaction.returnTo)
  }

  async function allow(ctx: Context, interaction: Interaction, slug: string): Promise<void> {
    const signIn = await requireSignIn(interaction)
    const membership = await requireMembership(interaction, signIn, slug)
    const obstacle = await findObstacle(interaction, signIn, membership)
    if (obstacle !== undefined) {
      ctx.status = 422
      return show(ctx, interaction, obstacle)
    }
    if (!(await isFirstAnswer(interaction))) return repeatAnswer(ctx)
    const client = await requireClient(provider, interaction)
    const grantId = await grantSession(ctx, {
      client,
      user: signIn.user,
      organization: membership.organization,
      resource: resourceOf(interaction),
      redirectUri: redirectUriOf(interaction),
    })
    const result = { consent: { grantId } }
    leave(ctx, await provider.interactionResult(ctx.req, ctx.res, result))
  }

  /** Told to the organization that was chosen on the page, or to each that could have been. */
  async function deny(ctx: Context, interaction: Interaction, slug: string | undefined): Promise<void> {
    const signIn = await requireSignIn(interaction)
    const client = await requireClient(provider, interaction)
    const { organizations: offered } = await offerOf(interaction, signIn)
    const chosen = offered.filter(({ organization }) => organization.slug === slug)
    for (const { organization } of chosen.length > 0 ? chosen : offered) {
      auditLog.note(organization.id, {
        type: 'consent.denied',
        clientId: client.clientId,
        clientName: nameOf(client),
        actor: { kind: 'user', id: signIn.user.id },
        address: ctx.state.address,
      })
    }
    leave(ctx, await provider.interactionResult(ctx.req, ctx.res, denied))
  }

  return {
    show,
    async submit(ctx, interaction, form) {
      if (interaction.prompt.name !== 'consent') throw new errors.SessionNotFound('not at this step')
      const { decision, organization } = form
      if (decision === 'deny') return deny(ctx, interaction, organization)
      if (decision !== 'allow') throw new RequestRefused(400, 'invalid_request', 'Choose Allow or Cancel.')
      if (organization) return allow(ctx, interaction, organization)
      ctx.status = 422
      return show(ctx, interaction, 'Choose an organization.')
    },
  }
}
