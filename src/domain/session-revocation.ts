import { StoreUnavailable } from '../storage/contract.ts'
import type { ClientSessionEnd } from './client-session-end.ts'
import type { ClientSession, ClientSessions } from './client-sessions.ts'

/** How a revocation of several sessions went. What failed may be ended again: ending is idempotent. */
export interface RevocationOutcome {
  ended: number
  /** The store did not confirm these, so they may live on. */
  failed: number
}

/** More would make one request too long, and nobody reads a longer list before pressing the button. */
export const revocationBatchSize = 1000
const parallel = 20

/**
 * Ends several client sessions. An outage half way is told in numbers, never as success.
 * @param endOf who ends a session, which its client is told
 * @param address where the request came from
 * @throws {StoreUnavailable} when not one could be ended
 */
export async function revokeSessions(
  clientSessions: ClientSessions,
  sessions: readonly ClientSession[],
  endOf: (session: ClientSession) => ClientSessionEnd['by'],
  address?: string,
): Promise<RevocationOutcome> {
  let ended = 0
  let outage: StoreUnavailable | undefined
  const end = async (session: ClientSession) => {
    try {
      await clientSessions.end(session.id, endOf(session), address)
      ended += 1
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      outage = error
    }
  }
  for (let start = 0; start < sessions.length; start += parallel) {
    await Promise.all(sessions.slice(start, start + parallel).map(end))
  }
  if (outage && ended === 0) throw outage
  return { ended, failed: sessions.length - ended }
}
