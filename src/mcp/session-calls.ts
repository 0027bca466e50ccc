import {
  type AuthInfo,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type McpServer,
  type MessageExtraInfo,
  type Server,
  type Transport,
} from '@modelcontextprotocol/server'
import type { Context } from '../http/request-context.ts'
import { type CallReply, createCallReply } from './call-reply.ts'
import { createDeferred } from './deferred.ts'
import { type EventLog, standaloneStream } from './event-log.ts'
import type { OpenExchanges } from './open-exchanges.ts'
import type { ProtocolSession } from './protocol-sessions.ts'
import { toRequest } from './exchange.ts'
import { qualifyRequest, type ServerRequests, unqualifyAnswer } from './server-requests.ts'
import type { SessionChannel, SessionSignal } from './session-channel.ts'
import type { Admission } from './admission.ts'

/** Makes the server object that answers one request. */
export type ServerFactory = (authInfo: AuthInfo | undefined) => Server | McpServer

export interface SessionCallDeps {
  serverFor: ServerFactory
  channel: SessionChannel
  events: EventLog
  exchanges: OpenExchanges
  serverRequests: ServerRequests
}

/** The id under which a server object hears again what the client said at `initialize`. */
const restoreId = 'restore'

/** Since this revision a server may close a stream and have the client come back (SEP-1699). */
const firstRevisionWithPriming = '2025-11-25'

/**
 * Answers requests of protocol sessions. Each gets a server object of its own, which is told first what the client said
 * at `initialize`; so no process needs to have seen the session before. What the client posts while the call runs (an
 * answer to the server, a cancellation) arrives over the session's channel, whichever process receives it.
 */
export function createSessionCalls({
  serverFor,
  channel,
  events,
  exchanges,
  serverRequests,
}: SessionCallDeps) {
  return async function answer(
    ctx: Context,
    session: ProtocolSession,
    request: JSONRPCRequest,
    { authInfo, accessId, isStillIn }: Admission,
  ): Promise<void> {
    const revision = ctx.get('MCP-Protocol-Version') || session.introduction.protocolVersion
    const primes = revision >= firstRevisionWithPriming
    const server = serverFor(authInfo)
    const unwatch = exchanges.watch({
      accessId,
      isStillIn,
      end: () => end('The session has ended.', reply.dismiss),
      leave: () => reply.isResumable() && reply.detach(),
    })
    const unsubscribe = channel.subscribe(session.key, hear)
    const reply = createCallReply({ ctx, session, events, primes })
    const { transport, restored } = createTransport({ session, reply, finish, serverRequests, events })

    async function finish(message: JSONRPCMessage, send = reply.finish): Promise<void> {
      unwatch()
      unsubscribe()
      try {
        await send(message)
      } finally {
        await server.close()
      }
    }
    function end(reason: string, send?: CallReply['finish']): void {
      const message = { jsonrpc: '2.0', id: request.id, error: { code: -32000, message: reason } } as const
      finish(message, send).catch((err: unknown) => ctx.state.log.warn({ err }, 'ended call not answered'))
    }
    function hear(signal: SessionSignal): void {
      if (signal.kind === 'ended') return end('The session has ended.')
      if (signal.kind !== 'message') return
      if (isCancellationOf(request, signal.message)) return end('The request was cancelled.')
      const message = unqualifyAnswer(signal.message, reply.call)
      if (message !== undefined) transport.onmessage?.(message)
    }

    ctx.res.once('close', () => {
      // Whoever holds an event id may come back; for anybody else the work is lost.
      if (!ctx.res.writableFinished && !reply.isResumable()) end('The client hung up.')
    })

    await server.connect(transport)
    const extra: MessageExtraInfo = { authInfo, request: toRequest(ctx) }
    if (request.method !== 'initialize') {
      transport.onmessage?.(introductionOf(session), extra)
      await Promise.race([restored, reply.begun])
    }
    transport.onmessage?.(request, primes ? { ...extra, closeSSEStream: reply.detach } : extra)
    await reply.begun
  }
}

function createTransport(deps: {
  session: ProtocolSession
  reply: CallReply
  finish: (message: JSONRPCMessage) => Promise<void>
  serverRequests: ServerRequests
  events: EventLog
}): { transport: Transport; restored: Promise<void> } {
  const { session, reply, finish, serverRequests, events } = deps
  const restored = createDeferred()
  const transport: Transport = {
    sessionId: session.id,
    start: async () => {},
    close: async () => transport.onclose?.(),
    async send(message, options) {
      if (!('method' in message)) return message.id === restoreId ? restored.resolve() : finish(message)
      const qualified = qualifyRequest(message, reply.call)
      if (isJSONRPCRequest(qualified)) {
        // The SDK does not always say so, but whatever a call asks belongs to it; and not all clients open another stream.
        await serverRequests.note(session, qualified.id)
        await reply.tell(qualified)
      } else if (options?.relatedRequestId !== undefined) await reply.tell(qualified)
      else await events.append(session, standaloneStream, qualified)
    },
  }
  return { transport, restored: restored.promise }
}

function introductionOf({ introduction }: ProtocolSession): JSONRPCRequest {
  return { jsonrpc: '2.0', id: restoreId, method: 'initialize', params: { ...introduction } }
}

function isCancellationOf({ id }: JSONRPCRequest, message: JSONRPCMessage): boolean {
  return (
    'method' in message &&
    message.method === 'notifications/cancelled' &&
    message.params?.['requestId'] === id
  )
}
