import type { Config } from '../config.ts'
import { createDomain, type Domain } from '../domain/domain.ts'
import { DomainError } from '../domain/errors.ts'
import { operatorsResetLifetime, resetLink } from '../domain/password-resets.ts'
import type { User } from '../domain/users.ts'
import { openStore } from '../storage/open.ts'

/** Prints a link that sets a forgotten password, to hand over to its user. */
export async function printResetLink(config: Config, address: string): Promise<void> {
  await withUser(config, address, async ({ passwordResets }, user) => {
    if (user.disabledAt !== undefined) {
      throw new DomainError('conflict', `${user.email} is suspended. Restore the user first.`)
    }
    const token = await passwordResets.issue(user, operatorsResetLifetime)
    console.log(`Whoever has this link sets the password of ${user.email}, once, within 24 hours:

  ${resetLink(config.publicUrl, token)}`)
  })
}

/** Keeps a user out, beside a running server: browsers and clients are refused at their next request. */
export async function suspendUser(config: Config, address: string): Promise<void> {
  await withUser(config, address, async ({ accountSafety }, user) => {
    await accountSafety.suspend(user)
    console.log(`Suspended ${user.email}. Every sign-in and client session has ended.`)
  })
}

/** Lets a suspended user sign in again. */
export async function restoreUser(config: Config, address: string): Promise<void> {
  await withUser(config, address, async ({ accountSafety }, user) => {
    await accountSafety.restore(user)
    console.log(`Restored ${user.email}, who has to sign in anew.`)
  })
}

/** @throws {DomainError} `not_found` for an unknown address */
async function withUser(
  config: Config,
  address: string,
  use: (domain: Domain, user: User) => Promise<void>,
): Promise<void> {
  const store = await openStore(config)
  try {
    const domain = createDomain({ store, now: Date.now })
    const user = await domain.users.findByEmail(address)
    if (!user) throw new DomainError('not_found', `There is no user with the address ${address}.`)
    await use(domain, user)
  } finally {
    await store.close()
  }
}
