import type { ToolAnswer } from './define-tool.ts'

/** What a tool says: a summary first, then plain data. */
export type AnswerContent = { summary: string } & Record<string, unknown>

/**
 * The text is made from the structured content, so that no client's model misses a fact another one gets.
 * @param entities references of what the answer is about
 */
export function presentAnswer(content: AnswerContent, entities: readonly string[]): ToolAnswer {
  const present = Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined))
  return { structuredContent: present, text: renderText(content), entities }
}

/** The summary as first line, then `key: value` lines, indented where values have parts. */
export function renderText({ summary, ...content }: AnswerContent): string {
  return [summary, ...renderFields(content, '')].join('\n')
}

/** Fields that may be drawings of several lines, whose parts are escaped where they are drawn. */
const blocks: ReadonlySet<string> = new Set(['mermaid', 'depends_on', 'depended_on_by'])

function renderFields(fields: Record<string, unknown>, indent: string): string[] {
  return Object.entries(fields).flatMap(([key, value]) => {
    if (value === undefined) return []
    if (Array.isArray(value) && value.some((item) => isObject(item) || String(item).includes(' '))) {
      return [`${indent}${key}:`, ...value.map((item) => `${indent}- ${renderInline(item)}`)]
    }
    if (isObject(value)) return [`${indent}${key}:`, ...renderFields(value, `${indent}  `)]
    if (blocks.has(key) && typeof value === 'string') return [`${indent}${key}:`, value]
    return [`${indent}${key}: ${renderInline(value)}`]
  })
}

function renderInline(value: unknown): string {
  if (Array.isArray(value)) return value.map(renderInline).join(', ')
  // A line that comes from an imported file must not look like one of ours.
  if (!isObject(value)) return String(value).replaceAll(/[\r\n\u2028\u2029]+/g, ' ')
  return Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${key}: ${renderInline(part)}`)
    .join('; ')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
