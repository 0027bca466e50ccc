import { DomainError } from '../domain/errors.ts'
import { composeInvitationMail } from '../domain/invitation-mail.ts'
import { type Invitations, type IssuedInvitation, NewInvitation } from '../domain/invitations.ts'
import { type Mailer, MailNotSent } from '../domain/mail.ts'
import { isAdmin } from '../domain/members.ts'
import type { Role } from '../domain/principal.ts'
import type { InvitationLimit } from '../http/invitation-limit.ts'
import { presentMoment } from '../http/moment.ts'
import type { FieldErrors, ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentOrganizationFrame, withNotice } from './frame.ts'
import { presentRoles } from './member-views.ts'
import { seeOther } from './redirects.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface InvitePagesDeps {
  /** The one origin of links. */
  publicUrl: string
  render: Render
  invitations: Invitations
  invitationLimit: InvitationLimit
  mailer: Mailer
  now: () => number
}

/** `…/members/invite` and `…/members/invitations/…`: invites by address, makes new links, revokes. */
export function createInvitePages(deps: InvitePagesDeps) {
  const { publicUrl, render, invitations, invitationLimit, mailer, now } = deps

  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    renderForm(ctx, viewer, { email: '', role: 'member', errors: {} })
  }

  async function submit(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { email = '', role } = viewer.form
    const parsed = NewInvitation.safeParse({ email, role })
    if (!parsed.success) {
      ctx.status = 422
      const errors = Object.fromEntries(
        parsed.error.issues.map(({ path, message }) => [path.join('.'), message]),
      )
      return renderForm(ctx, viewer, { email, role: undefined, errors })
    }
    await countInvitation(viewer, parsed.data.email)
    try {
      await tell(ctx, viewer, await invitations.invite(viewer.membership, actorOf(ctx, viewer), parsed.data))
    } catch (error) {
      if (!(error instanceof DomainError && error.field !== undefined)) throw error
      ctx.status = error.code === 'forbidden' ? 403 : 409
      renderForm(ctx, viewer, {
        ...parsed.data,
        errors: { [error.field]: error.message },
      })
    }
  }

  /** @throws {DomainError} `forbidden` for members, who get no form that nothing comes of */
  function renderForm(
    ctx: PageContext,
    viewer: OrganizationViewer,
    { email, role, errors }: { email: string; role: Role | undefined; errors: FieldErrors },
  ): void {
    if (!isAdmin(viewer.membership.role)) {
      throw new DomainError('forbidden', 'Only administrators invite people. Ask one of yours.')
    }
    render(ctx, 'invite', {
      frame: presentOrganizationFrame(ctx, viewer, 'members'),
      base: basePathOf(viewer),
      email,
      roles: presentRoles(viewer.membership.role, role),
      isMailed: mailer.isConfigured,
      errors,
    })
  }

  /** A new link for an invitation, since the first one is never shown again. */
  async function renew(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const id = ctx.params['id'] ?? ''
    const { email } = await invitations.require(viewer.membership, id)
    await countInvitation(viewer, email)
    await tell(ctx, viewer, await invitations.renew(viewer.membership, actorOf(ctx, viewer), id))
  }

  async function revoke(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await invitations.revoke(viewer.membership, actorOf(ctx, viewer), ctx.params['id'] ?? '')
    seeOther(ctx, withNotice(basePathOf(viewer), 'invitation-revoked'))
  }

  function countInvitation({ membership, user }: OrganizationViewer, email: string): Promise<void> {
    return invitationLimit({ organizationId: membership.organization.id, inviterId: user.id, email })
  }

  /** The answer to the form itself, since the link must be in no address. */
  async function tell(
    ctx: PageContext,
    viewer: OrganizationViewer,
    { invitation, token }: IssuedInvitation,
  ): Promise<void> {
    const link = `${publicUrl}/invitations/${token}`
    render(ctx, 'invitation-made', {
      frame: presentOrganizationFrame(ctx, viewer, 'members'),
      base: basePathOf(viewer),
      email: invitation.email,
      role: invitation.role,
      link,
      expiresAt: presentMoment(invitation.expiresAt, now()),
      mail: await sendMail(ctx, viewer, invitation, link),
    })
  }

  /** The invitation stands whatever becomes of the mail. */
  async function sendMail(
    ctx: PageContext,
    { membership, user }: OrganizationViewer,
    invitation: IssuedInvitation['invitation'],
    link: string,
  ): Promise<ViewData['invitation-made']['mail']> {
    if (!mailer.isConfigured) return 'not_configured'
    const organizationName = membership.organization.name
    try {
      await mailer.send(composeInvitationMail({ invitation, organizationName, inviterName: user.name, link }))
      return 'sent'
    } catch (error) {
      if (!(error instanceof MailNotSent)) throw error
      ctx.state.log.error({ err: error, invitationId: invitation.id }, 'invitation not mailed')
      return 'not_sent'
    }
  }

  return { show, submit, renew, revoke }
}

function actorOf(ctx: PageContext, { user }: OrganizationViewer) {
  return { id: user.id, address: ctx.state.address }
}

function basePathOf({ membership }: OrganizationViewer): string {
  return `/organizations/${membership.organization.slug}/members`
}
