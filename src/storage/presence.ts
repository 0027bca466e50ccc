import type { RedisCommands } from './commands.ts'

/** More than ask in one turn, so that no command holds others up. */
const mostAtOnce = 200

interface Asking {
  keys: string[]
  answer: Promise<number>
}

/**
 * Looks whether keys are there. Whoever asks in one turn of the event loop is asked for in one command at its end, which
 * counts those there are; only where some are missing each is looked for by itself. In a cluster keys lie on different
 * nodes, so each always is.
 */
export function createPresence(redis: RedisCommands): (key: string) => Promise<boolean> {
  let asking: Asking | undefined
  const count = (...keys: string[]) => redis.send('exists', ...keys) as Promise<number>

  /** Sends what was asked for until then at the end of the turn. */
  function begin(): Asking {
    const keys: string[] = []
    const answer = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (asking?.keys === keys) asking = undefined
      return count(...keys)
    })
    return { keys, answer }
  }

  return async (key) => {
    if (!redis.takesManyKeys) return (await count(key)) === 1
    asking ??= begin()
    const { keys, answer } = asking
    keys.push(key)
    if (keys.length === mostAtOnce) asking = undefined
    return (await answer) === keys.length || (await count(key)) === 1
  }
}
