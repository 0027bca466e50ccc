import { randomUUID } from 'node:crypto'
import { McpServer } from '@modelcontextprotocol/server'
import type { Context } from '../http/request-context.ts'
import { StoreUnavailable } from '../storage/contract.ts'
import type { Admission } from './admission.ts'
import { createDeferred } from './deferred.ts'
import {
  type EventLog,
  type EventPosition,
  formatEventId,
  parseEventId,
  standaloneStream,
  type StreamEvent,
} from './event-log.ts'
import { type EventStream, openEventStream } from './event-stream.ts'
import { refuseMessage } from './message.ts'
import type { OpenExchanges } from './open-exchanges.ts'
import type { ProtocolSession } from './protocol-sessions.ts'
import type { ServerFactory } from './session-calls.ts'
import type { SessionChannel } from './session-channel.ts'

export interface SessionStreamDeps {
  serverFor: ServerFactory
  channel: SessionChannel
  events: EventLog
  exchanges: OpenExchanges
}

/** Messages between processes can be missed, so a stream that hears nothing looks for itself. */
const lookAgainAfter = 5_000

/**
 * Serves GET: the standalone stream of a session, or with `Last-Event-ID` the rest of any of its streams (MCP
 * 2025-11-25, Resumability and Redelivery). Both follow a log, so the process that writes it may be another one.
 */
export function createSessionStreams({ serverFor, channel, events, exchanges }: SessionStreamDeps) {
  async function serve(ctx: Context, session: ProtocolSession, admission: Admission): Promise<void> {
    if (!ctx.get('Accept').includes('text/event-stream')) {
      return refuseMessage(ctx, 406, -32000, 'Accept text/event-stream to open a stream.')
    }
    const lastEventId = ctx.get('Last-Event-ID')
    const from = lastEventId === '' ? await newestOf(session) : parseEventId(lastEventId)
    if (from?.stream === standaloneStream) {
      return speaksUnasked(serverFor(admission.authInfo))
        ? open(ctx, session, { from, admission })
        : refuseStream(ctx)
    }
    const newest = from && (await events.findNewest(session, from.stream))
    if (!from || !newest) {
      return refuseMessage(ctx, 400, -32000, 'There is nothing to resume after this event id.')
    }
    // The first generation of the official client comes back even after an answer that is an error.
    if (isAnswer(newest) && newest.id === lastEventId) return refuseStream(ctx)
    await open(ctx, session, { from, admission })
  }

  async function newestOf(session: ProtocolSession): Promise<EventPosition> {
    const newest = await events.findNewest(session, standaloneStream)
    return parseEventId(newest?.id ?? '') ?? { stream: standaloneStream, after: '0' }
  }

  async function open(
    ctx: Context,
    session: ProtocolSession,
    { from, admission }: { from: EventPosition; admission: Admission },
  ): Promise<void> {
    const listener = randomUUID()
    const news = createNews()
    let stream: EventStream | undefined
    const unwatch = exchanges.watch({
      accessId: admission.accessId,
      isStillIn: admission.isStillIn,
      end: () => stream?.dismiss(),
      leave: () => stream?.end(),
    })
    const unsubscribe = channel.subscribe(session.key, (signal) => {
      if (signal.kind === 'event' && signal.stream === from.stream) news.announce()
      const isReplaced =
        signal.kind === 'listener' && signal.listener !== listener && from.stream === standaloneStream
      if (signal.kind === 'ended' || isReplaced) stream?.dismiss()
    })
    stream = openEventStream(ctx)
    const lookAgain = setInterval(news.announce, lookAgainAfter).unref()
    stream.closed.addEventListener('abort', () => {
      unsubscribe()
      unwatch()
      clearInterval(lookAgain)
      news.announce()
    })
    follow(session, from, { stream, news, listener }).catch((err: unknown) => {
      ctx.state.log.error({ err }, 'stream ended early')
      stream.end()
    })
  }

  /** Writes events as the log gets them, until the answer to the stream's request or the end of the connection. */
  async function follow(
    session: ProtocolSession,
    from: EventPosition,
    { stream, news, listener }: { stream: EventStream; news: News; listener: string },
  ): Promise<void> {
    if (from.stream === standaloneStream) {
      // A message must not go out on two streams (MCP 2025-11-25, Multiple Connections), so the newest replaces others.
      await channel.publish(session.key, { kind: 'listener', listener })
      stream.write({ id: formatEventId(from) })
    }
    for (let position = from; !stream.closed.aborted;) {
      const heard = news.next()
      const found = await events.readAfter(session, position).catch((error: unknown) => {
        if (error instanceof StoreUnavailable) return []
        throw error
      })
      for (const event of found) if (event.message !== undefined) stream.write(event)
      if (found.some(isAnswer)) return stream.end()
      position = parseEventId(found.at(-1)?.id ?? '') ?? position
      if (found.length === 0) await heard
    }
  }

  return serve
}

/** Whether a server has announced anything it could say that belongs to no request (MCP 2025-11-25, Capabilities). */
function speaksUnasked(serverObject: ReturnType<ServerFactory>): boolean {
  const server = serverObject instanceof McpServer ? serverObject.server : serverObject
  const { logging, tools, prompts, resources } = server.getCapabilities()
  const lists = [tools, prompts, resources]
  return Boolean(logging ?? resources?.subscribe ?? lists.some((list) => list?.listChanged))
}

/**
 * Says that there is no stream here, upon which clients stop asking (MCP 2025-11-25, Listening for Messages from the
 * Server). A stream on which nothing is ever sent does harm: when it breaks, Claude Code gives the whole server up for
 * lost after a few attempts, and official clients begin a sign-in nobody asked for when their session ended meanwhile.
 */
function refuseStream(ctx: Context): void {
  ctx.set('Allow', 'POST, DELETE')
  refuseMessage(ctx, 405, -32000, 'Nothing is to be sent on this stream.')
}

/** Wakes whoever waits. */
interface News {
  announce: () => void
  /** Resolves at the next announcement after this call. */
  next: () => Promise<void>
}

function createNews(): News {
  let upcoming = createDeferred()
  return {
    announce() {
      upcoming.resolve()
      upcoming = createDeferred()
    },
    next: () => upcoming.promise,
  }
}

function isAnswer({ message }: StreamEvent): boolean {
  return message !== undefined && !('method' in message)
}
