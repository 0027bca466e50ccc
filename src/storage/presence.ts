import { turnEnd } from './turn-sharing.ts'

/** More than ask in one turn, so that no command holds others up. */
const mostAtOnce = 200

interface Asking {
  keys: string[]
  answer: Promise<number>
}

/**
 * Looks whether keys are there. Whoever asks in one turn of the event loop is asked for together at its end; only where
 * some are missing each is looked for by itself.
 * @param count how many of these keys are there, each as often as it is named
 */
export function createPresence(
  count: (keys: readonly string[]) => number | Promise<number>,
): (key: string) => Promise<boolean> {
  let asking: Asking | undefined

  /** Asks for what was named until then at the end of the turn. */
  function begin(): Asking {
    const keys: string[] = []
    const answer = turnEnd().then(() => {
      if (asking?.keys === keys) asking = undefined
      return count(keys)
    })
    return { keys, answer }
  }

  return async (key) => {
    asking ??= begin()
    const { keys, answer } = asking
    keys.push(key)
    if (keys.length === mostAtOnce) asking = undefined
    return (await answer) === keys.length || (await count([key])) === 1
  }
}
