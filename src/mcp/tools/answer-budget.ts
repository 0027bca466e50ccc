import { z } from 'zod'
import { renderText, type AnswerContent } from './answer-text.ts'

/** The input by which a model chooses how much it wants to read. */
export const maxTokens = z
  .int()
  .min(500)
  .max(8000)
  .default(2000)
  .describe(
    'Roughly how many tokens the answer may take; what does not fit is cut by rank and said to be cut',
  )

/** Characters of compact JSON for each token, measured on grouped adjacency with two tokenizers: 3.3 to 4.3. */
const charactersPerToken = 3.2

const fewItems = 40

/**
 * How many of `available` ranked items fit into an answer, at least one, so that a cursor always moves on.
 * @param render The whole answer with the first so many items.
 */
export function countThatFits(
  available: number,
  budget: number,
  render: (count: number) => AnswerContent,
): number {
  const fits = (count: number) => {
    const content = render(count)
    const fit = (text: string) => text.length / charactersPerToken <= budget
    return fit(JSON.stringify(content)) && fit(renderText(content))
  }
  // Most answers are short, and then one rendering tells.
  if (available <= fewItems && fits(available)) return available
  // Doubling first: no rendering of what is much too long.
  let enough = 0
  let tooMany = 1
  while (tooMany <= available && fits(tooMany)) {
    enough = tooMany
    tooMany *= 2
  }
  tooMany = Math.min(tooMany, available + 1)
  while (tooMany - enough > 1) {
    const middle = (enough + tooMany) >> 1
    if (fits(middle)) enough = middle
    else tooMany = middle
  }
  return Math.min(available, Math.max(1, enough))
}
