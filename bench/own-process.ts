import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { processorMilliseconds } from '../test/support/processor-time.ts'

/** How long something took: of this process's CPU time, all threads, and on the clock. */
export interface Duration {
  cpuMs: number
  wallMs: number
}

/** Runs something and measures it. Other load on the machine makes `wallMs` longer and leaves `cpuMs` about as it is. */
export async function measure<T>(run: () => T | Promise<T>): Promise<Duration & { value: T }> {
  const begin = performance.now()
  const before = process.cpuUsage()
  const value = await run()
  return { value, cpuMs: processorMilliseconds(before), wallMs: performance.now() - begin }
}

/** Bytes this process holds for objects, after a collection of garbage: on the heap and in typed arrays. */
export function findHeldBytes(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Frees what nothing refers to, as no program may ask of an engine unless it was told that one will. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

/** The value below which such a part of all lies. */
export function percentileOf(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}
