import { randomUUID } from 'node:crypto'
import { sha256 } from '../../domain/identifiers.ts'
import type { Artifacts, Consumption, NewArtifact } from '../contract.ts'
import { never } from '../page.ts'
import { createPresence } from '../presence.ts'
import { readRecord, writeRecord } from './artifact-record.ts'
import type { Leads } from './artifact-record.ts'
import { defineScript } from './commands.ts'
import type { RedisCommands } from './commands.ts'
import { addToIndex } from './expiring-index.ts'
import { createGrants } from './grants.ts'
import type { Keys } from './keys.ts'
import { listOwned } from './owned-list.ts'

/**
 * KEYS: the record. ARGV: now, grace in ms, a name for this call. The name tells a call that is sent twice, as a
 * patient caller does when Redis was away, from two calls: its answer is `first` both times. The mark is then written
 * again, because WAIT only speaks of writes of its own connection.
 */
const consumeScript = defineScript(`
  local expires_at = redis.call('HGET', KEYS[1], 'e')
  if not expires_at or tonumber(expires_at) <= tonumber(ARGV[1]) then return 'missing' end
  local mark = ARGV[1] .. ':' .. ARGV[3]
  if redis.call('HSETNX', KEYS[1], 'c', mark) == 1 then return 'first' end
  local first = redis.call('HGET', KEYS[1], 'c')
  if first == mark then redis.call('HSET', KEYS[1], 'c', mark) return 'first' end
  local elapsed = tonumber(ARGV[1]) - tonumber(string.match(first, '^%d+'))
  if tonumber(ARGV[2]) > 0 and elapsed <= tonumber(ARGV[2]) then return 'grace' end
  return 'replay'
`)

/** Protocol state, one hash a record; pointers and indexes are separate keys, trusted only as far as the record agrees. */
export function createArtifacts(deps: { redis: RedisCommands; keys: Keys; now: () => number }): Artifacts {
  const { redis, keys, now } = deps
  const grants = createGrants(deps)
  const count = (present: readonly string[]) => redis.send('exists', ...present) as Promise<number>
  // In a cluster keys lie on different nodes, so each is asked for by itself.
  const isPresent = redis.takesManyKeys
    ? createPresence(count)
    : async (key: string) => (await count([key])) === 1
  const read = (model: string, idHash: string) => readRecord(redis, keys.artifact(model, idHash), now())
  const follow = async (model: string, pointer: string) => {
    const idHash = (await redis.send('get', pointer)) as string | null
    return idHash === null ? undefined : read(model, idHash)
  }
  return {
    async put(artifact) {
      const { model, id, grantId, expiresAt = never } = artifact
      if (grantId === undefined) return writeArtifact(deps, artifact)
      const key = keys.artifact(model, sha256(id))
      await grants.enrol(grantId, key, expiresAt)
      await writeArtifact(deps, artifact)
      await grants.confirm(grantId, key)
    },

    get: async (model, id) => (await read(model, sha256(id)))?.artifact,

    has: (model, idHash) => isPresent(keys.artifact(model, idHash)),

    async findByUid(model, uid) {
      const uidHash = sha256(uid)
      const record = await follow(model, keys.uid(model, uidHash))
      return record?.leads.uidHash === uidHash ? record.artifact : undefined
    },

    async findByUserCode(model, userCode) {
      const userCodeHash = sha256(userCode)
      const record = await follow(model, keys.userCode(model, userCodeHash))
      return record?.leads.userCodeHash === userCodeHash ? record.artifact : undefined
    },

    async consume(model, id, { graceSeconds }) {
      const key = keys.artifact(model, sha256(id))
      const call = [now(), graceSeconds * 1000, randomUUID()]
      return (await redis.runDurably(consumeScript, [key], ...call)) as Consumption
    },

    async delete(model, id) {
      await redis.send('unlink', keys.artifact(model, sha256(id)))
    },

    revokeGrant: grants.revoke,
    list: (model, owner, page = {}) => listOwned(deps, { model, owner, page }),
  }
}

async function writeArtifact(
  { redis, keys, now }: { redis: RedisCommands; keys: Keys; now: () => number },
  artifact: NewArtifact,
): Promise<void> {
  const at = now()
  const { model, uid, userCode, userId: user, clientId: client, organizationId: organization } = artifact
  const expiresAt = artifact.expiresAt ?? never
  const idHash = sha256(artifact.id)
  const point = (pointer: string) =>
    redis.send('set', pointer, idHash, 'PX', Math.max(1, Math.ceil(expiresAt - at)))
  const own = (owner: keyof typeof owners, id: string) =>
    redis.run(addToIndex, [keys.owned(model, owner, id)], idHash, expiresAt, at)

  const owners = { user, client, organization }
  const leads: Leads = { ...owners }
  // Without order: a pointer or an index entry that arrives before its record leads nowhere.
  const writes: Promise<unknown>[] = []
  if (uid !== undefined) {
    leads.uidHash = sha256(uid)
    writes.push(point(keys.uid(model, leads.uidHash)))
  }
  if (userCode !== undefined) {
    leads.userCodeHash = sha256(userCode)
    writes.push(point(keys.userCode(model, leads.userCodeHash)))
  }
  if (user !== undefined) writes.push(own('user', user))
  if (client !== undefined) writes.push(own('client', client))
  if (organization !== undefined) writes.push(own('organization', organization))
  await Promise.all([...writes, writeRecord(redis, keys.artifact(model, idHash), { artifact, leads }, at)])
}
