import { GrantRevoked } from '../contract.ts'
import { revocationMemory } from '../lifetimes.ts'
import { defineScript } from './commands.ts'
import type { RedisCommands } from './commands.ts'
import { addExpiring } from './expiring-index.ts'
import type { Keys } from './keys.ts'

/** KEYS: members, tombstone. ARGV: member, expiry, now. */
const enrolScript = defineScript(`
  ${addExpiring}
  if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
  add_expiring(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
  return 1
`)

/**
 * KEYS: members, tombstone. ARGV: now, lifetime of the tombstone. The removal comes first because of a full Redis: it
 * refuses a SET on its own and every command of a MULTI, but not a SET in a script that has already written.
 */
const revokeScript = defineScript(`
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
  return redis.call('ZRANGE', KEYS[1], 0, -1)
`)

/** Which records die with a grant. */
export interface Grants {
  /** Announces a record before it is written, so that a revocation finds it. @throws {GrantRevoked} */
  readonly enrol: (grantId: string, artifactKey: string, expiresAt: number) => Promise<void>
  /**
   * Takes a record that was just written back when the grant was revoked since `enrol`: that revocation came too early
   * to find the record, and any later one finds it. @throws {GrantRevoked}
   */
  readonly confirm: (grantId: string, artifactKey: string) => Promise<void>
  /** Resolves when nothing is alive; after a failure in between, calling again finishes the work. */
  readonly revoke: (grantId: string) => Promise<void>
}

export function createGrants(deps: { redis: RedisCommands; keys: Keys; now: () => number }): Grants {
  const { redis, keys, now } = deps
  return {
    async enrol(grantId, artifactKey, expiresAt) {
      const places = [keys.grantMembers(grantId), keys.grantRevoked(grantId)]
      const enrolled = await redis.runDurably(enrolScript, places, artifactKey, expiresAt, now())
      if (enrolled === 0) throw new GrantRevoked('the grant was revoked')
    },

    async confirm(grantId, artifactKey) {
      if ((await redis.send('exists', keys.grantRevoked(grantId))) === 0) return
      await redis.send('unlink', artifactKey)
      throw new GrantRevoked('the grant was revoked')
    },

    async revoke(grantId) {
      const members = keys.grantMembers(grantId)
      const places = [members, keys.grantRevoked(grantId)]
      const artifactKeys = (await redis.runDurably(revokeScript, places, now(), revocationMemory)) as string[]
      // One by one: they lie on different nodes of a cluster.
      await Promise.all(artifactKeys.map((key) => redis.send('unlink', key)))
      await redis.send('unlink', members)
    },
  }
}
