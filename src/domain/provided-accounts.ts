import { Conflict, type DocumentChange, type Documents } from '../storage/contract.ts'
import type { AccountSafety } from './account-safety.ts'
import type { AuditLog } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { sha256 } from './identifiers.ts'
import type { Members } from './members.ts'
import type { Passkeys } from './passkeys.ts'
import { readRoster } from './roster.ts'
import { type ProvidedPerson, providerKey, type SignInProvider } from './sign-in-provider.ts'
import { canonicalEmail, NewUser, type User, type Users } from './users.ts'
import type { Withdrawal } from './withdrawal.ts'

/** That a person at a provider is one of our users; made at the first sign-in, and from then on all that counts. */
export interface Identity {
  userId: string
  provider: string
  issuer: string
  subject: string
  linkedAt: number
}

export interface ProvidedAccountsDeps {
  documents: Documents
  users: Users
  members: Members
  withdrawal: Withdrawal
  accountSafety: AccountSafety
  passkeys: Passkeys
  auditLog: AuditLog
  now: () => number
}

export type ProvidedAccounts = ReturnType<typeof createProvidedAccounts>

/**
 * Whose account a person from a sign-in provider gets.
 *
 * An identity (provider, issuer, subject) that is known leads to its user, whatever address the provider tells now. An
 * unknown one is linked to the user of its address, only if the provider has verified the address and is the one to
 * ask for it: the operator's for every address, an organization's for the mail domain it has proved.
 */
export function createProvidedAccounts(deps: ProvidedAccountsDeps) {
  const { documents, users, members, withdrawal, accountSafety, passkeys, auditLog, now } = deps

  /** @throws {DomainError} `forbidden`, with a sentence for the person, when this sign-in leads to no account */
  async function require(
    provider: SignInProvider,
    person: ProvidedPerson,
    address: string | undefined,
  ): Promise<User> {
    for (;;) {
      const known = await findLinked(provider, person)
      if (known) return known
      try {
        return await link(provider, person, address)
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
        if (error.key === 'account') throw refusal(provider, 'another person there already uses this account')
        // The same person in two tabs: the other one was first.
      }
    }
  }

  async function findLinked(provider: SignInProvider, person: ProvidedPerson): Promise<User | undefined> {
    const document = await documents.get('identity', identityId(provider, person))
    if (!document) return undefined
    const user = requireEnabled(provider, await users.find((document.data as Identity).userId))
    // Whoever was removed from the organization stays out: only the first sign-in makes a member.
    if (!(await isReached(provider, user))) throw refusal(provider, noMember(provider))
    return user
  }

  async function isReached({ organization }: SignInProvider, user: User): Promise<boolean> {
    return organization === undefined || (await members.find(organization.id, user.id)) !== undefined
  }

  async function link(
    provider: SignInProvider,
    person: ProvidedPerson,
    address: string | undefined,
  ): Promise<User> {
    const email = requireAuthority(provider, person)
    const existing = await users.findByEmail(email)
    const { user, changes } = existing
      ? await admit(provider, requireEnabled(provider, existing))
      : await create(provider, person, email)
    const identity = identityOf(provider, person, user)
    if (existing && !provider.organization) await handOver(existing, identity.unique, address)
    await documents.commit([...changes, identity])
    await record(provider, person, user, address)
    // Read anew: whoever is signed in now must be so after what was ended above.
    return (await users.find(user.id)) ?? user
  }

  /** Somebody who has an account: a member already, or made one now. */
  async function admit(
    provider: SignInProvider,
    user: User,
  ): Promise<{ user: User; changes: DocumentChange[] }> {
    if (await isReached(provider, user)) return { user, changes: [] }
    if (!provider.makesAccounts) throw refusal(provider, noMember(provider))
    return { user, changes: await joiningOf(provider, user) }
  }

  /**
   * The account of an address may have been made by somebody else, as an invitation does not prove it. So what opened it
   * so far goes before its owner comes in: afterwards only they know a way. An organization's provider gives nobody the
   * whole account, and takes nothing from it. Each step may be repeated after a crash, until the identity is linked.
   */
  async function handOver(
    { id }: User,
    identity: Record<string, string>,
    address: string | undefined,
  ): Promise<void> {
    for (const [key, value] of Object.entries(identity)) {
      if (await documents.findUnique('identity', key, value)) throw new Conflict('unique', key)
    }
    await users.removePassword(id)
    await passkeys.removeAll(id)
    await accountSafety.endClientSessions(id, address)
  }

  async function create(
    provider: SignInProvider,
    person: ProvidedPerson,
    email: string,
  ): Promise<{ user: User; changes: DocumentChange[] }> {
    if (!provider.makesAccounts) {
      throw refusal(provider, `there is no account with ${email} here. Ask for an invitation to it`)
    }
    const name = NewUser.shape.name.catch(email.split('@', 1)[0] ?? email).parse(person.name)
    const { user, change } = users.prepareWithoutPassword({ email, name })
    return { user, changes: [change, ...(await joiningOf(provider, user))] }
  }

  async function joiningOf({ organization }: SignInProvider, user: User): Promise<DocumentChange[]> {
    if (!organization) return []
    const roster = await readRoster(documents, organization.id, now)
    // Should an outage have left anything of an earlier membership, it must not come back to life with this one.
    await withdrawal.require(
      { organizationId: organization.id, userId: user.id },
      { kind: 'user', userId: user.id },
    )
    return [roster, members.prepare(organization.id, user.id, 'member')]
  }

  function identityOf(provider: SignInProvider, person: ProvidedPerson, user: User) {
    const { issuer, subject } = person
    const identity: Identity = {
      userId: user.id,
      provider: providerKey(provider),
      issuer,
      subject,
      linkedAt: now(),
    }
    return {
      op: 'put' as const,
      kind: 'identity',
      id: identityId(provider, person),
      version: 0,
      data: identity,
      // An address that the provider gives to its next holder does not open the account of the one before.
      unique: { account: `${identity.provider}\n${issuer}\n${user.id}` },
      indexes: { provider: identity.provider },
    }
  }

  async function record(
    { organization }: SignInProvider,
    { issuer }: ProvidedPerson,
    user: User,
    address: string | undefined,
  ): Promise<void> {
    const told = organization
      ? [organization.id]
      : (await members.listMemberships(user.id)).map((membership) => membership.organization.id)
    for (const id of told) {
      await auditLog.append(id, {
        type: 'identity.linked',
        issuer,
        actor: { kind: 'user', id: user.id },
        address,
      })
    }
  }

  return { require }
}

