import type { Artifact, ArtifactOwner, Page, PageRequest } from '../contract.ts'
import { formatPosition, pageLimit, parsePosition } from '../page.ts'
import type { ListPosition } from '../page.ts'
import { readRecord } from './artifact-record.ts'
import type { RedisCommands } from './commands.ts'
import type { Keys } from './keys.ts'

interface ListDeps {
  redis: RedisCommands
  keys: Keys
  now: () => number
}

/**
 * Walks an index from the latest expiry down, past entries whose record was deleted. Those are left to expire: removing
 * them could take away the entry of a record that is being written again.
 */
export async function listOwned(
  { redis, keys, now }: ListDeps,
  request: { model: string; owner: ArtifactOwner; page: PageRequest },
): Promise<Page<Artifact>> {
  const { model, page } = request
  const { kind, id } = ownerOf(request.owner)
  const index = keys.owned(model, kind, id)
  const limit = pageLimit(page)
  const position = parsePosition(page.cursor)
  const at = now()
  const found: { artifact: Artifact; entry: ListPosition }[] = []
  for (let offset = 0, exhausted = false; found.length <= limit && !exhausted; offset += limit + 1) {
    const entries = await readEntries(redis, index, { from: position, now: at, offset, count: limit + 1 })
    exhausted = entries.length <= limit
    const unseen = entries.filter((entry) => isAfter(entry, position))
    const records = await Promise.all(
      unseen.map((entry) => readRecord(redis, keys.artifact(model, entry.id), at)),
    )
    for (const [i, entry] of unseen.entries()) {
      const record = records[i]
      if (record?.leads[kind] === id) found.push({ artifact: record.artifact, entry })
    }
  }
  const last = found.length > limit ? found[limit - 1] : undefined
  return {
    items: found.slice(0, limit).map(({ artifact }) => artifact),
    nextCursor: last && formatPosition(last.entry),
  }
}

async function readEntries(
  redis: RedisCommands,
  index: string,
  range: { from: ListPosition; now: number; offset: number; count: number },
): Promise<ListPosition[]> {
  const { from, now, offset, count } = range
  const bounds = [from.expiresAt, `(${now}`, 'WITHSCORES', 'LIMIT', offset, count]
  const flat = (await redis.send('zrevrangebyscore', index, ...bounds)) as string[]
  const entries: ListPosition[] = []
  for (let i = 0; i < flat.length; i += 2) entries.push({ id: flat[i] ?? '', expiresAt: Number(flat[i + 1]) })
  return entries
}

/** Scores are bounds that include themselves, so entries of the same millisecond come again on the next page. */
function isAfter(entry: ListPosition, position: ListPosition): boolean {
  return entry.expiresAt < position.expiresAt || entry.id < position.id
}

function ownerOf(owner: ArtifactOwner): { kind: 'user' | 'client' | 'organization'; id: string } {
  if ('userId' in owner) return { kind: 'user', id: owner.userId }
  if ('clientId' in owner) return { kind: 'client', id: owner.clientId }
  return { kind: 'organization', id: owner.organizationId }
}
