import type { Middleware } from 'koa'
import type { ClientSessions } from '../domain/client-sessions.ts'
import type { Context, RequestState } from '../http/request-context.ts'
import type { Artifact, Artifacts } from '../storage/contract.ts'
import { refuseForNow, refuseGrant } from './protocol-errors.ts'
import type { Flight, Flights } from './single-flight.ts'
import { parametersOf } from './token-request.ts'

/** How long a finished exchange is remembered: longer than a code lives. */
const replayMilliseconds = 10 * 60_000

export interface CodeExchangeDeps {
  artifacts: Artifacts
  flights: Flights
  clientSessions: ClientSessions
  now: () => number
}

/** A code as it was presented by its client, with its record. */
interface Presented {
  code: string
  grantId: string
  record: Artifact
}

/**
 * A code is exchanged once (RFC 6749 §4.1.2), and once for certain: when the process dies in between, its client's
 * retry is served instead of being taken for a replay. What tells the two apart is a record of each finished exchange.
 */
export function codeExchange({
  artifacts,
  flights,
  clientSessions,
  now,
}: CodeExchangeDeps): Middleware<RequestState> {
  return async (ctx, next) => {
    const presented = await findPresented(parametersOf(ctx))
    // No exchange of a code, or one that oidc-provider refuses without spending anything.
    if (!presented) return next()
    if (await isExchanged(presented)) {
      // Whoever presents it now has it from somewhere: nobody can tell the client from a thief (RFC 9700 §4.5).
      await clientSessions.end(presented.grantId, { kind: 'replay' })
      return refuseGrant(ctx, used)
    }
    const { expiresAt } = presented.record
    for await (const waited of flights.wait()) {
      const flight = await flights.claim(presented.code, { expiresAt, waited })
      if (flight) return exchange(ctx, next, presented, flight)
      // Lost a race against oneself, as a double click does: refused, and the winner's session lives on.
      if (await isExchanged(presented)) return refuseGrant(ctx, used)
    }
    refuseForNow(ctx, 'Another exchange of this code still runs. Try again.')
  }

  async function findPresented(form: URLSearchParams): Promise<Presented | undefined> {
    const code = form.get('code')
    if (form.get('grant_type') !== 'authorization_code' || !code) return undefined
    const record = await artifacts.get('AuthorizationCode', code)
    const { clientId, grantId } = record?.payload ?? {}
    return record && clientId === form.get('client_id') && typeof grantId === 'string'
      ? { code, grantId, record }
      : undefined
  }

  async function isExchanged({ code }: Presented): Promise<boolean> {
    return (await artifacts.get('ExchangedCode', code)) !== undefined
  }

  async function exchange(
    ctx: Context,
    next: () => Promise<void>,
    { code }: Presented,
    flight: Flight,
  ): Promise<void> {
    try {
      await reopen(code)
      await next()
      if (ctx.status !== 200) return await flight.giveUp()
      if (flight.isLate()) return refuseForNow(ctx, 'The exchange took too long. Try again.')
      const expiresAt = now() + replayMilliseconds
      await artifacts.put({ model: 'ExchangedCode', id: code, payload: {}, expiresAt })
    } catch (error) {
      // What cannot be given up now is taken over when the flight is late.
      await flight.giveUp().catch(() => undefined)
      throw error
    }
  }

  /** Makes a code that an unfinished exchange spent exchangeable again: only a new record is unspent. */
  async function reopen(code: string): Promise<void> {
    const record = await artifacts.get('AuthorizationCode', code)
    if (record?.consumedAt === undefined) return
    const { payload, expiresAt } = record
    await artifacts.delete('AuthorizationCode', code)
    await artifacts.put({ model: 'AuthorizationCode', id: code, payload, expiresAt })
  }
}

const used = 'This code was used already. Sign in again.'
