import type { Logger } from 'pino'
import { createArchitecture } from '../architecture/architecture.ts'
import type { OrganizationDeletion } from '../domain/organization-deletion.ts'
import type { TokenMails } from '../domain/token-mails.ts'
import type { Store } from '../storage/contract.ts'

const everyMilliseconds = 60 * 60_000

export interface HousekeepingDeps {
  store: Store
  organizationDeletion: OrganizationDeletion
  tokenMails: TokenMails
  logger: Logger
  now: () => number
}

/**
 * Erases what is due and mails of tokens that expire soon or are unused, now and every hour. Every process does it, and
 * none waits for another: what two of them erase at the same time is erased once, and what one of them mails no other
 * does.
 * @returns stops it and waits for a round under way
 */
export function startHousekeeping({
  store,
  organizationDeletion,
  tokenMails,
  logger,
  now,
}: HousekeepingDeps): () => Promise<void> {
  const architecture = createArchitecture({ blobs: store.blobs, now })

  async function keepHouse(): Promise<void> {
    try {
      for (const { id, name } of await organizationDeletion.eraseDue(architecture.erase)) {
        logger.info({ organization: id, name }, 'organization erased')
      }
      await tokenMails.warnOfExpiries()
      await tokenMails.tellOfUnused()
    } catch (err) {
      // The next round, or that of another process, goes on where this one stopped.
      logger.warn({ err }, 'housekeeping did not finish')
    }
  }

  let round = keepHouse()
  const timer = setInterval(() => {
    round = round.then(keepHouse)
  }, everyMilliseconds)
  return async () => {
    clearInterval(timer)
    await round
  }
}
