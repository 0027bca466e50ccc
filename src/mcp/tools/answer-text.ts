import type { ToolAnswer } from './define-tool.ts'

/** What a tool says: a summary first, then plain data. */
export type AnswerContent = { summary: string } & Record<string, unknown>

/** Content as it is sent, in both ways. */
export interface AnswerForms {
  text: string
  json: string
}

/** The text is made from the structured content, so that no client's model misses a fact another one gets. */
export function formsOf(content: AnswerContent): AnswerForms {
  return { text: renderText(content), json: JSON.stringify(content) }
}

/**
 * @param entities references of what the answer is about
 * @param forms of this very content, where they were made already
 */
export function presentAnswer(
  content: AnswerContent,
  entities: readonly string[],
  { text, json } = formsOf(content),
): ToolAnswer {
  const structuredContent: Record<string, unknown> = {}
  for (const key of Object.keys(content)) {
    const value = content[key]
    if (value !== undefined) structuredContent[key] = value
  }
  return { structuredContent, text, json, entities }
}

/** The summary as first line, then `key: value` lines, indented where values have parts. */
export function renderText(content: AnswerContent): string {
  const lines = [content.summary]
  for (const key of Object.keys(content)) if (key !== 'summary') renderField(key, content[key], '', lines)
  return lines.join('\n')
}

/** Fields that may be drawings of several lines, whose parts are escaped where they are drawn. */
const blocks: ReadonlySet<string> = new Set(['mermaid', 'depends_on', 'depended_on_by'])

/** Adds to `lines`: answers are rendered often, and most of what they cost are lists that are made and thrown away. */
function renderField(key: string, value: unknown, indent: string, lines: string[]): void {
  if (value === undefined) return
  if (Array.isArray(value) && value.some((item) => isObject(item) || String(item).includes(' '))) {
    lines.push(`${indent}${key}:`)
    for (const item of value) lines.push(`${indent}- ${renderInline(item)}`)
  } else if (isObject(value)) {
    lines.push(`${indent}${key}:`)
    for (const part of Object.keys(value)) renderField(part, value[part], `${indent}  `, lines)
  } else if (blocks.has(key) && typeof value === 'string') lines.push(`${indent}${key}:`, value)
  else lines.push(`${indent}${key}: ${renderInline(value)}`)
}

const lineEnds = /[\r\n\u2028\u2029]/
const allLineEnds = /[\r\n\u2028\u2029]+/g

function renderInline(value: unknown): string {
  if (Array.isArray(value)) return value.map(renderInline).join(', ')
  // A line that comes from an imported file must not look like one of ours.
  if (!isObject(value)) {
    const text = String(value)
    return lineEnds.test(text) ? text.replaceAll(allLineEnds, ' ') : text
  }
  return Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${key}: ${renderInline(part)}`)
    .join('; ')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
