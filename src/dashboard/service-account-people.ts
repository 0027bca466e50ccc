import type { Actor } from '../domain/audit-log.ts'
import type { Members } from '../domain/members.ts'
import type { Users } from '../domain/users.ts'
import type { FindMaker, Maker } from './service-account-views.ts'

/** Looks up who made things in an organization, each person once. */
export async function findMakers(
  { users, members }: { users: Users; members: Members },
  organizationId: string,
  actors: readonly Actor[],
): Promise<FindMaker> {
  const ids = new Set(actors.flatMap((actor) => (actor.kind === 'user' ? [actor.id] : [])))
  const makers = new Map(
    await Promise.all(
      Array.from(ids, async (id): Promise<[string, Maker]> => {
        const [user, member] = await Promise.all([users.find(id), members.find(organizationId, id)])
        return [id, { name: user?.name ?? 'a user who is gone', hasLeft: member === undefined }]
      }),
    ),
  )
  return (actor) =>
    (actor.kind === 'user' ? makers.get(actor.id) : undefined) ?? { name: 'the operator', hasLeft: false }
}
