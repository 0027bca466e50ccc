import type { Config } from '../config.ts'
import { createDomain } from '../domain/domain.ts'
import { DomainError } from '../domain/errors.ts'
import { NewOrganization, suggestSlug } from '../domain/organizations.ts'
import { openStore } from '../storage/open.ts'
import type { CreateOrganizationOptions } from './command-line.ts'

/** Makes an organization whose owner is a user that exists already. */
export async function createOrganization(config: Config, options: CreateOrganizationOptions): Promise<void> {
  const { name, slug = suggestSlug(name) } = options
  const input = NewOrganization.safeParse({ name, slug })
  if (!input.success) {
    const problems = input.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new DomainError('invalid_input', problems.join('\nerror: '))
  }
  const store = await openStore(config)
  try {
    const { users, organizationNames } = createDomain({ store, now: Date.now })
    const owner = await users.findByEmail(options.owner)
    if (!owner) throw new DomainError('not_found', `There is no user ${options.owner}.`)
    const made = await organizationNames.create(owner, input.data, { actor: { kind: 'operator' } })
    console.log(`Made ${owner.email} the owner of ${made.name} (${made.slug}).`)
  } finally {
    await store.close()
  }
}
