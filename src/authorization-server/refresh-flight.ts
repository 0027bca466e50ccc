import type { Artifacts } from '../storage/contract.ts'

/**
 * How long a rotation may take before another process takes over: its leader has died, or waits for a store that a
 * client would not wait for either. A leader that finds itself this late gives up (see `isLate`).
 */
const flightMilliseconds = 12_000
/** What a leader needs at most from its last look at the clock to its answer being stored. */
const landingMilliseconds = 2_000

/** One attempt at rotating one refresh token. */
export interface Flight {
  /** True when another process may have taken over: nothing of this attempt may be answered any more. */
  isLate: () => boolean
  /** Lets others try at once, after a refusal or failure. */
  giveUp: () => Promise<void>
}

export interface RefreshFlights {
  /** The flight when this caller is to rotate the token; undefined while another one does. */
  claim: (refreshToken: string, expiresAt: number | undefined) => Promise<Flight | undefined>
  /** Whether anybody ever began to rotate the token, which means that its client has it. */
  hasBegun: (refreshToken: string) => Promise<boolean>
}

/**
 * Single flight for each refresh token across processes. Attempts are numbered records, each won by compare-and-set;
 * one that was won long ago without an answer belongs to a process that died, and the next number is up.
 */
export function createRefreshFlights({
  artifacts,
  now,
}: {
  artifacts: Artifacts
  now: () => number
}): RefreshFlights {
  /** A record that is put again stays spent, so of any number of racing callers one gets `first`. */
  async function win(id: string, expiresAt: number | undefined): Promise<boolean> {
    await artifacts.put({ model: 'RefreshFlight', id, payload: {}, expiresAt })
    return (await artifacts.consume('RefreshFlight', id, { graceSeconds: 0 })) === 'first'
  }

  return {
    async claim(refreshToken, expiresAt) {
      for (let attempt = 0; ; attempt++) {
        const id = idOf(refreshToken, attempt)
        const begun = now()
        if (await win(id, expiresAt)) {
          return {
            isLate: () => now() - begun > flightMilliseconds - landingMilliseconds,
            giveUp: () => artifacts.delete('RefreshFlight', id),
          }
        }
        const wonAt = (await artifacts.get('RefreshFlight', id))?.consumedAt
        // Given up since: try the same number again, in the caller's next round.
        if (wonAt === undefined || now() - wonAt < flightMilliseconds) return undefined
      }
    },
    async hasBegun(refreshToken) {
      return (await artifacts.get('RefreshFlight', idOf(refreshToken, 0)))?.consumedAt !== undefined
    },
  }
}

function idOf(refreshToken: string, attempt: number): string {
  return `${attempt} ${refreshToken}`
}
