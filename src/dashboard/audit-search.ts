import type { Architecture } from '../architecture/architecture.ts'
import { entityAt } from '../architecture/graph-index.ts'
import { resolveEntity } from '../architecture/queries/entity-resolution.ts'
import type { AuditFilter } from '../domain/audit-filter.ts'
import type { Actor } from '../domain/audit-log.ts'
import { DomainError } from '../domain/errors.ts'
import type { Users } from '../domain/users.ts'
import { accountFilter, type AuditQuery, rangeOf } from './audit-query.ts'

/** A query understood. */
export interface AuditSearch {
  filter: AuditFilter
  /** The reference of the entity that was named; empty for none. */
  entity: string
}

/** Turns what people type into what the log knows: addresses into users, names into references. */
export function createAuditSearch({ users, architecture }: { users: Users; architecture: Architecture }) {
  async function findActor(who: string): Promise<Actor> {
    if (who === 'operator' || who === 'server' || who === 'unknown') return { kind: who }
    if (who.startsWith(accountFilter)) {
      return { kind: 'service_account', id: who.slice(accountFilter.length) }
    }
    // The id of a client may be a URL, in which an @ is rare and comes after a colon.
    if (!/^[^:@]+@/.test(who)) return { kind: 'client', id: who }
    const user = await users.findByEmail(who)
    // An address of nobody finds as little as one of somebody in other organizations: neither tells which it is.
    return { kind: 'user', id: user?.id ?? 'nobody' }
  }

  /** What is not in the graph any more may still be in the log, under the reference it had. */
  async function referenceOf(organizationId: string, text: string): Promise<string> {
    const { index } = await architecture.load(organizationId)
    try {
      return entityAt(index, resolveEntity(index, text, 'entity')).ref
    } catch (error) {
      if (error instanceof DomainError) return text
      throw error
    }
  }

  return async function understand(organizationId: string, query: AuditQuery): Promise<AuditSearch> {
    const { what, session } = query
    const who = query.who === '' ? undefined : await findActor(query.who)
    const entity = query.entity === '' ? '' : await referenceOf(organizationId, query.entity)
    const filter = {
      who,
      what: what === '' ? undefined : what,
      session: session === '' ? undefined : session,
      entity: entity === '' ? undefined : entity,
      ...rangeOf(query),
    }
    return { filter, entity }
  }
}
