import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/** An outage of 8 s and the time in which a lost connection is opened again. */
const patienceMs = 10_000
const pauseMs = 100

/** Who waits for a Redis that is away for a moment, and for how long. */
export interface Patience {
  /** Commands sent by `work` are tried again until ten seconds after its beginning; see {@link Store.patiently}. */
  readonly grant: <T>(work: () => Promise<T>) => Promise<T>
  /** Repeats `attempt` as long as the work it belongs to has patience left; without any, it is tried once. */
  readonly repeat: <T>(attempt: () => Promise<T>) => Promise<T>
}

export function createPatience(): Patience {
  const deadlines = new AsyncLocalStorage<number>()
  let running = 0
  return {
    async grant(work) {
      running += 1
      try {
        return await deadlines.run(performance.now() + patienceMs, work)
      } finally {
        running -= 1
        // Before Node 24 every promise of the process is tracked, which costs, until nobody needs it.
        if (running === 0) deadlines.disable()
      }
    },
    repeat(attempt) {
      const deadline = deadlines.getStore()
      return deadline === undefined ? attempt() : repeatUntil(deadline, attempt)
    },
  }
}

async function repeatUntil<T>(deadline: number, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() + pauseMs > deadline) throw error
      await sleep(pauseMs)
    }
  }
}
