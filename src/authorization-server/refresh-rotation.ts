import type { Middleware } from 'koa'
import { z } from 'zod'
import type { AuditLog } from '../domain/audit-log.ts'
import type { ClientSessions } from '../domain/client-sessions.ts'
import { createSecrets } from '../domain/secrets.ts'
import { countAttempt } from '../http/rate-limit.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import type { Artifact, Artifacts, Limiter } from '../storage/contract.ts'
import type { FindResourceOwner } from './accounts.ts'
import { refuseForNow, refuseGrant } from './protocol-errors.ts'
import type { Flight, Flights } from './single-flight.ts'
import { parametersOf } from './token-request.ts'

/** How long the answer of a rotation is repeated to whoever presents the same token. */
const replayMilliseconds = 60_000
/** A session needs one refresh in half an hour, times as many processes as share it; the rest is a client gone wild. */
const refreshes = { name: 'refresh', limit: 300, windowSeconds: 60 }

/** What the token endpoint answered, as far as it is read again. */
const Answer = z.looseObject({ refresh_token: z.string(), expires_in: z.number() })
type Answer = z.infer<typeof Answer>

export interface RefreshRotationDeps {
  artifacts: Artifacts
  limiter: Limiter
  flights: Flights
  clientSessions: ClientSessions
  auditLog: AuditLog
  findResourceOwner: FindResourceOwner
  now: () => number
}

/** A refresh token as it was presented, with its record. */
interface Presented {
  token: string
  grantId: string
  accountId: string
  record: Artifact
}

/**
 * Rotation that parallel processes of one client cannot break. They share one stored refresh token and race; with plain
 * rotation the losers are signed out, and their reuse kills the session of the winner. So here a token is rotated once
 * at a time, everybody who presents it within a minute gets the same answer, and it works until its successor is used.
 * Only what comes later is reuse (RFC 9700 §4.14.2).
 *
 * oidc-provider never sees any of this: a request it gets is one that is to be rotated.
 */
