import { type Store, StoreUnavailable } from '../../src/storage/contract.ts'

/** Which calls of a store fail: one, or that one and all that follow. */
export type Outage = 'one call' | 'from one call on'

const never = (): boolean => false

/** A store that goes out of reach at one of its calls. */
export function createFailingStore(store: Store) {
  let calls = 0
  let failing: (call: number) => boolean = never

  function watch<Part extends object>(part: Part): Part {
    return new Proxy(part, {
      get(target, name, receiver) {
        const value: unknown = Reflect.get(target, name, receiver)
        if (typeof value !== 'function') return value
        return (...parameters: unknown[]) => {
          calls += 1
          if (failing(calls)) return Promise.reject(new StoreUnavailable(`call ${calls}: ${String(name)}`))
          return Reflect.apply(value, target, parameters) as unknown
        }
      },
    })
  }

  return {
    store: {
      ...store,
      artifacts: watch(store.artifacts),
      documents: watch(store.documents),
      logs: watch(store.logs),
      limiter: watch(store.limiter),
      blobs: watch(store.blobs),
    } satisfies Store,
    /** Counts calls anew, of which the n-th fails, as said. */
    failAt(n: number, outage: Outage) {
      calls = 0
      failing = outage === 'one call' ? (call) => call === n : (call) => call >= n
    },
    /** Ends the outage. @returns how many calls there were since it was set */
    recover(): number {
      failing = never
      return calls
    },
  }
}
