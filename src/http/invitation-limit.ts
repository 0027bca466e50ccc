import { sha256 } from '../domain/identifiers.ts'
import { canonicalEmail } from '../domain/users.ts'
import type { Limiter } from '../storage/contract.ts'
import { countAttempt, type RateRule } from './rate-limit.ts'

/**
 * Counts one invitation, before it is made and mailed.
 * @throws {RequestRefused} 429 after too many by this person, in this organization, or to this address
 */
export type InvitationLimit = (invitation: {
  organizationId: string
  inviterId: string
  email: string
}) => Promise<void>

const ofInviter: RateRule = { name: 'invitations-by', limit: 50, windowSeconds: 60 * 60 }
const ofOrganization: RateRule = { name: 'invitations-in', limit: 200, windowSeconds: 24 * 60 * 60 }
const toAddress: RateRule = { name: 'invitations-to', limit: 10, windowSeconds: 24 * 60 * 60 }

/** Keeps invitations from being a way to send mail to strangers. */
export function createInvitationLimit({ limiter }: { limiter: Limiter }): InvitationLimit {
  return async ({ organizationId, inviterId, email }) => {
    await countAttempt(limiter, ofInviter, inviterId)
    await countAttempt(limiter, ofOrganization, organizationId)
    // Over all organizations: the person at the address does not care which of them it is.
    await countAttempt(limiter, toAddress, sha256(canonicalEmail(email)))
  }
}
