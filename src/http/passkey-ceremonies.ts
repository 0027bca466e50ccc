import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import { z } from 'zod'
import { DomainError } from '../domain/errors.ts'
import type { Passkey, Passkeys } from '../domain/passkeys.ts'
import type { SignInRecord } from '../domain/sign-in-record.ts'
import type { User, Users } from '../domain/users.ts'
import type { Artifacts } from '../storage/contract.ts'
import { attemptOf } from './credentials.ts'
import type { Csrf } from './csrf.ts'
import { RequestRefused } from './errors.ts'
import type { Context } from './request-context.ts'
import type { AuthenticationMethod } from './sign-ins.ts'

export interface PasskeyCeremoniesDeps {
  publicUrl: string
  csrf: Csrf
  artifacts: Artifacts
  passkeys: Passkeys
  users: Users
  signInRecord: SignInRecord
  now: () => number
}

/** Somebody who proved with a passkey who they are. */
export interface PasskeyProof {
  user: User
  amr: AuthenticationMethod[]
}

export type PasskeyCeremonies = ReturnType<typeof createPasskeyCeremonies>

type Ceremony = 'registration' | 'authentication'

const challengeLifetime = 5 * 60 * 1000

/** Loaded by the first ceremony: with what it brings along to read certificates it takes a quarter of the whole start. */
const webAuthn = () => import('@simplewebauthn/server')

// What is needed to look up challenge and passkey; the library checks all of it.
const base64url = z.string().regex(/^[\w-]+$/)
const credentialBase = { id: base64url.max(1400), rawId: base64url, type: z.literal('public-key') }
const extensions = z.record(z.string(), z.unknown()).default({})
const NewCredential = z.object({
  ...credentialBase,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z.array(z.string().max(20)).max(10).default([]),
  }),
  clientExtensionResults: extensions,
})
const Assertion = z.object({
  ...credentialBase,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.nullish(),
  }),
  clientExtensionResults: extensions,
})
const ClientData = z.object({ challenge: base64url })

/**
 * The two ceremonies of WebAuthn (Level 3 §7): making a passkey and showing it. A challenge is good once, for five
 * minutes, in the browser it was given to; it carries the proof of that itself and is kept only when it is spent.
 */
