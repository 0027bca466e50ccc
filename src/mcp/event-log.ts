import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import type { Logs } from '../storage/contract.ts'
import type { ProtocolSession } from './protocol-sessions.ts'
import type { SessionChannel } from './session-channel.ts'

/** One event of a stream. Without a message it gives the client an id to resume after; without an id it cannot be resumed after. */
export interface StreamEvent {
  id?: string
  message?: JSONRPCMessage
}

export interface EventPosition {
  stream: string
  /** An id in the stream's log. */
  after: string
}

export type EventLog = ReturnType<typeof createEventLog>

/** The stream of a session that belongs to no request. */
export const standaloneStream = 'standalone'

/** How long a client that lost its connection can ask for what it missed. */
const retention = { ttlSeconds: 10 * 60, maxEntries: 1000 }
const pageSize = 100

/**
 * What was sent on each stream of a protocol session, so that any process can continue it (MCP 2025-11-25, Resumability
 * and Redelivery). Streams are found under their session only: no event id leads into another's.
 */
export function createEventLog({ logs, channel }: { logs: Logs; channel: SessionChannel }) {
  /** Appends an event and tells whoever follows the stream. */
  async function append(
    session: ProtocolSession,
    stream: string,
    message?: JSONRPCMessage,
  ): Promise<StreamEvent> {
    const entry = message === undefined ? {} : { message }
    const id = formatEventId({ stream, after: await logs.append(nameOf(session, stream), entry, retention) })
    await channel.publish(session.key, { kind: 'event', stream })
    return { id, ...entry }
  }

  /** The next events after a position, oldest first; empty when there are none yet. */
  async function readAfter(
    session: ProtocolSession,
    { stream, after }: EventPosition,
  ): Promise<StreamEvent[]> {
    const request = { limit: pageSize, order: 'oldest-first', from: after } as const
    const entries = await logs.page(nameOf(session, stream), request)
    return entries.map(({ id, entry }) => ({ id: formatEventId({ stream, after: id }), ...entry }))
  }

  async function findNewest(session: ProtocolSession, stream: string): Promise<StreamEvent | undefined> {
    const [newest] = await logs.page(nameOf(session, stream), { limit: 1, order: 'newest-first' })
    return newest && { id: formatEventId({ stream, after: newest.id }), ...newest.entry }
  }

  return { append, readAfter, findNewest }
}

function nameOf(session: ProtocolSession, stream: string): string {
  return `mcp-stream:${session.key}:${stream}`
}

export function formatEventId({ stream, after }: EventPosition): string {
  return `${stream}/${after}`
}

/** Reads a `Last-Event-ID`, which may hold anything. */
export function parseEventId(id: string): EventPosition | undefined {
  const [, stream, after] = /^([a-z0-9-]{1,40})\/([\d-]{1,40})$/.exec(id) ?? []
  return stream === undefined || after === undefined ? undefined : { stream, after }
}
