import type { ClientSessionView } from './client-sessions.ts'
import type { OwnedSession } from './session-filter.ts'
import type { Users } from './users.ts'

/** Looks up whom sessions belong to, each person once. */
export async function withOwners(
  users: Users,
  sessions: readonly ClientSessionView[],
): Promise<OwnedSession[]> {
  const ids = new Set(sessions.map(({ userId }) => userId))
  const people = new Map(
    await Promise.all(
      Array.from(ids, async (id) => {
        const { name, email } = (await users.find(id)) ?? { name: 'Unknown user', email: id }
        return [id, { id, name, email }] as const
      }),
    ),
  )
  return sessions.flatMap((session) => {
    const user = people.get(session.userId)
    return user ? [{ ...session, user }] : []
  })
}
