/** The handlers of one process, by channel. */
export interface Subscriptions {
  /** @returns a function that ends this subscription only. */
  readonly add: (channel: string, handler: MessageHandler) => () => void
  readonly deliver: (channel: string, message: string) => void
  readonly has: (channel: string) => boolean
  readonly channels: () => string[]
}

export type MessageHandler = (message: string) => void

export function createSubscriptions(): Subscriptions {
  const byChannel = new Map<string, Set<{ handler: MessageHandler }>>()
  return {
    add(channel, handler) {
      const entry = { handler }
      const entries = byChannel.get(channel) ?? new Set()
      byChannel.set(channel, entries.add(entry))
      return () => {
        entries.delete(entry)
        if (entries.size === 0 && byChannel.get(channel) === entries) byChannel.delete(channel)
      }
    },
    deliver(channel, message) {
      for (const { handler } of byChannel.get(channel) ?? []) handler(message)
    },
    has: (channel) => byChannel.has(channel),
    channels: () => [...byChannel.keys()],
  }
}
