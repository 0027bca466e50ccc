import type { AuditEntry } from '../domain/audit-log.ts'
import type { User, Users } from '../domain/users.ts'

export type AuditPeople = ReturnType<typeof createAuditPeople>

/** Names of the people of one page or export, each looked up once. */
export function createAuditPeople({ users }: { users: Users }) {
  const known = new Map<string, Promise<User | undefined>>()

  function find(id: string): Promise<User | undefined> {
    const user = known.get(id) ?? users.find(id)
    known.set(id, user)
    return user
  }

  /** Everybody whom these entries name. */
  async function findAll(entries: readonly AuditEntry[]): Promise<Map<string, User>> {
    const ids = new Set(entries.flatMap(idsIn))
    const people = await Promise.all(Array.from(ids, async (id) => [id, await find(id)] as const))
    return new Map(people.flatMap(([id, user]) => (user ? [[id, user] as const] : [])))
  }

  return { findAll }
}

/** Whether a fact of this name is the id of a user. */
export function isUserId(name: string): boolean {
  return name === 'userId' || name.endsWith('UserId')
}

function idsIn(entry: AuditEntry): string[] {
  const { actor, ...facts } = entry
  return [
    ...(actor.kind === 'user' ? [actor.id] : []),
    ...flatFacts(facts).flatMap(([name, value]) => (isUserId(name) ? [String(value)] : [])),
  ]
}

/** What an entry says, apart from who, when and what. */
export type Fact = string | number | boolean | string[]

/** The facts of an entry without nesting: what stands inside of one goes by its own name. */
export function flatFacts(facts: Record<string, unknown>): [name: string, value: Fact][] {
  return Object.entries(facts).flatMap(([name, value]): [string, Fact][] => {
    if (value === undefined || value === null) return []
    return typeof value === 'object' && !Array.isArray(value)
      ? flatFacts(value as Record<string, unknown>)
      : [[name, value as Fact]]
  })
}
