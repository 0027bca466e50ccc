import { type Artifacts, Conflict, type Documents } from '../storage/contract.ts'
import { DomainError } from './errors.ts'
import { newSecret } from './identifiers.ts'
import type { Members } from './members.ts'
import type { NewOrganization, Organization, Organizations } from './organizations.ts'
import type { NewUser, User, Users } from './users.ts'

export interface FirstRunDeps {
  artifacts: Artifacts
  documents: Documents
  users: Users
  organizations: Organizations
  members: Members
  now: () => number
}

export type FirstRun = ReturnType<typeof createFirstRun>

const linkLifetime = 24 * 60 * 60 * 1000

/** Making the owner and the first organization, once for each store. */
export function createFirstRun({ artifacts, documents, users, organizations, members, now }: FirstRunDeps) {
  async function isDone(): Promise<boolean> {
    return (await documents.get('installation', 'first-run')) !== undefined
  }

  /** A token for the `/setup` link. Each start makes a new one; any of them works until the first run is done. */
  async function issueToken(): Promise<string> {
    const token = newSecret()
    await artifacts.put({ model: 'SetupToken', id: token, payload: {}, expiresAt: now() + linkLifetime })
    return token
  }

  /** @throws {DomainError} `not_found` when the token is unknown, expired or the first run is done. */
  async function requireToken(token: string): Promise<void> {
    const [artifact, done] = await Promise.all([artifacts.get('SetupToken', token), isDone()])
    if (!artifact || done) {
      throw new DomainError(
        'not_found',
        done
          ? 'This server is already set up. Sign in instead.'
          : 'This setup link is not valid (any more). Restart the server to get a new one.',
      )
    }
  }

  /**
   * Creates owner and organization in one commit, so a crash leaves either both or neither. The `installation`
   * record makes it single use: of two racing calls one gets a conflict.
   * @throws {DomainError} `conflict` when the first run is already done.
   */
  async function complete(input: {
    user: NewUser
    organization: NewOrganization
  }): Promise<{ user: User; organization: Organization }> {
    const { user, change: userChange } = await users.prepare(input.user)
    const { organization, change: organizationChange } = organizations.prepare(input.organization)
    try {
      await documents.commit([
        { op: 'put', kind: 'installation', id: 'first-run', version: 0, data: { at: now() } },
        userChange,
        organizationChange,
        members.prepare(organization.id, user.id, 'owner'),
      ])
    } catch (error) {
      if (error instanceof Conflict) {
        throw new DomainError('conflict', 'This server is already set up. Sign in instead.', { cause: error })
      }
      throw error
    }
    return { user, organization }
  }

  return { isDone, issueToken, requireToken, complete }
}
