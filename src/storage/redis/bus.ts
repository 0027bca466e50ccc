import { StoreUnavailable } from '../contract.ts'
import type { Bus } from '../contract.ts'
import { createSubscriptions } from '../subscriptions.ts'
import { defineScript, type RedisCommands } from './commands.ts'
import type { RedisClient } from './connection.ts'
import type { Keys } from './keys.ts'

/** KEYS: the channel. ARGV: the message. */
const publishScript = defineScript(`
  redis.call('PUBLISH', KEYS[1], ARGV[1])
`)

/**
 * Redis publish and subscribe. A subscribed connection serves nothing else, so it is one of its own; ioredis
 * subscribes again when it reconnects.
 */
export function createBus(deps: { redis: RedisCommands; subscriber: RedisClient; keys: Keys }): Bus {
  const { redis, subscriber, keys } = deps
  const subscriptions = createSubscriptions()
  subscriber.on('message', subscriptions.deliver)
  return {
    async publish(channel, message) {
      // In a cluster PUBLISH goes to any node, and messages overtake each other on their ways; a key leads all to one.
      await redis.run(publishScript, [keys.channel(channel)], message)
    },

    async subscribe(channel, handler) {
      const name = keys.channel(channel)
      const end = subscriptions.add(name, handler)
      try {
        await subscriber.subscribe(name)
      } catch (error) {
        end()
        throw new StoreUnavailable('Redis did not accept the subscription', { cause: error })
      }
      return async () => end()
    },
  }
}
