import type { JSONRPCMessage } from '@modelcontextprotocol/server'
import type { Bus } from '../storage/contract.ts'

/** What the processes tell one another about a protocol session. */
export type SessionSignal =
  /** The client posted this, be it to another process than the one that waits for it. */
  | { kind: 'message'; message: JSONRPCMessage }
  /** A stream of the session has a new event in its log. */
  | { kind: 'event'; stream: string }
  /** The client opened a new standalone stream, so older ones end. */
  | { kind: 'listener'; listener: string }
  | { kind: 'ended' }

export interface SessionChannel {
  readonly publish: (sessionKey: string, signal: SessionSignal) => Promise<void>
  /** @returns a function that ends the subscription. The handler must not throw. */
  readonly subscribe: (sessionKey: string, handler: (signal: SessionSignal) => void) => () => void
}

const channel = 'mcp-protocol-session'

/** One bus channel for all protocol sessions: they come and go too often for a channel of their own. */
export async function createSessionChannel({ bus }: { bus: Bus }): Promise<SessionChannel> {
  const subscribers = new Map<string, Set<(signal: SessionSignal) => void>>()
  await bus.subscribe(channel, (text) => {
    const { sessionKey, signal } = JSON.parse(text) as { sessionKey: string; signal: SessionSignal }
    for (const handler of subscribers.get(sessionKey) ?? []) handler(signal)
  })
  return {
    publish: (sessionKey, signal) => bus.publish(channel, JSON.stringify({ sessionKey, signal })),
    subscribe(sessionKey, handler) {
      const handlers = subscribers.get(sessionKey) ?? new Set()
      subscribers.set(sessionKey, handlers.add(handler))
      return () => {
        handlers.delete(handler)
        if (handlers.size === 0 && subscribers.get(sessionKey) === handlers) subscribers.delete(sessionKey)
      }
    },
  }
}
