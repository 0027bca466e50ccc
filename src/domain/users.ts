import { hash, verify } from '@node-rs/argon2'
import { z } from 'zod'
import { Conflict, type DocumentChange, type Documents } from '../storage/contract.ts'
import { DomainError } from './errors.ts'
import { newId } from './identifiers.ts'

/** A person with an e-mail address and a way to sign in. */
export interface User {
  id: string
  email: string
  name: string
  passwordHash: string
  createdAt: number
  /** Set when an operator suspends the user: no sign-in, no refresh, no request. */
  disabledAt?: number | undefined
  /** Ends every browser sign-in that began before, but the one that asked for it. */
  signedOut?: { at: number; exceptUid?: string | undefined } | undefined
}

/** What a new user types. The password is at most 200 characters: hashing cost must not follow the input. */
export const NewUser = z.object({
  email: z.email('Enter an e-mail address such as ada@example.com.').max(254),
  name: z.string().trim().min(1, 'Enter your name.').max(100, 'A name has at most 100 characters.'),
  password: z
    .string()
    .min(10, 'Use at least 10 characters; a sentence is fine.')
    .max(200, 'A password has at most 200 characters.'),
})
export type NewUser = z.infer<typeof NewUser>

// OWASP Password Storage Cheat Sheet: argon2id (the library's default variant), 19 MiB, 2 passes, 1 lane.
const argon2id = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export type Users = ReturnType<typeof createUsers>

/** Users and their passwords. Addresses are compared lower-cased and NFKC-normalized, so look-alike cases are one account. */
export function createUsers({ documents, now }: { documents: Documents; now: () => number }) {
  // Verified against when the address is unknown, so that the time of an answer does not tell which addresses exist.
  const decoy = hash('no such user', argon2id)

  async function find(id: string): Promise<User | undefined> {
    const document = await documents.get('user', id)
    return document && (document.data as User)
  }

  async function findByEmail(email: string): Promise<User | undefined> {
    const document = await documents.findUnique('user', 'email', canonicalEmail(email))
    return document && (document.data as User)
  }

  /** The change that creates a user; commit it together with what the user needs to exist. */
  async function prepare(input: NewUser): Promise<{ user: User; change: DocumentChange }> {
    const user: User = {
      id: newId(now()),
      email: input.email.normalize('NFKC'),
      name: input.name,
      passwordHash: await hash(input.password, argon2id),
      createdAt: now(),
    }
    return {
      user,
      change: recordOf(user, 0),
    }
  }

  /**
   * Ends the browser sign-ins of a user. Their records cannot be deleted one by one, since the store knows only hashes
   * of their identifiers; so the user remembers when, and each use of a sign-in compares (see `isSignedOut`).
   * @param exceptUid the sign-in that goes on
   */
  async function signOutEverywhere(userId: string, exceptUid: string | undefined): Promise<void> {
    for (;;) {
      const document = await documents.get('user', userId)
      if (!document) return
      const user: User = { ...(document.data as User), signedOut: { at: now(), exceptUid } }
      try {
        return await documents.commit([recordOf(user, document.version)])
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  /** @throws {DomainError} `invalid_credentials`, the same for an unknown address, a wrong password and a disabled user. */
  async function authenticate(email: string, password: string): Promise<User> {
    const user = await findByEmail(email)
    const matches = await verify(user?.passwordHash ?? (await decoy), password.slice(0, 200), argon2id)
    if (!user || !matches || user.disabledAt !== undefined) {
      throw new DomainError('invalid_credentials', 'The e-mail address or the password is wrong.')
    }
    return user
  }

  return { find, findByEmail, prepare, authenticate, signOutEverywhere }
}

/**
 * Whether a browser sign-in was ended by {@link User.signedOut}.
 * @param signIn with its time in whole seconds, rounded down: one of the same second counts as earlier, to be certain
 */
export function isSignedOut(
  { signedOut }: User,
  signIn: { uid: string | undefined; loginTs: number | undefined },
): boolean {
  if (!signedOut || (signIn.uid !== undefined && signIn.uid === signedOut.exceptUid)) return false
  return (signIn.loginTs ?? 0) * 1000 < signedOut.at
}

function recordOf(user: User, version: number): DocumentChange {
  return {
    op: 'put',
    kind: 'user',
    id: user.id,
    version,
    data: user,
    unique: { email: canonicalEmail(user.email) },
  }
}

/** The form under which an address is unique. */
export function canonicalEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase()
}
