import {
  isInitializeRequest,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  parseJSONRPCMessage,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server'
import type { Context } from '../http/request-context.ts'
import { accessIdOf, type Principal } from '../domain/principal.ts'
import type { Artifact, Limiter, Logs, Store } from '../storage/contract.ts'
import { isWithinLimit } from './call-limit.ts'
import type { Admission } from './admission.ts'
import { createEventLog } from './event-log.ts'
import { refuseMessage } from './message.ts'
import type { OpenExchanges } from './open-exchanges.ts'
import { createProtocolSessions, type ProtocolSession } from './protocol-sessions.ts'
import { createServerRequests } from './server-requests.ts'
import { createSessionCalls, type PlainAnswer, type ServerFactory } from './session-calls.ts'
import { createSessionChannel } from './session-channel.ts'
import { createSessionStreams } from './session-streams.ts'

export interface SessionRequestDeps {
  artifacts: Store['artifacts']
  logs: Logs
  bus: Store['bus']
  limiter: Limiter
  exchanges: OpenExchanges
  serverFor: ServerFactory
  now: () => number
}

/** The record of a session, on its way from the store. */
export type SessionReading = Promise<Artifact | undefined> | undefined

export type SessionRequests = Awaited<ReturnType<typeof createSessionRequests>>

const rate = { name: 'mcp-initialize', limit: 60, windowSeconds: 60 }

/** The requests of 2025-era clients that keep a protocol session; a request is authenticated as every other, each time. */
export async function createSessionRequests(deps: SessionRequestDeps) {
  const { artifacts, logs, limiter, now } = deps
  const channel = await createSessionChannel(deps)
  const events = createEventLog({ logs, channel })
  const sessions = createProtocolSessions({ artifacts, now })
  const serverRequests = createServerRequests({ artifacts, now })
  const answerCall = createSessionCalls({ ...deps, channel, events, serverRequests })
  const serveStream = createSessionStreams({ ...deps, channel, events })

  /** @returns whether the message begins a session; then it is answered */
  async function initialize(
    ctx: Context,
    principal: Principal,
    { message, admission }: { message: unknown; admission: Admission },
  ): Promise<boolean> {
    if (!isInitializeRequest(message) || !isJSONRPCRequest(message)) return false
    if (!acceptsAnswer(ctx)) return true
    // Nobody ends sessions, so they are only as many as may be begun.
    if (!(await isWithinLimit(ctx, limiter, rate, accessIdOf(principal)))) return true
    const session = await sessions.start(principal, message.params)
    ctx.set('Mcp-Session-Id', session.id)
    await answerCall(ctx, session, message, { admission })
    return true
  }

  /** Begins to read the session a request names, before it is known whether the request is let in. */
  function readEarly(ctx: Context): SessionReading {
    const id = ctx.get('Mcp-Session-Id')
    if (id === '') return undefined
    const reading = sessions.read(id)
    reading.catch(() => {})
    return reading
  }

  /**
   * Finds the session a request names.
   * @param reading its record, where it is being read already
   * @returns undefined when the request was answered: a client begins anew on 404 (MCP 2025-11-25, Session Management)
   */
  async function require(
    ctx: Context,
    principal: Principal,
    reading?: SessionReading,
  ): Promise<ProtocolSession | undefined> {
    const session = await sessions.find(ctx.get('Mcp-Session-Id'), principal, reading)
    if (!session) return refuseMessage(ctx, 404, -32001, 'Session not found. Initialize a new one.')
    const revision = ctx.get('MCP-Protocol-Version')
    if (revision !== '' && !SUPPORTED_PROTOCOL_VERSIONS.includes(revision)) {
      const supported = SUPPORTED_PROTOCOL_VERSIONS.join(', ')
      return refuseMessage(ctx, 400, -32000, `Unsupported protocol version. Supported are ${supported}.`)
    }
    return session
  }

  async function post(
    ctx: Context,
    session: ProtocolSession,
    { message, ...how }: { message: unknown; admission: Admission; plainAnswer?: PlainAnswer | undefined },
  ): Promise<void> {
    if (!acceptsAnswer(ctx)) return
    if (how.plainAnswer) return answerCall(ctx, session, message as JSONRPCRequest, how)
    const parsed = parseMessage(message)
    if (!parsed) return refuseMessage(ctx, 400, -32600, 'This is not a JSON-RPC message.')
    if (isJSONRPCRequest(parsed)) return answerCall(ctx, session, parsed, how)
    ctx.status = 202
    if (await isForACall(session, parsed))
      await channel.publish(session.key, { kind: 'message', message: parsed })
  }

  async function isForACall(session: ProtocolSession, message: JSONRPCMessage): Promise<boolean> {
    if (isJSONRPCNotification(message)) return message.method === 'notifications/cancelled'
    return !isJSONRPCRequest(message) && message.id !== undefined && serverRequests.claim(session, message.id)
  }

  async function end(ctx: Context, session: ProtocolSession): Promise<void> {
    await sessions.end(session)
    await channel.publish(session.key, { kind: 'ended' })
    ctx.status = 204
  }

  return { initialize, readEarly, require, post, serveStream, end }
}

/** An answer may be JSON or a stream, so clients must accept both (MCP 2025-11-25, Sending Messages). */
function acceptsAnswer(ctx: Context): boolean {
  const accept = ctx.get('Accept')
  if (accept.includes('application/json') && accept.includes('text/event-stream')) return true
  refuseMessage(ctx, 406, -32000, 'Accept both application/json and text/event-stream.')
  return false
}

function parseMessage(message: unknown): JSONRPCMessage | undefined {
  try {
    return parseJSONRPCMessage(message)
  } catch {
    return undefined
  }
}
