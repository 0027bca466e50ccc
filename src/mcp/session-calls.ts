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
import type { SerializedMessage } from './message.ts'
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

/** The answer to one request, on its way. */
export interface PlainAnswer {
  answer: Promise<SerializedMessage>
  /** Tells whoever makes it that nobody waits for it. */
  abandon: () => void
}

/** The id under which a server object hears again what the client said at `initialize`. */
const restoreId = 'restore'

/** Since this revision a server may close a stream and have the client come back (SEP-1699). */
const firstRevisionWithPriming = '2025-11-25'

/**
 * Answers requests of protocol sessions. Each but the plainest gets a server object of its own, which is told first what the client said
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
  /** @param plainAnswer that to a request which needs no server object */
  return async function answer(
    ctx: Context,
    session: ProtocolSession,
    request: JSONRPCRequest,
    { admission, plainAnswer }: { admission: Admission; plainAnswer?: PlainAnswer | undefined },
  ): Promise<void> {
    const { authInfo, accessId, isStillIn } = admission
    const revision = ctx.get('MCP-Protocol-Version') || session.introduction.protocolVersion
    const primes = revision >= firstRevisionWithPriming
    const unwatch = exchanges.watch({
      accessId,
      isStillIn,
      end: () => end('The session has ended.', reply.dismiss),
      leave: () => reply.isResumable() && reply.detach(),
    })
    const unsubscribe = channel.subscribe(session.key, hear)
    const reply = createCallReply({ ctx, session, events, primes })
    const work = plainAnswer ? workAlone(plainAnswer) : workOfServer()

    async function finish(message: JSONRPCMessage, send = reply.finish): Promise<void> {
      unwatch()
      unsubscribe()
      try {
        await send(message)
      } finally {
        await work.stop()
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
      if (message !== undefined) work.hear(message)
    }

    function workOfServer(): Work {
      const server = serverFor(authInfo)
      const { transport, restored } = createTransport({ session, reply, finish, serverRequests, events })
      return {
        async begin() {
          await server.connect(transport)
          const extra: MessageExtraInfo = { authInfo, request: toRequest(ctx) }
          if (request.method !== 'initialize') {
            transport.onmessage?.(introductionOf(session), extra)
            await Promise.race([restored, reply.begun])
          }
          transport.onmessage?.(request, primes ? { ...extra, closeSSEStream: reply.detach } : extra)
        },
        hear: (message) => transport.onmessage?.(message),
        stop: () => server.close(),
      }
    }

    function workAlone({ answer: made, abandon }: PlainAnswer): Work {
      const run = async () => {
        try {
          const { message, text } = await made
          await finish(message, () => reply.finish(message, text))
        } catch (err) {
          ctx.state.log.error({ err }, 'call failed')
          end('Something went wrong on our side.')
        }
      }
      return {
        begin: async () => void run(),
        hear: () => {},
        stop: async () => abandon(),
      }
    }

    const hangUp = () => {
      // Whoever holds an event id may come back; for anybody else the work is lost.
      if (!ctx.res.writableFinished && !reply.isResumable()) end('The client hung up.')
    }
    if (ctx.res.closed) hangUp()
    else ctx.res.once('close', hangUp)

    await work.begin()
    await reply.begun
  }
}

/** Whatever makes the answer to one request. */
interface Work {
  readonly begin: () => Promise<void>
  /** Hears an answer of the client to something it asked. */
  readonly hear: (message: JSONRPCMessage) => void
  readonly stop: () => Promise<void>
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
