import type { Router } from '@koa/router'
import type { RequestState } from '../http/request-context.ts'
import type { FreshSignIn } from './fresh-sign-in.ts'
import { createInvitationPage, type InvitationPageDeps } from './invitation-page.ts'
import { createInvitePages, type InvitePagesDeps } from './invite-pages.ts'
import { createMemberChangePages, type MemberChangePagesDeps } from './member-change-pages.ts'
import { createMemberPages, type MemberPagesDeps } from './member-pages.ts'
import type { Viewers } from './viewer.ts'

export type MemberRouteDeps = MemberPagesDeps & InvitePagesDeps & MemberChangePagesDeps & InvitationPageDeps

/** Adds the pages about the members of an organization, from the invitation to leaving. */
export function addMemberRoutes(
  router: Router<RequestState>,
  { inOrganization, fresh }: Pick<Viewers, 'inOrganization'> & Pick<FreshSignIn, 'fresh'>,
  deps: MemberRouteDeps,
): void {
  const invite = createInvitePages(deps)
  const memberChange = createMemberChangePages(deps)
  const invitation = createInvitationPage(deps)

  router
    .get('/organizations/:slug/members', inOrganization(createMemberPages(deps)))
    .get('/organizations/:slug/members/invite', inOrganization(invite.show))
    .post('/organizations/:slug/members/invite', inOrganization(fresh(invite.submit)))
    .post('/organizations/:slug/members/invitations/:id/renew', inOrganization(fresh(invite.renew)))
    .post('/organizations/:slug/members/invitations/:id/revoke', inOrganization(invite.revoke))
    .get(
      '/organizations/:slug/members/leave',
      inOrganization((ctx, viewer) => memberChange.confirmLeaving(ctx, viewer)),
    )
    .post('/organizations/:slug/members/leave', inOrganization(memberChange.leave))
    .get('/organizations/:slug/members/:id', inOrganization(memberChange.show))
    .post('/organizations/:slug/members/:id/role', inOrganization(fresh(memberChange.changeRole)))
    .post('/organizations/:slug/members/:id/remove', inOrganization(fresh(memberChange.remove)))
    .get('/invitations/:token', invitation.show)
    .post('/invitations/:token', invitation.submit)
    .post('/invitations/:token/switch', invitation.switchAccount)
}
