import type { Limiter } from '../storage/contract.ts'

interface Window {
  /** As the store said at last, of all processes. */
  remaining: number
  endsAt: number
  /** Let through since then, and not told to the store yet. */
  untold: number
}

/** The store is told of this many at once. */
const mostUntold = 16
type Rule = Parameters<Limiter['hit']>[1]

const mostWindows = 10_000

/**
 * A limiter in front of that of the store, for limits that hardly anybody comes near: it tells the store of several hits at
 * once, as long as less than half of what is allowed is used. From there on it tells each. What a process has not told
 * is lost when it stops or when nothing follows in the window, so all together may let through `mostUntold - 1` more for each
 * of the other processes.
 */
export function createCallCounter({
  limiter,
  now,
}: {
  limiter: Pick<Limiter, 'hit'>
  now: () => number
}): Pick<Limiter, 'hit'> {
  const windows = new Map<string, Window>()

  async function tell(key: string, rule: Rule, hits: number) {
    const answer = await limiter.hit(key, rule, hits)
    if (windows.size >= mostWindows) windows.clear()
    const { remaining, retryAfterSeconds } = answer
    // Hits that came while the store was asked are no part of its answer.
    const untold = windows.get(key)?.untold ?? 0
    // Whole seconds, rounded up: the window may be over before.
    windows.set(key, { remaining, endsAt: now() + (retryAfterSeconds - 1) * 1000, untold })
    return answer
  }

  return {
    async hit(key, rule) {
      const window = windows.get(key)
      if (!window || now() >= window.endsAt) {
        windows.delete(key)
        return tell(key, rule, 1)
      }
      window.untold += 1
      const { untold, endsAt } = window
      const remaining = window.remaining - untold
      if (remaining > rule.limit / 2 && untold < mostUntold) {
        return { allowed: true, remaining, retryAfterSeconds: Math.ceil((endsAt - now()) / 1000) }
      }
      window.untold = 0
      return tell(key, rule, untold)
    },
  }
}
