import type { Artifact, NewArtifact } from '../contract.ts'
import { never, presentExpiry } from '../page.ts'
import { defineScript } from './commands.ts'
import type { RedisCommands } from './commands.ts'

/** One hash: payload `p`, expiry `e`, what leads to it `l`, and once spent `c`. */
export interface ArtifactRecord {
  artifact: Artifact
  leads: Leads
}

/** What leads to a record. A pointer or an index entry counts only while the record names it: older ones stay behind. */
export interface Leads {
  uidHash?: string
  userCodeHash?: string
  user?: string | undefined
  client?: string | undefined
  organization?: string | undefined
}

/** KEYS: the record. ARGV: payload, expiry, leads, lifetime. The mark `c` stays: spent stays spent. */
const writeScript = defineScript(`
  redis.call('HSET', KEYS[1], 'p', ARGV[1], 'e', ARGV[2], 'l', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
`)

/** Writes or replaces one record. */
export async function writeRecord(
  redis: RedisCommands,
  key: string,
  record: { artifact: NewArtifact; leads: Leads },
  now: number,
): Promise<void> {
  const { payload, expiresAt = never } = record.artifact
  const values = [JSON.stringify(payload), expiresAt, JSON.stringify(record.leads)]
  await redis.runDurably(writeScript, [key], ...values, Math.ceil(expiresAt - now))
}

/** @returns undefined also for a record that has expired by our clock and not yet by Redis's. */
export async function readRecord(
  redis: RedisCommands,
  key: string,
  now: number,
): Promise<ArtifactRecord | undefined> {
  const values = (await redis.send('hmget', key, 'p', 'e', 'l', 'c')) as (string | null)[]
  const [payload, expiresAt, leads, consumed] = values
  if (!payload || Number(expiresAt) <= now) return undefined
  const artifact = {
    payload: JSON.parse(payload) as Record<string, unknown>,
    expiresAt: presentExpiry(Number(expiresAt)),
    consumedAt: consumed ? Number.parseInt(consumed, 10) : undefined,
  }
  return { artifact, leads: JSON.parse(leads ?? '{}') as Leads }
}
