import assert from 'node:assert/strict'

/** Milliseconds of processor time of this process alone, since others may be busy. */
export function processorMilliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

/** What it returned, and how long it took. */
export function processorTime<T>(run: () => T): { value: T; milliseconds: number } {
  const before = process.cpuUsage()
  const value = run()
  return { value, milliseconds: processorMilliseconds(before) }
}

/**
 * What it returns, once it has: input made to take minutes must not take ten seconds. What is asserted by this takes less
 * than a fifth of that on an idle machine, so that a slow one does not fail it.
 */
export function withoutExplosion<T>(run: () => T): T {
  const { value, milliseconds } = processorTime(run)
  assert.ok(milliseconds < 10_000, `took ${milliseconds} ms of processor time`)
  return value
}