export function refreshRotation(deps: RefreshRotationDeps): Middleware<RequestState> {
  const { artifacts, limiter, flights, findResourceOwner, clientSessions, auditLog, now } = deps

  return async (ctx, next) => {
    const presented = await findPresented(parametersOf(ctx))
    // Not a refresh, or one that oidc-provider refuses without spending anything.
    if (!presented) return next()
    await countAttempt(limiter, refreshes, presented.grantId)
    const { expiresAt } = presented.record
    for await (const waited of flights.wait()) {
      const rotation = await artifacts.get('Rotation', presented.token)
      const outcome = rotation && (await judge(presented.token, rotation))
      if (outcome === 'reused') return refuseReuse(ctx, presented)
      if (outcome !== undefined && outcome !== 'supersede') return repeat(ctx, next, presented, outcome)
      const flight = await flights.claim(presented.token, {
        expiresAt,
        waited,
        from: rotation ? Number(rotation.payload['attempt']) + 1 : 0,
      })
      if (flight) return rotate(ctx, next, presented, flight, outcome === 'supersede' ? rotation : undefined)
    }
    refuseForNow(ctx, 'Another refresh of this token still runs. Try again.')
  }

  async function findPresented(form: URLSearchParams): Promise<Presented | undefined> {
    const token = form.get('refresh_token')
    if (form.get('grant_type') !== 'refresh_token' || !token) return undefined
    const record = await artifacts.get('RefreshToken', token)
    const { clientId, grantId, accountId, scope } = record?.payload ?? {}
    if (!record || clientId !== form.get('client_id')) return undefined
    if (typeof grantId !== 'string' || typeof accountId !== 'string') return undefined
    const granted = new Set(String(scope).split(' '))
    const widens = (form.get('scope') ?? '').split(' ').some((asked) => asked !== '' && !granted.has(asked))
    return widens ? undefined : { token, grantId, accountId, record }
  }

  /** What an earlier rotation of a token means for whoever presents it now: its answer again, a new rotation, or reuse. */
  async function judge(token: string, rotation: Artifact): Promise<Answer | 'supersede' | 'reused'> {
    const answer = openAnswer(token, rotation)
    if (await flights.hasBegun(answer.refresh_token)) return 'reused'
    const age = now() - Number(rotation.payload['answeredAt'])
    return age > replayMilliseconds
      ? 'supersede'
      : { ...answer, expires_in: answer.expires_in - Math.floor(age / 1000) }
  }

  /** The same tokens again, unless whoever they are for has lost them meanwhile: then oidc-provider refuses. */
  async function repeat(
    ctx: Context,
    next: () => Promise<void>,
    presented: Presented,
    answer: Answer,
  ): Promise<void> {
    const [grant, owner] = await Promise.all([
      artifacts.get('Grant', presented.grantId),
      findResourceOwner(presented.accountId, presented.grantId),
    ])
    if (!grant || !owner) return next()
    ctx.body = answer
  }

  async function rotate(
    ctx: Context,
    next: () => Promise<void>,
    presented: Presented,
    flight: Flight,
    superseded: Artifact | undefined,
  ): Promise<void> {
    const { token, grantId, record } = presented
    try {
      const retired = await artifacts.get('RetiredRefreshToken', token)
      if (retired || (superseded && !(await retire(token, superseded)))) {
        await refuseReuse(ctx, presented)
        return await flight.giveUp()
      }
      await next()
      const answer = ctx.status === 200 ? Answer.safeParse(ctx.body).data : undefined
      if (!answer) return await flight.giveUp()
      if (flight.isLate()) return refuseForNow(ctx, 'The refresh took too long. Try again.')
      const payload = {
        sealed: secretsOf(token).encrypt('rotation', JSON.stringify(answer)),
        answeredAt: now(),
        attempt: flight.attempt,
      }
      await artifacts.put({ model: 'Rotation', id: token, payload, expiresAt: record.expiresAt })
      await clientSessions.noteRefresh(grantId, useOf(ctx))
    } catch (error) {
      // What cannot be given up now is taken over when the flight is late.
      await flight.giveUp().catch(() => undefined)
      throw error
    }
  }

  /**
   * Gives up a successor that nobody used. It writes first and looks then; whoever begins to use the successor claims
   * its flight first and looks for this record then. So at least one of two that meet sees the other, and refuses.
   * @returns false when the successor is in use
   */
  async function retire(token: string, rotation: Artifact): Promise<boolean> {
    const successor = openAnswer(token, rotation).refresh_token
    const { expiresAt } = rotation
    await artifacts.put({ model: 'RetiredRefreshToken', id: successor, payload: {}, expiresAt })
    if (!(await flights.hasBegun(successor))) return true
    await artifacts.delete('RetiredRefreshToken', successor)
    return false
  }

  async function refuseReuse(ctx: Context, { grantId }: Presented): Promise<void> {
    const use = useOf(ctx)
    const session = await clientSessions.find(grantId)
    const atHome = await clientSessions.isFamiliar(grantId, use)
    // A process that kept an old copy on the same machine is refused, and its session lives on; anybody else may be a
    // thief, or the owner after the thief, and neither may go on.
    if (!atHome) await clientSessions.end(grantId, { kind: 'replay' })
    if (session) {
      await auditLog.append(session.organizationId, {
        type: 'refresh_token.reused',
        actor: { kind: 'client', id: session.clientId },
        clientSessionId: grantId,
        userId: session.userId,
        outcome: atHome ? 'refused' : 'session_ended',
        ...use,
      })
    }
    refuseGrant(ctx, 'This refresh token was replaced by a newer one. Use that, or sign in again.')
  }
}

function openAnswer(token: string, rotation: Artifact): Answer {
  const opened = secretsOf(token).decrypt('rotation', String(rotation.payload['sealed']))
  return Answer.parse(JSON.parse(opened?.plaintext ?? 'null'))
}

/** Answers are sealed under the presented token, of which the store has only the hash: it cannot read them alone. */
function secretsOf(token: string) {
  return createSecrets([token])
}

function useOf(ctx: Context) {
  return { address: ctx.state.address, userAgent: ctx.get('User-Agent').slice(0, 200) }
}
