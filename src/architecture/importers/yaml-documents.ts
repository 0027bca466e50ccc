import {
  isAlias,
  isCollection,
  isNode,
  isPair,
  Lexer,
  LineCounter,
  parseAllDocuments,
  type Document,
} from 'yaml'
import type { DomainError } from '../../domain/errors.ts'
import { checkSizes, presentablePath, refuseImport, readText, type ImportFile } from './import-file.ts'
import { isRecord } from './untyped-values.ts'

/** One YAML document (JSON is YAML) as it was written. */
export interface YamlDocument {
  /** Path as people may see it. */
  file: string
  data: unknown
  /** Line of the value at this path, or of the nearest enclosing value that has one (behind aliases there is none). */
  lineOf: (path: NodePath) => number
  /** The tag that was written before the value at this path, such as `!reset`. */
  tagOf: (path: NodePath) => string | undefined
}

/** Keys and positions from the top of a document. */
export type NodePath = readonly (string | number)[]

/** What one import may bring besides the limits of any files. */
export const yamlLimits = {
  documents: 10_000,
  /** Time to parse grows with tokens, not bytes: this many take one to two seconds. */
  tokensPerFile: 400_000,
  flowDepth: 100,
  /** Columns; each level of a block takes at least one. */
  indent: 400,
  /** Values that stand in an import once more because an alias or a merge key repeats them. */
  repeatedValues: 200_000,
}

/**
 * Parses every file before anything else happens, so that one bad file refuses the whole import. Empty documents are
 * left out.
 * @throws {DomainError} `import_refused` with `FILE:LINE: why`
 */
export function readYamlDocuments(files: readonly ImportFile[]): YamlDocument[] {
  checkSizes(files)
  const documents: YamlDocument[] = []
  let repeated = 0
  for (const importFile of files) {
    const file = presentablePath(importFile.path)
    const content = readText(importFile)
    checkTokens(file, content)
    const lines = new LineCounter()
    for (const document of parseFile(file, content, lines)) {
      const lineOf = (path: NodePath) => lineAt(document, path, lines)
      if (documents.length === yamlLimits.documents)
        throw refusal(file, lineOf([]), `more than ${yamlLimits.documents} documents in one import`)
      repeated += repeatedIn(file, document, lines)
      if (repeated > yamlLimits.repeatedValues)
        throw refusal(file, lineOf([]), 'the aliases (`*name`) or merge keys (`<<`) expand to too much')
      documents.push({
        file,
        data: plainValue(file, document, lines),
        lineOf,
        tagOf: (path) => tagAt(document, path),
      })
    }
  }
  return documents
}

/** Stops what is cheap to write and slow to parse: half a million `---`, `{a,a,a,…`, `[[[[…`. The lexer alone is fast. */
function checkTokens(path: string, content: string): void {
  let tokens = 0
  let depth = 0
  let nestedInLine = 0
  let startsLine = true
  for (const token of new Lexer().lex(content)) {
    tokens += 1
    if (token === '[' || token === '{') depth += 1
    else if (token === ']' || token === '}') depth -= 1
    // Deep blocks exhaust the stack where V8 cannot report it, and the process ends.
    nestedInLine = token.endsWith('\n') ? 0 : nestedInLine + Number(depth === 0 && /^[-?:]$/.test(token))
    const indent = startsLine && /^ +$/.test(token) ? token.length : 0
    startsLine = token.endsWith('\n')
    if (nestedInLine > yamlLimits.flowDepth || indent > yamlLimits.indent)
      throw refusal(path, 1, 'the YAML is nested too deeply')
    if (tokens > yamlLimits.tokensPerFile) {
      throw refusal(path, 1, `more than ${yamlLimits.tokensPerFile} YAML tokens; split the file`)
    }
    if (depth > yamlLimits.flowDepth) {
      throw refusal(path, 1, `brackets nested more than ${yamlLimits.flowDepth} deep`)
    }
  }
}

