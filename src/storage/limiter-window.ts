import type { LimiterAnswer } from './contract.ts'

/** The state of a window after a hit, in the words of the contract. */
export function presentWindow(window: { hits: number; limit: number; endsInMs: number }): LimiterAnswer {
  return {
    allowed: window.hits <= window.limit,
    remaining: Math.max(0, window.limit - window.hits),
    retryAfterSeconds: Math.max(1, Math.ceil(window.endsInMs / 1000)),
  }
}
