import type { Actor } from './audit-log.ts'
import type { Role } from './principal.ts'

/** When and why a client session ended. Its client is told, so it is kept in the words of that time. */
export interface ClientSessionEnd {
  at: number
  by:
    | { kind: 'administrator'; userId: string; organizationName: string }
    | { kind: 'user'; userId: string }
    | { kind: 'client' }
    | { kind: 'operator' }
    | { kind: 'replay' }
    /** Its user was removed from the organization by another member. */
    | { kind: 'removal'; userId: string; organizationName: string }
    /** Its user got a role with fewer rights. */
    | { kind: 'lowered_role'; userId: string; organizationName: string; role: Role }
    /** Its user left the organization. */
    | { kind: 'departure'; userId: string; organizationName: string }
    /** Its organization was deleted by an owner. */
    | { kind: 'deletion'; userId: string; organizationName: string }
    /** The operator suspended its user. */
    | { kind: 'suspension' }
}

/** What a client is told when its session has ended: who, when, and what to do. */
export function describeEnd({ at, by }: ClientSessionEnd): string {
  const when = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const again = 'Run /mcp to sign in again.'
  const elsewhere = 'Run /mcp to sign in to another organization.'
  switch (by.kind) {
    case 'administrator':
      return `This session was revoked by an administrator of ${by.organizationName} on ${when}. ${again}`
    case 'user':
      return `This session was revoked by its user on ${when}. ${again}`
    case 'operator':
      return `This session was revoked by the operator of this server on ${when}. ${again}`
    case 'client':
      return `This session was signed out by its client on ${when}. ${again}`
    case 'replay':
      return `This session was ended on ${when} because one of its codes or tokens was used twice, which may mean that it was stolen. ${again}`
    case 'removal':
      return `You were removed from ${by.organizationName} by an administrator on ${when}. Ask them for an invitation to come back. ${elsewhere}`
    case 'lowered_role':
      return `Your role in ${by.organizationName} was changed to ${by.role} on ${when}, which ended your sessions there. ${again}`
    case 'departure':
      return `You left ${by.organizationName} on ${when}. ${elsewhere}`
    case 'deletion':
      return `${by.organizationName} was deleted by one of its owners on ${when}. They can restore it within 7 days; sign in again after that.`
    case 'suspension':
      return `Your user was suspended by the operator of this server on ${when}. Ask them to restore it.`
  }
}

/** Who the log says ended it. */
export function actorOf(by: ClientSessionEnd['by'], clientId: string): Actor {
  switch (by.kind) {
    case 'administrator':
    case 'user':
    case 'removal':
    case 'lowered_role':
    case 'departure':
    case 'deletion':
      return { kind: 'user', id: by.userId }
    case 'client':
      return { kind: 'client', id: clientId }
    case 'operator':
    case 'suspension':
      return { kind: 'operator' }
    case 'replay':
      return { kind: 'server' }
  }
}