/** The address under which somebody may get an account by this provider's word. @throws {DomainError} `forbidden` */
function requireAuthority(provider: SignInProvider, { email, isEmailVerified }: ProvidedPerson): string {
  const address = NewUser.shape.email.safeParse(email)
  if (!address.success) throw refusal(provider, 'it told no e-mail address')
  // Whoever may type any address at a provider would otherwise get the account of whoever it belongs to.
  if (!isEmailVerified) throw refusal(provider, `it has not verified that ${address.data} is yours`)
  const { organization } = provider
  if (organization && domainOf(address.data) !== organization.domain) {
    throw refusal(provider, `it may speak for addresses at ${organization.domain} only`)
  }
  return address.data
}

function requireEnabled(provider: SignInProvider, user: User | undefined): User {
  if (!user || user.disabledAt !== undefined) throw refusal(provider, 'this account is closed')
  return user
}

function noMember({ organization }: SignInProvider): string {
  return `you are not a member of ${organization?.name}. Ask one of its administrators to invite you`
}

function refusal({ name }: SignInProvider, reason: string): DomainError {
  return new DomainError('forbidden', `${name} did not sign you in here: ${reason}.`)
}

/** The mail domain of an address, in the form in which domains are compared. */
export function domainOf(email: string): string {
  return canonicalEmail(email).split('@').at(-1) ?? ''
}

function identityId(provider: SignInProvider, { issuer, subject }: ProvidedPerson): string {
  return sha256(`${providerKey(provider)}\n${issuer}\n${subject}`)
}
