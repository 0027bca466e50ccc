import { z } from 'zod'
import { DomainError } from '../domain/errors.ts'
import { newSecret } from '../domain/identifiers.ts'
import type { Secrets } from '../domain/secrets.ts'
import type { Context } from '../http/request-context.ts'
import type { UpstreamIntent } from '../http/upstream.ts'
import type { Artifacts } from '../storage/contract.ts'

/** What is remembered while somebody is at a provider. */
export interface Attempt extends UpstreamIntent {
  /** The key of the provider it was begun with. */
  provider: string
  nonce: string
  verifier: string
}

const Remembered: z.ZodType<Attempt> = z.object({
  provider: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  isFresh: z.boolean(),
})

export interface AttemptsDeps {
  artifacts: Artifacts
  secrets: Secrets
  secure: boolean
  now: () => number
}

/** Somebody may have to find their phone, or wait for a mail. */
const lifetime = 10 * 60 * 1000
const purpose = 'upstream-sign-in'

/**
 * Sign-ins under way at a provider, each bound to its browser: the `state` that the provider gives back must be the one
 * in a cookie that is set only now, so an answer cannot be planted in another browser, and counts once.
 */
export function createAttempts({ artifacts, secrets, secure, now }: AttemptsDeps) {
  const cookieName = secure ? '__Host-upstream' : 'upstream'
  const attributes = {
    signed: true,
    httpOnly: true,
    sameSite: 'lax',
    secure,
    path: '/',
    overwrite: true,
  } as const

  /** @returns the `state` */
  async function begin(ctx: Context, attempt: Attempt): Promise<string> {
    const state = newSecret()
    await artifacts.put({
      model: 'UpstreamAttempt',
      id: state,
      payload: { sealed: secrets.encrypt(purpose, JSON.stringify(attempt)) },
      expiresAt: now() + lifetime,
    })
    ctx.cookies.set(cookieName, state, { ...attributes, maxAge: lifetime })
    return state
  }

  /** @throws {DomainError} `forbidden` for another browser, another provider, too late, or a second time */
  async function finish(ctx: Context, provider: string): Promise<{ state: string; attempt: Attempt }> {
    const state = ctx.cookies.get(cookieName, attributes)
    ctx.cookies.set(cookieName, null, attributes)
    if (state === undefined || state !== ctx.query['state']) throw notBegunHere()
    const artifact = await artifacts.get('UpstreamAttempt', state)
    if ((await artifacts.consume('UpstreamAttempt', state, { graceSeconds: 0 })) !== 'first')
      throw notBegunHere()
    const opened = secrets.decrypt(purpose, String(artifact?.payload['sealed']))
    if (!opened) throw notBegunHere()
    const attempt = Remembered.parse(JSON.parse(opened.plaintext))
    if (attempt.provider !== provider) throw notBegunHere()
    return { state, attempt }
  }

  return { begin, finish }
}

function notBegunHere(): DomainError {
  return new DomainError(
    'forbidden',
    'This sign-in was not begun in this browser, took too long, or was finished already. Begin again.',
  )
}
