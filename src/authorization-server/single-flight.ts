import { setTimeout as sleep } from 'node:timers/promises'
import type { Artifacts } from '../storage/contract.ts'

/**
 * How long an exchange may take before another process takes over: its leader has died, or waits for a store that a
 * client would not wait for either. A leader that finds itself this late gives up (see `isLate`).
 */
const flightMilliseconds = 12_000
/** An attempt that old is over at once, without being watched; no two clocks are that far apart. */
const forgottenMilliseconds = 5 * 60_000
/** What a leader needs at most from its last look at the clock to its answer being stored. */
const landingMilliseconds = 2_000
/** How long a request waits for another one's exchange of the same credential, and then for its own after a death. */
const waitMilliseconds = 15_000

/** One attempt at exchanging one credential. */
export interface Flight {
  attempt: number
  /** True when another process may have taken over: nothing of this attempt may be answered any more. */
  isLate: () => boolean
  /** Lets others try at once, after a refusal or failure. */
  giveUp: () => Promise<void>
}

export interface Claim {
  /** When the credential expires, and with it the record of the attempt. */
  expiresAt: number | undefined
  /** For how many milliseconds the caller has watched another one's attempt. */
  waited: number
  /** The first attempt that was not finished yet. */
  from?: number
}

export interface Flights {
  /** The flight when this caller is to exchange the credential; undefined while another one does. */
  claim: (credential: string, claim: Claim) => Promise<Flight | undefined>
  /**
   * Rounds of looking what another one's exchange came to and claiming one's own, until a client would wait no longer.
   * Each gives how many milliseconds the caller has waited.
   */
  wait: () => AsyncIterable<number>
  /** Whether anybody ever began to exchange the credential, which means that its client has it. */
  hasBegun: (credential: string) => Promise<boolean>
}

/**
 * Single flight for each code or refresh token across processes. Attempts are numbered records, each won by compare-and-set;
 * one that got no answer while a whole flight's time was watched belongs to a process that died, and the next number is
 * up. It is watched on one clock, since those of two processes may differ.
 */
export function createFlights({ artifacts, now }: { artifacts: Artifacts; now: () => number }): Flights {
  /** A record that is put again stays spent, so of any number of racing callers one gets `first`. */
  async function win(id: string, expiresAt: number | undefined): Promise<boolean> {
    await artifacts.put({ model: 'Flight', id, payload: {}, expiresAt })
    return (await artifacts.consume('Flight', id, { graceSeconds: 0 })) === 'first'
  }

  return {
    async claim(credential, { expiresAt, waited, from = 0 }) {
      for (let attempt = from; ; attempt++) {
        const id = idOf(credential, attempt)
        const begun = now()
        if (await win(id, expiresAt)) {
          return {
            attempt,
            isLate: () => now() - begun > flightMilliseconds - landingMilliseconds,
            giveUp: () => artifacts.delete('Flight', id),
          }
        }
        const wonAt = (await artifacts.get('Flight', id))?.consumedAt
        // Given up since: try the same number again, in the caller's next round.
        if (wonAt === undefined) return undefined
        if (waited < flightMilliseconds && now() - wonAt < forgottenMilliseconds) return undefined
      }
    },
    async *wait() {
      const began = now()
      for (let waited = 0; waited < waitMilliseconds; waited = now() - began) {
        yield waited
        await sleep(50)
      }
    },
    async hasBegun(credential) {
      return (await artifacts.get('Flight', idOf(credential, 0)))?.consumedAt !== undefined
    },
  }
}

function idOf(credential: string, attempt: number): string {
  return `${attempt} ${credential}`
}
