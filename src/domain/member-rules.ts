import type { Role } from './principal.ts'

/** From most to least rights; a role includes what the later ones may. */
const order: readonly Role[] = ['owner', 'admin', 'member']

/** The roles somebody may give away: admins make no owners. */
export function assignableRoles(role: Role): readonly Role[] {
  switch (role) {
    case 'owner':
      return order
    case 'admin':
      return ['admin', 'member']
    case 'member':
      return []
  }
}

/** Whether a member with this role may change or remove one with that. */
export function mayManage(role: Role, other: Role): boolean {
  return assignableRoles(role).includes(other)
}

/** Whether a change of role takes rights away. */
export function isLowered(from: Role, to: Role): boolean {
  return order.indexOf(to) > order.indexOf(from)
}
