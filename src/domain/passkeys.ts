import { z } from 'zod'
import { Conflict, type DocumentChange, type Documents, type StoredDocument } from '../storage/contract.ts'
import type { AccountSafety } from './account-safety.ts'
import { DomainError } from './errors.ts'
import { newId } from './identifiers.ts'
import type { User } from './users.ts'

/** A WebAuthn credential of a user, in the words of the specification (Level 3 §4, credential record). */
export interface Passkey {
  id: string
  userId: string
  name: string
  /** Base64url, like the public key, which is a COSE key. */
  credentialId: string
  publicKey: string
  signCount: number
  transports: string[]
  /** Synchronized between devices; otherwise it stays on the one it was made on. */
  isSynchronized: boolean
  createdAt: number
  lastUsedAt?: number | undefined
}

export const PasskeyName = z
  .string()
  .trim()
  .min(1, 'Give it a name, such as the device it is on.')
  .max(60, 'A name has at most 60 characters.')

export interface PasskeysDeps {
  documents: Documents
  accountSafety: AccountSafety
  now: () => number
}

export type Passkeys = ReturnType<typeof createPasskeys>

// Nobody has more devices; the list travels to the browser in full.
const mostPasskeys = 20

/** The passkeys of users: what a browser showed once to be the user's, to be recognized again. */
export function createPasskeys({ documents, accountSafety, now }: PasskeysDeps) {
  async function list(userId: string): Promise<Passkey[]> {
    const { items } = await documents.list('passkey', 'user', userId, { limit: mostPasskeys })
    return items.map(({ data }) => data as Passkey)
  }

  async function findByCredential(credentialId: string): Promise<Passkey | undefined> {
    const document = await documents.findUnique('passkey', 'credential', credentialId)
    return document && (document.data as Passkey)
  }

  /** @throws {DomainError} `conflict` when it is known already or there are too many */
  async function add(
    user: User,
    made: Omit<Passkey, 'id' | 'userId' | 'createdAt' | 'lastUsedAt'>,
    address: string,
  ): Promise<void> {
    if ((await list(user.id)).length >= mostPasskeys) {
      throw new DomainError('conflict', `You have ${mostPasskeys} passkeys. Remove one you do not use.`)
    }
    const passkey: Passkey = { ...made, id: newId(now()), userId: user.id, createdAt: now() }
    try {
      await documents.commit([recordOf(passkey, 0)])
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      throw new DomainError('conflict', 'This passkey was added before.', { cause: error })
    }
    await accountSafety.record(
      user.id,
      { type: 'passkey.added', passkeyName: passkey.name },
      { actor: { kind: 'user', id: user.id }, address },
    )
  }

  /** @throws {DomainError} `not_found`, the same for somebody else's */
  async function requireOwn(user: User, id: string): Promise<StoredDocument & { data: Passkey }> {
    const document = await documents.get('passkey', id)
    const passkey = document?.data as Passkey | undefined
    if (!document || passkey?.userId !== user.id) {
      throw new DomainError('not_found', 'There is no such passkey.')
    }
    return { ...document, data: passkey }
  }

  /** @throws {DomainError} `not_found`; `conflict` when it changed meanwhile */
  async function rename(user: User, id: string, name: string): Promise<void> {
    const { data, version } = await requireOwn(user, id)
    await commit(recordOf({ ...data, name }, version))
  }

  /** @throws {DomainError} `not_found`; `conflict` for the last way in of a user without a password */
  async function remove(user: User, id: string, address: string): Promise<void> {
    const { data, version } = await requireOwn(user, id)
    if (user.passwordHash === undefined && (await list(user.id)).length === 1) {
      throw new DomainError(
        'conflict',
        'This is your only way to sign in. Add another passkey or set a password first.',
      )
    }
    await commit({ op: 'delete', kind: 'passkey', id, version })
    await accountSafety.record(
      user.id,
      { type: 'passkey.removed', passkeyName: data.name },
      { actor: { kind: 'user', id: user.id }, address },
    )
  }

  /** Takes every passkey of a user, as `removePassword` of the users takes the password. */
  async function removeAll(userId: string): Promise<void> {
    const { items } = await documents.list('passkey', 'user', userId, { limit: mostPasskeys })
    for (const { id, version } of items) await commit({ op: 'delete', kind: 'passkey', id, version })
  }

  /**
   * Notes a use by compare-and-set, so that of two uses with one count only one passes.
   * @returns whether the count is higher than before; if not, the passkey may have been cloned (WebAuthn Level 3 §6.1.1)
   */
  async function noteUse({ id }: Passkey, signCount: number): Promise<boolean> {
    for (;;) {
      const document = await documents.get('passkey', id)
      if (!document) return false
      const passkey = document.data as Passkey
      // Authenticators that do not count always say 0.
      const isAhead = signCount > passkey.signCount || (signCount === 0 && passkey.signCount === 0)
      if (!isAhead) return false
      try {
        await documents.commit([recordOf({ ...passkey, signCount, lastUsedAt: now() }, document.version)])
        return true
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  async function commit(change: DocumentChange): Promise<void> {
    try {
      await documents.commit([change])
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      throw new DomainError('conflict', 'This passkey changed meanwhile. Reload the page and try again.', {
        cause: error,
      })
    }
  }

  return { list, findByCredential, add, rename, remove, removeAll, noteUse }
}

function recordOf(passkey: Passkey, version: number): DocumentChange {
  return {
    op: 'put',
    kind: 'passkey',
    id: passkey.id,
    version,
    data: passkey,
    unique: { credential: passkey.credentialId },
    indexes: { user: passkey.userId },
  }
}
