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
  /** Absent for whoever signs in without a password only. */
  passwordHash?: string | undefined
  /** Voids reset links that were made before. */
  passwordChangedAt?: number | undefined
  createdAt: number
  /** Set when an operator suspends the user: no sign-in, no refresh, no request. */
  disabledAt?: number | undefined
  /** Ends every browser sign-in that began before, but the one that asked for it. */
  signedOut?: { at: number; exceptUid?: string | undefined } | undefined
  /** Browser sign-ins that were ended one by one, as long as they could still be used. */
  endedSignIns?: { uid: string; at: number }[] | undefined
}

/** At most 200 characters: hashing cost must not follow the input. */
export const NewPassword = z
  .string()
  .min(10, 'Use at least 10 characters; a sentence is fine.')
  .max(200, 'A password has at most 200 characters.')

export const UserName = z
  .string()
  .trim()
  .min(1, 'Enter your name.')
  .max(100, 'A name has at most 100 characters.')

/** What a new user types. */
export const NewUser = z.object({
  email: z.email('Enter an e-mail address such as ada@example.com.').max(254),
  name: UserName,
  password: NewPassword,
})
export type NewUser = z.infer<typeof NewUser>

// OWASP Password Storage Cheat Sheet: argon2id (the library's default variant), 19 MiB, 2 passes, 1 lane.
const argon2id = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
// Of a password nobody knows, with the same work. Verified against when the address is unknown, so that the time of an
// answer does not tell which addresses exist; made beforehand, since the command line and each server would begin with it.
const decoy =
  '$argon2id$v=19$m=19456,t=2,p=1$vi9SnSm8gyhtKVkNPGqttQ$68zvq2Xr5nr3Zy5RzRjsEholZmw54w9humbDLPoG8iU'
// Longer than a sign-in lives without use, and one that has ended is never used.
const endedSignInMemory = 30 * 24 * 60 * 60 * 1000

export type Users = ReturnType<typeof createUsers>

/** Users and their passwords. Addresses are compared lower-cased and NFKC-normalized, so look-alike cases are one account. */
export function createUsers({ documents, now }: { documents: Documents; now: () => number }) {
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
    const { user } = prepareWithoutPassword(input)
    user.passwordHash = await hash(input.password, argon2id)
    return { user, change: recordOf(user, 0) }
  }

  /** As {@link prepare}, for somebody who signs in by other means than a password. */
  function prepareWithoutPassword(input: Pick<NewUser, 'email' | 'name'>): {
    user: User
    change: DocumentChange
  } {
    const user: User = {
      id: newId(now()),
      email: input.email.normalize('NFKC'),
      name: input.name,
      createdAt: now(),
    }
    return { user, change: recordOf(user, 0) }
  }

  /**
   * Changes a user's record as it is now; again, should somebody else change it meanwhile.
   * @throws {DomainError} `not_found`
   */
  async function update(userId: string, change: (user: User) => User): Promise<User> {
    for (;;) {
      const document = await documents.get('user', userId)
      if (!document) throw new DomainError('not_found', 'There is no such user.')
      const user = change(document.data as User)
      try {
        await documents.commit([recordOf(user, document.version)])
        return user
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  /**
   * Ends the browser sign-ins of a user. Their records cannot be deleted one by one, since the store knows only hashes
   * of their identifiers; so the user remembers when, and each use of a sign-in compares (see `isSignedOut`).
   * @param exceptUid the sign-in that goes on
   */
  async function signOutEverywhere(userId: string, exceptUid: string | undefined): Promise<void> {
    await update(userId, (user) => ({ ...user, signedOut: signOut(user, now(), exceptUid) }))
  }

  /** Ends one browser sign-in of a user, in the same way. */
  async function endSignIn(userId: string, uid: string): Promise<void> {
    await update(userId, (user) => {
      const remembered = (user.endedSignIns ?? []).filter(({ at }) => at > now() - endedSignInMemory)
      return { ...user, endedSignIns: [...remembered, { uid, at: now() }] }
    })
  }

  /** Sets a password and ends the browser sign-ins that were made without it. @param exceptUid the sign-in that goes on */
  async function setPassword(userId: string, password: string, exceptUid: string | undefined): Promise<User> {
    const passwordHash = await hash(password, argon2id)
    const at = now()
    return update(userId, (user) => ({
      ...user,
      passwordHash,
      passwordChangedAt: at,
      signedOut: signOut(user, at, exceptUid),
    }))
  }

  /** Takes the password, with the browser sign-ins and reset links it may have been used for. */
  async function removePassword(userId: string): Promise<void> {
    await update(userId, ({ passwordHash: _passwordHash, ...user }) => ({
      ...user,
      passwordChangedAt: now(),
      signedOut: signOut(user, now(), undefined),
    }))
  }

  async function rename(userId: string, name: string): Promise<void> {
    await update(userId, (user) => ({ ...user, name }))
  }

  /** From now on no sign-in, token or request of the user is accepted; those of browsers stay ended when it is lifted. */
  async function suspend(userId: string): Promise<void> {
    await update(userId, (user) => ({
      ...user,
      disabledAt: now(),
      signedOut: signOut(user, now(), undefined),
    }))
  }

  async function restore(userId: string): Promise<void> {
    await update(userId, ({ disabledAt: _disabledAt, ...user }) => user)
  }

  /**
   * @throws {DomainError} `invalid_credentials`, the same for an unknown address, a wrong password, a user without one
   *   and a disabled user
   */
  async function authenticate(email: string, password: string): Promise<User> {
    const user = await findByEmail(email)
    const matches = await verify(user?.passwordHash ?? decoy, password.slice(0, 200), argon2id)
    // Without a hash of their own they were compared with the decoy.
    if (user?.passwordHash === undefined || !matches || user.disabledAt !== undefined) {
      throw new DomainError('invalid_credentials', 'The e-mail address or the password is wrong.')
    }
    return user
  }

  return {
    find,
    findByEmail,
    prepare,
    prepareWithoutPassword,
    authenticate,
    signOutEverywhere,
    endSignIn,
    setPassword,
    removePassword,
    rename,
    suspend,
    restore,
  }
}

/** Later than any sign-in since the time before, which {@link earliestSignIn} may have put a second ahead. */
function signOut(user: User, now: number, exceptUid: string | undefined): NonNullable<User['signedOut']> {
  const ahead = user.signedOut === undefined ? 0 : earliestSignIn(user) * 1000 + 1
  return { at: Math.max(now, ahead), exceptUid }
}

/** The first second, in epoch seconds, whose sign-ins are not ended by the user's last signing out of everything. */
export function earliestSignIn({ signedOut }: User): number {
  return Math.ceil((signedOut?.at ?? 0) / 1000)
}

/**
 * Whether a browser sign-in was ended by {@link User.signedOut} or {@link User.endedSignIns}.
 * @param signIn with its time in whole seconds, rounded down: one of the same second counts as earlier, to be certain
 */
export function isSignedOut(
  { signedOut, endedSignIns }: User,
  signIn: { uid: string | undefined; loginTs: number | undefined },
): boolean {
  if (endedSignIns?.some(({ uid }) => uid === signIn.uid)) return true
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