function parseFile(path: string, content: string, lineCounter: LineCounter): Document[] {
  // Pretty errors would quote the source line, which may hold a secret. The library's check for unique keys
  // takes quadratic time; without it the last of two equal keys wins, as with kubectl.
  const options = {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false,
    merge: true,
    logLevel: 'error',
  } as const
  const documents: Document[] = [...parse(path, content, options)]
  for (const document of documents) {
    const [error] = document.errors
    if (error !== undefined)
      throw refusal(path, lineCounter.linePos(error.pos[0]).line, reasonOf(error.message, content))
  }
  return documents.filter((document) => document.contents !== null)
}

function parse(path: string, content: string, options: Parameters<typeof parseAllDocuments>[1]): Document[] {
  try {
    return [...parseAllDocuments(content, options)]
  } catch (error) {
    // Reported errors are not thrown; what is thrown is a stack exhausted by nesting.
    throw refusal(path, 1, 'the YAML cannot be parsed, perhaps it is nested too deeply', error)
  }
}

function reasonOf(message: string, content: string): string {
  return content.includes('{{')
    ? `${message} (this looks like a template: render it first, for example with \`helm template\`)`
    : `invalid YAML: ${message}`
}

/** `{{ .Values.name }}`, which somebody forgot to render, has one; more is made to exhaust. */
const maxKeyDepth = 4

/**
 * Values that aliases repeat, told before any is expanded: ten lines of aliases of aliases can stand for a billion, while
 * a long Compose file rightly says `<<: *defaults` hundreds of times.
 */
function countRepeated(document: Document): number {
  const sizes = new Map<string, number>()
  let repeated = 0
  let keyDepth = 0
  const sizeOf = (node: unknown): number => {
    if (isAlias(node)) {
      const size = sizes.get(node.source) ?? 0
      repeated += size
      return size
    }
    if (isPair(node)) {
      // To write keys of keys as text takes time that grows with the power of their depth.
      keyDepth += isCollection(node.key) ? 1 : 0
      if (keyDepth > maxKeyDepth) throw new RangeError('keys within keys')
      const size = sizeOf(node.key)
      keyDepth -= isCollection(node.key) ? 1 : 0
      return size + sizeOf(node.value)
    }
    if (!isNode(node)) return 0
    const { anchor } = node as { anchor?: string }
    // What contains itself is there once, in a circle.
    if (anchor !== undefined) sizes.set(anchor, 0)
    const size =
      1 + (isCollection(node) ? node.items.reduce((sum: number, item) => sum + sizeOf(item), 0) : 0)
    if (anchor !== undefined) sizes.set(anchor, size)
    return size
  }
  sizeOf(document.contents)
  return repeated
}

function repeatedIn(file: string, document: Document, lines: LineCounter): number {
  try {
    return countRepeated(document)
  } catch (error) {
    throw refusal(file, lineAt(document, [], lines), 'the YAML is nested too deeply', error)
  }
}

function plainValue(file: string, document: Document, lines: LineCounter): unknown {
  try {
    return document.toJS({ maxAliasCount: -1 })
  } catch (error) {
    const why = 'an alias (`*name`) or merge key (`<<`) is undefined or wrong'
    throw refusal(file, lineAt(document, [], lines), why, error)
  }
}

function lineAt(document: Document, path: NodePath, lines: LineCounter): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    const range = isRecord(node) ? node['range'] : undefined
    if (Array.isArray(range) && typeof range[0] === 'number') return lines.linePos(range[0]).line
  }
  return 1
}

function tagAt(document: Document, path: NodePath): string | undefined {
  const node: unknown = document.getIn(path, true)
  const tag = isRecord(node) ? node['tag'] : undefined
  return typeof tag === 'string' ? tag : undefined
}

function refusal(file: string, line: number, why: string, cause?: unknown): DomainError {
  return refuseImport({ file, line }, why, cause)
}
