import type { InvitationAcceptance, OpenInvitation } from '../domain/invitation-acceptance.ts'
import { canonicalEmail, NewUser } from '../domain/users.ts'
import { readForm } from '../http/body.ts'
import type { Csrf } from '../http/csrf.ts'
import { presentMoment } from '../http/moment.ts'
import { reaches, type SignIn, type SignIns } from '../http/sign-ins.ts'
import type { FieldErrors, ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { withNotice } from './frame.ts'
import { seeOther } from './redirects.ts'
import type { PageContext } from './viewer.ts'

export interface InvitationPageDeps {
  render: Render
  csrf: Csrf
  signIns: SignIns
  invitationAcceptance: InvitationAcceptance
  now: () => number
}

type Step = ViewData['invitation']['step']

const purpose = 'invitation'
const NewAccount = NewUser.pick({ name: true, password: true })

/**
 * `/invitations/{token}`: accepts an invitation with a new account, or as the user of its address.
 *
 *   GET  /invitations/{token}
 *   POST /invitations/{token}         name, password for a new account; nothing for whoever is signed in
 *   POST /invitations/{token}/switch  signs out whoever is signed in with another address
 */
export function createInvitationPage(deps: InvitationPageDeps) {
  const { render, csrf, signIns, invitationAcceptance, now } = deps

  async function show(ctx: PageContext): Promise<void> {
    const open = await invitationAcceptance.require(tokenOf(ctx))
    renderPage(ctx, open, stepOf(ctx, open, await signIns.find(ctx)))
  }

  /** What this browser has to do next. */
  function stepOf(ctx: PageContext, open: OpenInvitation, signIn: SignIn | undefined): Step {
    const { email } = open.invitation
    if (signIn) {
      const { user } = signIn
      const isAddressee = canonicalEmail(user.email) === canonicalEmail(email)
      // The provider of one organization must not make somebody a member of another.
      return isAddressee && reaches(signIn, open.organization.id)
        ? { kind: 'join' }
        : { kind: 'switch', signedInAs: user.email }
    }
    if (!open.isKnownAddress) return { kind: 'new-account', name: '', errors: {} }
    const query = new URLSearchParams({ return_to: pathOf(ctx) })
    return { kind: 'sign-in', href: `/sign-in?${query.toString()}` }
  }

  async function submit(ctx: PageContext): Promise<void> {
    const form = await readForm(ctx.req)
    csrf.check(ctx, purpose, form)
    const open = await invitationAcceptance.require(tokenOf(ctx))
    const signIn = await signIns.find(ctx)
    const step = stepOf(ctx, open, signIn)
    if (step.kind === 'join' && signIn) {
      return arrive(ctx, await invitationAcceptance.accept(tokenOf(ctx), signIn.user, ctx.state.address))
    }
    if (step.kind === 'new-account') return submitAccount(ctx, open, form)
    // The page was made when this browser was signed in otherwise, or the account did not exist yet.
    ctx.status = 409
    renderPage(ctx, open, step)
  }

  async function submitAccount(
    ctx: PageContext,
    open: OpenInvitation,
    form: Record<string, string>,
  ): Promise<void> {
    const account = NewAccount.safeParse({ name: form['name'] ?? '', password: form['password'] ?? '' })
    if (!account.success) {
      ctx.status = 422
      const errors: FieldErrors = {}
      for (const { path, message } of account.error.issues) errors[path.join('.')] ??= message
      return renderPage(ctx, open, { kind: 'new-account', name: form['name'] ?? '', errors })
    }
    const { user, organization } = await invitationAcceptance.acceptAsNew(
      tokenOf(ctx),
      account.data,
      ctx.state.address,
    )
    await signIns.start(ctx, user, { amr: ['pwd'] })
    arrive(ctx, organization)
  }

  async function switchAccount(ctx: PageContext): Promise<void> {
    csrf.check(ctx, purpose, await readForm(ctx.req))
    await signIns.end(ctx)
    seeOther(ctx, pathOf(ctx))
  }

  function renderPage(ctx: PageContext, open: OpenInvitation, step: Step): void {
    const { invitation, organization, inviter } = open
    render(ctx, 'invitation', {
      action: pathOf(ctx),
      csrf: csrf.token(ctx, purpose),
      organizationName: organization.name,
      inviter: { name: inviter.name, email: inviter.email },
      email: invitation.email,
      role: invitation.role,
      expiresAt: presentMoment(invitation.expiresAt, now()),
      step,
    })
  }

  return { show, submit, switchAccount }
}

function arrive(ctx: PageContext, { slug }: { slug: string }): void {
  seeOther(ctx, withNotice(`/organizations/${slug}`, 'joined'))
}

function tokenOf(ctx: PageContext): string {
  return ctx.params['token'] ?? ''
}

function pathOf(ctx: PageContext): string {
  return `/invitations/${encodeURIComponent(tokenOf(ctx))}`
}
