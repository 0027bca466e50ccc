import type { Limiter } from '../storage/contract.ts'
import { countAttempt, type RateRule } from './rate-limit.ts'

/** Counts one organization before it is made by a user. @throws {RequestRefused} 429 after too many */
export type OrganizationLimit = (userId: string) => Promise<void>

const creations: RateRule = { name: 'organization-creation', limit: 20, windowSeconds: 24 * 60 * 60 }

/** Keeps one person from taking slugs by the thousand. */
export function createOrganizationLimit({ limiter }: { limiter: Limiter }): OrganizationLimit {
  return (userId) => countAttempt(limiter, creations, userId)
}
