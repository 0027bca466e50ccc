import type { Principal } from '../domain/principal.ts'

/** Who is asking, or why nobody is. The description is a sentence for the person at the client. */
export type Authentication =
  | {
      outcome: 'accepted'
      principal: Principal
      /** When it ends in any case, in epoch milliseconds. */
      until: number
      /** The grant it rests on. Whatever else it rests on is documents. */
      grantId?: string
      /** Asks again, for answers that take their time. @throws {StoreUnavailable} */
      isStillIn: () => Promise<boolean>
    }
  | Refusal

export interface Refusal {
  outcome: 'refused'
  reason: RefusalReason
  description: string
  /** Whether signing in would mend it. */
  offersSignIn: boolean
}

/** `missing` means no bearer credentials at all. */
export type RefusalReason =
  | 'missing'
  | 'malformed'
  | 'unset_variable'
  | 'unknown'
  | 'wrong_audience'
  | 'session_ended'
  | 'user_disabled'
  | 'no_longer_member'
  | 'organization_deleted'
  | 'blocked'
  | 'expired'
  | 'token_ended'
  | 'service_account_disabled'
  | 'service_account_deleted'
  | 'address_not_allowed'
  | 'other_organization'

/** @param description a sentence for the person at the client */
export function refuse(reason: RefusalReason, description: string): Refusal {
  return { outcome: 'refused', reason, description, offersSignIn: true }
}

/** For a credential that somebody configured: a headless client would wait for a sign-in instead of stopping. */
export function refuseConfigured(reason: RefusalReason, description: string): Refusal {
  return { outcome: 'refused', reason, description, offersSignIn: false }
}

/** What a client is told whose organization was deleted. */
export function describeDeletion({ name }: { name: string }): string {
  return `${name} was deleted. One of its owners can restore it for a week.`
}
