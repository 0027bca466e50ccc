/** Resolves at the end of this turn of the event loop. */
export function turnEnd(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * Lets who asks the same in one turn of the event loop share one answer: all that is sent in it leaves at its end, so the
 * answer is of a time after each of them asked.
 */
export function shareInTurn<Answer>(ask: (key: string) => Promise<Answer>): (key: string) => Promise<Answer> {
  const asking = new Map<string, Promise<Answer>>()
  const forget = () => asking.clear()
  return (key) => {
    const asked = asking.get(key)
    if (asked) return asked
    if (asking.size === 0) setImmediate(forget)
    const answer = ask(key)
    asking.set(key, answer)
    return answer
  }
}

/**
 * The same where an answer comes at once: it is found at the end of the turn. Requests that arrived together then go on
 * together, which costs each about half of what it costs alone: their code stays in the processor's caches.
 */
export function askAtTurnEnd<Answer>(ask: (key: string) => Answer): (key: string) => Promise<Answer> {
  return shareInTurn((key) => turnEnd().then(() => ask(key)))
}
