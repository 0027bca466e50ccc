import type { Actor } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { isAdmin, type Membership } from './members.ts'
import type { Organization } from './organizations.ts'
import type { User } from './users.ts'

/** Somebody who may administer an organization, about to do so. Only the functions below make one. */
export interface Administration {
  organization: Organization
  actor: Extract<Actor, { kind: 'user' | 'operator' }>
  /** As others are told who it was. */
  name: string
  /** The network address it is done from, where there is one. */
  address?: string | undefined
}

/** @throws {DomainError} `forbidden` for members without an administering role */
export function administrationBy(
  { organization, role }: Membership,
  user: Pick<User, 'id' | 'name'>,
  address: string,
): Administration {
  if (!isAdmin(role)) {
    throw new DomainError('forbidden', 'Only administrators manage service accounts. Ask one of yours.')
  }
  return { organization, actor: { kind: 'user', id: user.id }, name: user.name, address }
}

/** For whoever runs the server, who needs no membership. */
export function administrationByOperator(organization: Organization): Administration {
  return { organization, actor: { kind: 'operator' }, name: 'the operator of this server' }
}
