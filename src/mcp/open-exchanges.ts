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
  const open = new Map<OpenExchange, { checkedAt: number }>()

  const endAllOf = (id: string) => {
    for (const exchange of open.keys()) if (exchange.accessId === id) exchange.end()
  }
  await bus.subscribe('client-session-ended', endAllOf)
  await bus.subscribe('api-token-ended', endAllOf)
  setInterval(() => {
    for (const [exchange, state] of open) {
      if (readiness.draining) exchange.leave()
      else if (now() - state.checkedAt >= checkInterval) {
        state.checkedAt = now()
        void check(exchange)
      }
    }
  }, tickInterval).unref()

  /**
   * Watches an exchange until the returned function is called.
   * @throws {RequestRefused} 429 when its client session or API token has too many
   */
  function watch(exchange: OpenExchange): () => void {
    const siblings = [...open.keys()].filter(({ accessId }) => accessId === exchange.accessId)
    if (siblings.length >= mostOfOneAccess) {
      throw new RequestRefused(429, 'temporarily_unavailable', 'This session has too many open streams.', {
        retryAfterSeconds: 5,
      })
    }
    open.set(exchange, { checkedAt: now() })
    return () => open.delete(exchange)
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
