import type { ClientSessions } from '../domain/client-sessions.ts'
import { DomainError } from '../domain/errors.ts'
import type { Invitations } from '../domain/invitations.ts'
import type { MemberChanges } from '../domain/member-changes.ts'
import { mayManage } from '../domain/member-rules.ts'
import type { Member, Members } from '../domain/members.ts'
import { roles } from '../domain/principal.ts'
import type { Users } from '../domain/users.ts'
import type { WithdrawalOutcome } from '../domain/withdrawal.ts'
import { RequestRefused } from '../http/errors.ts'
import { presentMoment } from '../http/moment.ts'
import type { Render } from '../http/views.ts'
import { presentOrganizationFrame, withNotice, withProblem } from './frame.ts'
import { presentLosses, presentRoles } from './member-views.ts'
import { seeOther } from './redirects.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface MemberChangePagesDeps {
  render: Render
  users: Users
  members: Members
  memberChanges: MemberChanges
  invitations: Invitations
  clientSessions: ClientSessions
  now: () => number
}

/** `…/members/{id}`: changes a role or removes somebody; `…/members/leave`. Each says first what ends with it. */
export function createMemberChangePages(deps: MemberChangePagesDeps) {
  const { render, users, members, memberChanges, invitations, clientSessions, now } = deps

  async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await renderMember(ctx, viewer, undefined)
  }

  /** @throws {DomainError} `not_found` for who is no member, `forbidden` for whom the viewer may not manage */
  async function renderMember(
    ctx: PageContext,
    viewer: OrganizationViewer,
    refusal: DomainError | undefined,
  ): Promise<void> {
    const { organization, role } = viewer.membership
    const id = ctx.params['id'] ?? ''
    const [member, user] = await Promise.all([members.find(organization.id, id), users.find(id)])
    if (!member || !user) throw new DomainError('not_found', 'There is no such member.')
    if (!mayManage(role, member.role)) {
      throw new DomainError('forbidden', 'Only administrators manage members, and only owners manage owners.')
    }
    const frame = presentOrganizationFrame(ctx, viewer, 'members')
    if (refusal) ctx.status = 409
    render(ctx, 'member', {
      frame: { ...frame, problem: refusal?.message ?? frame.problem },
      base: basePathOf(viewer),
      id,
      name: user.name,
      email: user.email,
      role: member.role,
      own: id === viewer.user.id,
      joinedAt: presentMoment(member.joinedAt, now()),
      roles: presentRoles(role, member.role),
      loses: await describeLosses(member),
    })
  }

  async function changeRole(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const role = roles.find((known) => known === viewer.form['role'])
    if (!role) throw new RequestRefused(400, 'invalid_request', 'Choose a role: owner, admin or member.')
    await orRefuse(ctx, viewer, async () => {
      const outcome = await memberChanges.changeRole(
        viewer.membership,
        { id: viewer.user.id, address: ctx.state.address },
        ctx.params['id'] ?? '',
        role,
      )
      seeOther(ctx, told(viewer, outcome, 'role-changed'))
    })
  }

  async function remove(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    await orRefuse(ctx, viewer, async () => {
      const outcome = await memberChanges.remove(
        viewer.membership,
        { id: viewer.user.id, address: ctx.state.address },
        ctx.params['id'] ?? '',
      )
      seeOther(ctx, told(viewer, outcome, 'member-removed'))
    })
  }

  /** A refusal for the sake of the last owner is told on the page it is about. */
  async function orRefuse(
    ctx: PageContext,
    viewer: OrganizationViewer,
    change: () => Promise<void>,
  ): Promise<void> {
    try {
      await change()
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'conflict')) throw error
      await renderMember(ctx, viewer, error)
    }
  }

  async function confirmLeaving(
    ctx: PageContext,
    viewer: OrganizationViewer,
    refusal?: string,
  ): Promise<void> {
    const { organization } = viewer.membership
    render(ctx, 'leave-organization', {
      frame: presentOrganizationFrame(ctx, viewer, 'members'),
      base: basePathOf(viewer),
      loses: await describeLosses({ organizationId: organization.id, userId: viewer.user.id }),
      refusal,
    })
  }

  async function leave(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    try {
      await memberChanges.leave(viewer.membership, { id: viewer.user.id, address: ctx.state.address })
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'conflict')) throw error
      ctx.status = 409
      return confirmLeaving(ctx, viewer, error.message)
    }
    seeOther(ctx, '/')
  }

  async function describeLosses(member: Pick<Member, 'organizationId' | 'userId'>): Promise<string> {
    const [live, sent] = await Promise.all([
      clientSessions.listLive('user', member.userId),
      invitations.listSentBy(member),
    ])
    const sessions = live.filter(({ organizationId }) => organizationId === member.organizationId)
    return presentLosses({ sessions: sessions.length, invitations: sent.length })
  }

  return { show, changeRole, remove, confirmLeaving, leave }
}

function basePathOf({ membership }: OrganizationViewer): string {
  return `/organizations/${membership.organization.slug}/members`
}

function told(
  viewer: OrganizationViewer,
  outcome: WithdrawalOutcome,
  notice: 'role-changed' | 'member-removed',
): string {
  const path = basePathOf(viewer)
  return outcome === 'complete' ? withNotice(path, notice) : withProblem(path, 'withdrawal-incomplete')
}
