import type { ClientSessions } from '../domain/client-sessions.ts'
import type { Invitations } from '../domain/invitations.ts'
import { mayManage } from '../domain/member-rules.ts'
import { isAdmin, type Member, type Members } from '../domain/members.ts'
import type { User, Users } from '../domain/users.ts'
import type { ViewData } from '../http/view-data.ts'
import { presentMoment } from '../http/moment.ts'
import type { Render } from '../http/views.ts'
import { presentOrganizationFrame } from './frame.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface MemberPagesDeps {
  render: Render
  users: Users
  members: Members
  invitations: Invitations
  clientSessions: ClientSessions
  now: () => number
}

interface Person {
  member: Member
  user: User
}

const pageSize = 50

/** `/organizations/{slug}/members`: everybody, for everybody who is one of them; invitations for administrators. */
export function createMemberPages(deps: MemberPagesDeps) {
  const { render, users, members, invitations, clientSessions, now } = deps

  return async function show(ctx: PageContext, viewer: OrganizationViewer): Promise<void> {
    const { organization, role } = viewer.membership
    const base = `/organizations/${organization.slug}/members`
    const administers = isAdmin(role)
    const [people, pending, lastUses] = await Promise.all([
      listPeople(organization.id),
      administers ? presentInvitations(viewer) : [],
      administers ? findLastUses(viewer) : new Map<string, number>(),
    ])
    const words = textOf(ctx.query['q'])
    const matching = people.filter((person) => matches(person, words))
    const pages = Math.max(Math.ceil(matching.length / pageSize), 1)
    const page = Math.min(Math.max(Math.trunc(Number(ctx.query['page'])) || 1, 1), pages)
    const start = (page - 1) * pageSize
    const rows = matching.slice(start, start + pageSize)
    const hrefOf = (number: number) =>
      number < 1 || number > pages ? undefined : `${base}?${formatQuery(words, number)}`
    render(ctx, 'members', {
      frame: presentOrganizationFrame(ctx, viewer, 'members'),
      base,
      administers,
      words,
      known: people.length,
      members: rows.map(({ member, user }) => {
        const lastUsedAt = lastUses.get(user.id)
        return {
          href: mayManage(role, member.role) ? `${base}/${user.id}` : undefined,
          name: user.name,
          email: user.email,
          role: member.role,
          own: user.id === viewer.user.id,
          suspended: user.disabledAt !== undefined,
          joinedAt: presentMoment(member.joinedAt, now()),
          lastUsedAt: lastUsedAt === undefined ? undefined : presentMoment(lastUsedAt, now()),
        }
      }),
      total: matching.length,
      range: { from: start + 1, to: start + rows.length },
      previousHref: hrefOf(page - 1),
      nextHref: hrefOf(page + 1),
      invitations: pending,
    })
  }

  /** By name. */
  async function listPeople(organizationId: string): Promise<Person[]> {
    const people = await Promise.all(
      (await members.list(organizationId)).map(async (member) => {
        const user = await users.find(member.userId)
        return user && { member, user }
      }),
    )
    return people
      .filter((person) => person !== undefined)
      .toSorted((a, b) => a.user.name.localeCompare(b.user.name) || a.user.email.localeCompare(b.user.email))
  }

  async function presentInvitations(viewer: OrganizationViewer): Promise<ViewData['members']['invitations']> {
    return Promise.all(
      (await invitations.list(viewer.membership)).map(async (invitation) => ({
        id: invitation.id,
        email: invitation.email,
        role: invitation.role,
        inviter: (await users.find(invitation.invitedBy))?.name ?? 'somebody who is gone',
        invitedAt: presentMoment(invitation.createdAt, now()),
        expiresAt: presentMoment(invitation.expiresAt, now()),
        isExpired: invitation.expiresAt <= now(),
        isManageable: mayManage(viewer.membership.role, invitation.role),
      })),
    )
  }

  /** When each member's clients were last used in this organization. */
  async function findLastUses({ membership, user }: OrganizationViewer): Promise<Map<string, number>> {
    // Last used first, and a Map keeps what it was told last.
    const sessions = (await clientSessions.listFor(membership, user.id)).toReversed()
    return new Map(sessions.map(({ userId, lastUsedAt }) => [userId, lastUsedAt]))
  }
}

function matches({ user }: Person, words: string): boolean {
  const text = `${user.name}\n${user.email}`.toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

function formatQuery(words: string, page: number): string {
  return new URLSearchParams({ ...(words !== '' && { q: words }), page: String(page) }).toString()
}

function textOf(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value.trim().slice(0, 200) : ''
}
