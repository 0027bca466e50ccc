import { randomUUID } from 'node:crypto'
import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import type { Context } from '../http/request-context.ts'
import { StoreUnavailable } from '../storage/contract.ts'
import { createDeferred } from './deferred.ts'
import type { EventLog } from './event-log.ts'
import { type EventStream, openEventStream } from './event-stream.ts'
import { sendMessage } from './message.ts'
import type { ProtocolSession } from './protocol-sessions.ts'

/** The answer to one request of a protocol session. Messages leave in the order they are given. */
export interface CallReply {
  /** Names the call and its stream. */
  readonly call: string
  /** Resolves when the HTTP response has begun. */
  readonly begun: Promise<void>
  /** Whether the client can come back for what it has not received. */
  readonly isResumable: () => boolean
  /** Sends a message before the answer, which makes the response a stream. */
  readonly tell: (message: JSONRPCMessage) => Promise<void>
  /** Sends the answer, which ends the response. @param text its JSON, where that was made already */
  readonly finish: (answer: JSONRPCMessage, text?: string) => Promise<void>
  /** Sends the answer to somebody who is out. */
  readonly dismiss: (answer: JSONRPCMessage) => Promise<void>
  /** Closes the connection of a resumable call, which goes on meanwhile (MCP 2025-11-25, SEP-1699). */
  readonly detach: () => void
}

/** What takes longer becomes a stream, which proxies keep open and clients can resume. */
const streamAfter = 2_000

/**
 * Begins the reply to a call: plain JSON when nothing else is said before the answer, since that needs nothing from the
 * store, and else a stream whose events are logged before they are sent.
 */
export function createCallReply(deps: {
  ctx: Context
  session: ProtocolSession
  events: EventLog
  /** Clients before 2025-11-25 cannot read an event without a message, and so not resume before the first. */
  primes: boolean
}): CallReply {
  const { ctx, session, events, primes } = deps
  const call = randomUUID()
  const { promise: begun, resolve: begin } = createDeferred()
  let stream: EventStream | undefined
  let isFinished = false
  let last: Promise<unknown> = Promise.resolve()

  function inOrder(step: () => Promise<void>): Promise<void> {
    const done = last.then(step)
    last = done.catch(() => {})
    return done
  }

  async function open(): Promise<EventStream> {
    if (stream) return stream
    clearTimeout(timer)
    stream = openEventStream(ctx)
    if (primes) await emit(undefined)
    begin()
    return stream
  }

  async function emit(message: JSONRPCMessage | undefined): Promise<void> {
    const event = await events.append(session, call, message).catch((error: unknown) => {
      // It cannot be resumed after then, but whoever is still connected need not miss it.
      if (error instanceof StoreUnavailable) return message === undefined ? {} : { message }
      throw error
    })
    stream?.write(event)
  }

  function conclude(answer: JSONRPCMessage, ending: 'end' | 'dismiss', text?: string): Promise<void> {
    return inOrder(async () => {
      if (isFinished) return
      isFinished = true
      clearTimeout(timer)
      if (stream) {
        await emit(answer)
        stream[ending]()
        return
      }
      sendMessage(ctx, text ?? JSON.stringify(answer))
      begin()
    })
  }

  const timer = setTimeout(() => void inOrder(async () => void (await open())).catch(() => {}), streamAfter)

  return {
    call,
    begun,
    isResumable: () => stream !== undefined && primes,
    tell: (message) =>
      inOrder(async () => {
        if (isFinished) return
        await open()
        await emit(message)
      }),
    finish: (answer, text) => conclude(answer, 'end', text),
    dismiss: (answer) => conclude(answer, 'dismiss'),
    detach: () => void inOrder(async () => (primes && !isFinished ? (await open()).end() : undefined)),
  }
}
