import { randomUUID } from 'node:crypto'
import type { NewArtifact, Store } from '../../src/storage/contract.ts'

/** What a suite of rules is tried on. */
export interface Subject {
  readonly store: Store
  /** Another store in the same place, as another process would have; undefined in memory, which nobody shares. */
  readonly neighbour: Store | undefined
  /** Everything that is kept, readable. */
  readonly dump: (() => Promise<string>) | undefined
}

/** A refresh token of a minute that no other test knows. */
export function someToken(overrides: Partial<NewArtifact> = {}): NewArtifact {
  const expiresAt = Date.now() + 60_000
  return { model: 'RefreshToken', id: randomUUID(), payload: { kind: 'token' }, expiresAt, ...overrides }
}

/** How often each value occurs. */
export function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}
