import type { Readiness } from '../http/health.ts'
import { RequestRefused } from '../http/errors.ts'
import type { Bus } from '../storage/contract.ts'
import { StoreUnavailable } from '../storage/contract.ts'

/** An answer that takes its time. */
export interface OpenExchange {
  /** What lets its principal in. */
  accessId: string
  isStillIn: () => Promise<boolean>
  /** Its principal is out. */
  end: () => void
  /** The process is stopping; the client goes on with another. */
  leave: () => void
}

interface Watched {
  exchange: OpenExchange
  checkedAt: number
}

export type OpenExchanges = Awaited<ReturnType<typeof createOpenExchanges>>

const tickInterval = 1000
/** The promise is five seconds from the revocation to the end of the stream. */
const checkInterval = 3000
const mostOfOneAccess = 64

/**
 * Ends streams and calls under way whose principal is no longer let in. The bus tells of ended client sessions and API tokens at
 * once;
 * everybody is looked at again every few seconds, because messages can be missed and because people also leave
 * organizations. A process that is stopping lets all go, so that clients move on to another.
 */
export async function createOpenExchanges({
  bus,
  readiness,
  now,
}: {
  bus: Bus
  readiness: Readiness
  now: () => number
}) {
  // Not a Map, through which every call would pass: V8 links the tables a Map outgrows, and so those that were promoted
  // keep all exchanges alive until the next full collection of garbage.
  const open: Watched[] = []

  const endAllOf = (id: string) => {
    for (const { exchange } of open.slice()) if (exchange.accessId === id) exchange.end()
  }
  await bus.subscribe('client-session-ended', endAllOf)
  await bus.subscribe('api-token-ended', endAllOf)
  setInterval(() => {
    for (const watched of open.slice()) {
      if (readiness.draining) watched.exchange.leave()
      else if (now() - watched.checkedAt >= checkInterval) {
        watched.checkedAt = now()
        void check(watched.exchange)
      }
    }
  }, tickInterval).unref()

  /**
   * Watches an exchange until the returned function is called.
   * @throws {RequestRefused} 429 when its client session or API token has too many
   */
  function watch(exchange: OpenExchange): () => void {
    let siblings = 0
    for (const { exchange: other } of open) if (other.accessId === exchange.accessId) siblings += 1
    if (siblings >= mostOfOneAccess) {
      throw new RequestRefused(429, 'temporarily_unavailable', 'This session has too many open streams.', {
        retryAfterSeconds: 5,
      })
    }
    const watched = { exchange, checkedAt: now() }
    open.push(watched)
    return () => {
      const position = open.indexOf(watched)
      if (position === -1) return
      const last = open.pop()
      if (last !== undefined && last !== watched) open[position] = last
    }
  }

  return { watch }
}

async function check({ isStillIn, end }: OpenExchange): Promise<void> {
  try {
    if (!(await isStillIn())) end()
  } catch (error) {
    // An outage of the store is nobody's revocation. Anything else is a defect, and a stream nobody can check must not stay.
    if (!(error instanceof StoreUnavailable)) end()
  }
}
