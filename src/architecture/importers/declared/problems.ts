import type { z } from 'zod'
import { oneLine } from '../presentable-text.ts'
import { isRecord } from '../untyped-values.ts'
import type { NodePath, YamlDocument } from '../yaml-documents.ts'
import { declaredFile } from './schema.ts'

type Issue = z.core.$ZodIssue

const maxProblems = 10

/** What is wrong with a document, as `FILE:LINE: why` naming what would be right; the first few. */
export function problemsOf({ file, lineOf, data }: YamlDocument, error: z.ZodError): string[] {
  const issues = error.issues.flatMap((issue) => flatten(issue, data, []))
  const problems = issues.flatMap(({ issue, path }) => {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, maxProblems) : []
    if (issue.code === 'unrecognized_keys')
      return keys.map((key) => `${file}:${lineOf([...path, key])}: ${unknownKey(key, path)}`)
    return [`${file}:${lineOf(path)}: ${fieldAt(path)} ${reasonOf(issue)}`]
  })
  const more = problems.length - maxProblems
  return [...problems.slice(0, maxProblems), ...(more > 0 ? [`and ${more} more like these`] : [])]
}

/** Of a union the branch that was meant: what is written as a map has problems of a map. */
function flatten(issue: Issue, root: unknown, before: NodePath): { issue: Issue; path: NodePath }[] {
  const path = [...before, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
  if (issue.code !== 'invalid_union') return [{ issue, path }]
  const isMap = isRecord(valueAt(root, path))
  const branch = issue.errors.find((issues) =>
    issues.every(
      (each) =>
        each.path.length > 0 || each.code !== 'invalid_type' || (each.expected === 'object') === isMap,
    ),
  )
  return (branch ?? issue.errors[0] ?? []).flatMap((each) => flatten(each, root, path))
}

function valueAt(root: unknown, path: NodePath): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    root,
  )
}

function unknownKey(key: string, path: NodePath): string {
  const known = keysAt(path)
  return `${JSON.stringify(oneLine(key, 50) ?? '')} is no key here; there are ${known.join(', ')}`
}

/** Keys that the schema has where this path leads. */
function keysAt(path: NodePath): string[] {
  if (path.length === 0) return Object.keys(declaredFile.shape)
  const entity = declaredFile.shape.entities.element
  if (path.length === 2) return Object.keys(entity.shape)
  return path[2] === 'links' ? ['title', 'url'] : ['to', 'relation', 'description']
}

/** `name` of an entity, `entities` at the top. */
function fieldAt(path: NodePath): string {
  const names = path.filter((part) => typeof part === 'string')
  const last = oneLine(names.at(-1), 50)
  if (last === undefined) return 'the document'
  return typeof path.at(-1) === 'number' ? `an item of ${last}` : last
}

function reasonOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.join(', ')}`
    case 'invalid_type':
      return issue.input === undefined
        ? `must be given, as ${wordFor(issue.expected)}`
        : `must be ${wordFor(issue.expected)}`
    case 'invalid_format':
      return issue.message
    case 'too_big':
      return `is too long or too large: at most ${issue.maximum}`
    case 'too_small':
      return `is empty or too small: at least ${issue.minimum}`
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'custom':
      return 'is not valid'
  }
}

function wordFor(expected: string): string {
  const words: Record<string, string> = {
    array: 'a list',
    object: 'a map of keys and values',
    string: 'text (quote it where YAML would read a number or a boolean)',
    number: 'a number',
    int: 'a whole number',
  }
  return words[expected] ?? `of type ${expected}`
}