export function createPasskeyCeremonies(deps: PasskeyCeremoniesDeps) {
  const { publicUrl, csrf, artifacts, passkeys, users, signInRecord, now } = deps
  const rpId = new URL(publicUrl).hostname

  function newChallenge(ctx: Context, ceremony: Ceremony): Uint8Array<ArrayBuffer> {
    const stem = `${randomBytes(16).toString('base64url')}.${(now() + challengeLifetime).toString(36)}`
    return new TextEncoder().encode(`${stem}.${csrf.token(ctx, purposeOf(ceremony, stem))}`)
  }

  /**
   * Spends the challenge of an answer, as the browser wrote it down.
   * @throws {RequestRefused} 403 for one of another browser or ceremony
   * @throws {DomainError} `invalid_credentials` for one that is too old or was used
   */
  async function spendChallenge(ctx: Context, ceremony: Ceremony, clientDataJSON: string): Promise<string> {
    const { challenge } = parseJson(ClientData, Buffer.from(clientDataJSON, 'base64url').toString('utf8'))
    const [nonce = '', end = '', token = ''] = Buffer.from(challenge, 'base64url').toString('utf8').split('.')
    const stem = `${nonce}.${end}`
    csrf.check(ctx, purposeOf(ceremony, stem), { csrf: token })
    const expiresAt = Number.parseInt(end, 36)
    if (expiresAt <= now()) throw refusal('That took longer than five minutes. Try again.')
    await artifacts.put({ model: 'PasskeyChallenge', id: stem, payload: {}, expiresAt })
    if ((await artifacts.consume('PasskeyChallenge', stem, { graceSeconds: 0 })) !== 'first') {
      throw refusal('This answer was sent before. Try again.')
    }
    return challenge
  }

  async function registrationOptions(
    ctx: Context,
    user: User,
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const [known, { generateRegistrationOptions }] = await Promise.all([passkeys.list(user.id), webAuthn()])
    return generateRegistrationOptions({
      rpName: 'OpenTrace',
      rpID: rpId,
      userID: new TextEncoder().encode(user.id),
      userName: user.email,
      userDisplayName: user.name,
      challenge: newChallenge(ctx, 'registration'),
      excludeCredentials: known.map(presentDescriptor),
      // Without a user name to begin with, the authenticator must know whose passkey it is and ask whoever holds it.
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
  }

  /** Adds the passkey a browser made. @throws {DomainError} `invalid_credentials`, `conflict` */
  async function register(
    ctx: Context,
    user: User,
    made: { name: string; credential: string },
  ): Promise<void> {
    const { response, ...credential } = parseJson(NewCredential, made.credential)
    const expectedChallenge = await spendChallenge(ctx, 'registration', response.clientDataJSON)
    const { verifyRegistrationResponse } = await webAuthn()
    const { registrationInfo } = await believe(() =>
      verifyRegistrationResponse({
        response: { ...credential, response: { ...response, transports: [] } },
        expectedChallenge,
        expectedOrigin: publicUrl,
        expectedRPID: rpId,
      }),
    )
    if (!registrationInfo) throw refusal('This passkey could not be verified.')
    const { id, publicKey, counter } = registrationInfo.credential
    const passkey = {
      name: made.name,
      credentialId: id,
      publicKey: Buffer.from(publicKey).toString('base64url'),
      signCount: counter,
      transports: response.transports,
      isSynchronized: registrationInfo.credentialDeviceType === 'multiDevice',
    }
    await passkeys.add(user, passkey, ctx.state.address)
  }

  /** @param user whose passkey it must be; absent: anybody's, which the authenticator offers by itself */
  async function authenticationOptions(
    ctx: Context,
    user: User | undefined,
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const { generateAuthenticationOptions } = await webAuthn()
    return generateAuthenticationOptions({
      rpID: rpId,
      challenge: newChallenge(ctx, 'authentication'),
      allowCredentials: user ? (await passkeys.list(user.id)).map(presentDescriptor) : [],
      userVerification: 'required',
    })
  }

  /**
   * Whose passkey a browser showed.
   * @throws {DomainError} `invalid_credentials`, also for a suspended user and for a passkey that may have been cloned
   */
  async function authenticate(ctx: Context, shown: string): Promise<PasskeyProof> {
    const { response, ...credential } = parseJson(Assertion, shown)
    const { userHandle, ...signed } = response
    const expectedChallenge = await spendChallenge(ctx, 'authentication', response.clientDataJSON)
    const passkey = await passkeys.findByCredential(credential.id)
    const user = passkey && (await users.find(passkey.userId))
    // WebAuthn Level 3 §7.2: who the authenticator says it is must be whose passkey it is.
    const isOwners =
      userHandle === undefined ||
      userHandle === null ||
      userHandle === Buffer.from(user?.id ?? '').toString('base64url')
    if (!passkey || !user || user.disabledAt !== undefined || !isOwners) {
      throw refusal('This passkey is not known here (any more).')
    }
    const { verifyAuthenticationResponse } = await webAuthn()
    const { verified, authenticationInfo } = await believe(() =>
      verifyAuthenticationResponse({
        response: { ...credential, response: signed },
        expectedChallenge,
        expectedOrigin: publicUrl,
        expectedRPID: rpId,
        credential: {
          id: passkey.credentialId,
          publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
          // Compared below with what the store says then.
          counter: 0,
        },
      }),
    )
    if (!verified) throw refusal('This passkey could not be verified.')
    if (!(await passkeys.noteUse(passkey, authenticationInfo.newCounter))) {
      await signInRecord.failed(user.email, attemptOf(ctx, 'passkey'))
      throw refusal(
        'This passkey may have been copied and is not accepted. Sign in another way and remove it.',
      )
    }
    await signInRecord.succeeded(user.id, attemptOf(ctx, 'passkey'))
    return { user, amr: [passkey.isSynchronized ? 'swk' : 'hwk'] }
  }

  return {
    /** Browsers make passkeys for names alone, not for addresses (WebAuthn Level 3 §5.1.3, effective domain). */
    arePossible: isIP(rpId.replace(/^\[(.*)\]$/, '$1')) === 0,
    registrationOptions,
    register,
    authenticationOptions,
    authenticate,
  }
}

function purposeOf(ceremony: Ceremony, stem: string): string {
  return `passkey-${ceremony}:${stem}`
}

function presentDescriptor({ credentialId, transports }: Passkey) {
  return { id: credentialId, transports: transports as never[] }
}

function refusal(message: string, cause?: unknown): DomainError {
  return new DomainError('invalid_credentials', message, { cause })
}

/** The library says no by throwing plain errors, whatever was wrong; it calls nothing of ours that could fail. */
async function believe<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify()
  } catch (error) {
    throw refusal('This passkey could not be verified.', error)
  }
}

/** @throws {RequestRefused} 400 for what our script did not write */
function parseJson<T>(schema: z.ZodType<T>, text: string): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new RequestRefused(400, 'invalid_request', 'The passkey could not be read.')
  return parsed.data
}
