import { countThatFits } from './answer-budget.ts'
import type { Pagination } from './answer-cursor.ts'
import { formsOf, presentAnswer, type AnswerContent, type AnswerForms } from './answer-text.ts'
import type { ToolAnswer } from './define-tool.ts'
import type { AskedGraph } from './graph-tool.ts'

/** A list of which as much is told as fits. */
export interface Page<Item> {
  /** Ranked, from the offset on; there may be more than fit. */
  items: readonly Item[]
  /** Of all there are, before and after these. */
  total: number
  /** Absent for lists that have no next page. */
  pagination?: Pagination | undefined
  /** What is said before the counts, of the first so many items. */
  render: (shown: readonly Item[], isCut: boolean) => AnswerContent
  /** References of what the answer is about, those asked for first. */
  entitiesOf: (shown: readonly Item[]) => readonly string[]
}

/** Answers with as many items as fit into the budget, and says how many there are and how to get the rest. */
export function presentPage<Item>(asked: AskedGraph, page: Page<Item>): ToolAnswer {
  const { items, total, pagination, render, entitiesOf } = page
  const offset = pagination?.offset ?? 0
  const renderFirst = (count: number): AnswerContent => {
    const end = offset + count
    const isCut = end < total
    const counts = {
      total,
      returned: count,
      truncated: isCut,
      next_cursor: isCut ? pagination?.cursorAt(end) : undefined,
    }
    // Not by spreading: in Node 20 each field that follows a spread takes as long as fifty others.
    return Object.assign(render(items.slice(0, count), isCut), counts, asked.closing())
  }
  if (items.length === 0) return presentAnswer(renderFirst(0), entitiesOf([]))
  // What was measured last is mostly what is answered.
  let last: { count: number; content: AnswerContent; forms: AnswerForms } | undefined
  const renderOnce = (count: number) => {
    if (last?.count === count) return last
    const content = renderFirst(count)
    last = { count, content, forms: formsOf(content) }
    return last
  }
  const count = countThatFits(items.length, asked.maxTokens, (each) => renderOnce(each).forms)
  const { content, forms } = renderOnce(count)
  return presentAnswer(content, entitiesOf(items.slice(0, count)), forms)
}
