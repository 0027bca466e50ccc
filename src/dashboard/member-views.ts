import { assignableRoles } from '../domain/member-rules.ts'
import type { Role } from '../domain/principal.ts'
import type { RoleOption } from '../http/member-view-data.ts'

const labels: Record<Role, { label: string; description: string }> = {
  owner: {
    label: 'Owner',
    description: 'Everything, also making owners, settings, and deleting the organization.',
  },
  admin: {
    label: 'Admin',
    description:
      'Invites and manages members and admins, ends anybody’s client sessions, imports the architecture.',
  },
  member: {
    label: 'Member',
    description: 'Reads the architecture, and connects and ends clients of their own.',
  },
}

/** The roles that somebody with `role` may give, from least to most rights. */
export function presentRoles(role: Role, selected: Role | undefined): RoleOption[] {
  return assignableRoles(role)
    .toReversed()
    .map((given) => ({ role: given, ...labels[given], selected: given === selected }))
}

/** What ends with a membership, as a sentence. */
export function presentLosses({ sessions, invitations }: { sessions: number; invitations: number }): string {
  const ended = sessions === 1 ? '1 client session ends' : `${sessions} client sessions end`
  const revoked =
    invitations === 1 ? '1 pending invitation is revoked' : `${invitations} pending invitations are revoked`
  if (sessions === 0 && invitations === 0) return 'No client is connected and no invitation is pending.'
  if (invitations === 0) return `${ended} at once.`
  return sessions === 0 ? `${revoked} at once.` : `${ended} and ${revoked} at once.`
}
