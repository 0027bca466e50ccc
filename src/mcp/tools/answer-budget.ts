import { z } from 'zod'
import type { AnswerForms } from './answer-text.ts'
import { estimateTokens, mostTokensOfCharacter } from './token-estimate.ts'

/** The input by which a model chooses how much it wants to read. */
export const maxTokens = z
  .int()
  .min(500)
  .max(8000)
  .default(2000)
  .describe('About how many tokens the answer may take; it is cut by rank and says so')

/**
 * How many tokens an answer takes in the longer of its two forms.
 * @param enough what is certain to take no more than this is not measured exactly
 */
export function measureAnswer({ text, json }: AnswerForms, enough = 0): number {
  const most = Math.max(json.length, text.length) * mostTokensOfCharacter
  if (most <= enough) return most
  // Two languages for the same: a text is hardly ever the longer one, and then by far.
  return Math.max(estimateTokens(json), text.length * 1.3 < json.length ? 0 : estimateTokens(text))
}

/** Filled to so much of the budget, an answer is not measured again for a few items more. */
const enoughFilled = 0.96
/** After so many measurements the search halves what is left instead: some items are much longer than others. */
const patience = 4

/** Most answers are short, and then one rendering tells. */
const fewItems = 40

/**
 * How many of `available` ranked items fit into an answer, at least one, so that a cursor always moves on.
 * @param render The whole answer with the first so many items.
 */
export function countThatFits(
  available: number,
  budget: number,
  render: (count: number) => AnswerForms,
): number {
  // Where everything fits, it does not matter by how much.
  const measure = (count: number) => measureAnswer(render(count), count === available ? budget : 0)
  let fitting = { count: 0, tokens: 0 }
  let excessive: { count: number; tokens: number } | undefined
  let next = available <= fewItems ? available : 8
  // Items are about equally long, so that where to look next is interpolated; each measurement narrows the search.
  for (let attempt = 1; next > fitting.count && next < (excessive?.count ?? available + 1); attempt += 1) {
    const measured = { count: next, tokens: measure(next) }
    if (measured.tokens <= budget) fitting = measured
    else excessive = measured
    if (fitting.count === available || fitting.tokens >= budget * enoughFilled) break
    next =
      excessive !== undefined && attempt > patience
        ? (fitting.count + excessive.count) >> 1
        : interpolate(fitting, excessive, { budget, available, measured })
  }
  return Math.min(available, Math.max(1, fitting.count))
}

interface Measured {
  count: number
  tokens: number
}

function interpolate(
  fitting: Measured,
  excessive: Measured | undefined,
  { budget, available, measured }: { budget: number; available: number; measured: Measured },
): number {
  if (excessive === undefined) {
    const perItem = measured.tokens / measured.count
    const guess = Math.floor(budget / perItem)
    return Math.min(available, Math.max(fitting.count + 1, Math.min(guess, fitting.count * 8)))
  }
  const perItem = (excessive.tokens - fitting.tokens) / (excessive.count - fitting.count)
  const guess = fitting.count + Math.floor((budget - fitting.tokens) / Math.max(perItem, 1e-9))
  return Math.min(excessive.count - 1, Math.max(fitting.count + 1, guess))
}
