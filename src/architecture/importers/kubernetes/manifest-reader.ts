import { Lexer, LineCounter, parseAllDocuments, type Document } from 'yaml'
import { DomainError } from '../../../domain/errors.ts'
import { isRecord } from './untyped-values.ts'

/** One file to import. */
export interface ImportFile {
  /** As people should read it in evidence and refusals; never opened. */
  path: string
  content: string
}

/** One Kubernetes object as it was written; members of a `List` count one by one. */
export interface Manifest {
  kind: string
  file: string
  data: Record<string, unknown>
  /** Line of the value at this path, or of the nearest enclosing value that has one (behind aliases there is none). */
  lineOf: (path: NodePath) => number
}

/** Keys and positions from the top of an object. */
export type NodePath = readonly (string | number)[]

/** What one import may bring; beyond it the whole import is refused. */
export const importLimits = {
  fileBytes: 2 * 1024 * 1024,
  totalBytes: 16 * 1024 * 1024,
  files: 2_000,
  documents: 10_000,
  /** Time to parse grows with tokens, not bytes: this many take one to two seconds. */
  tokensPerFile: 400_000,
  flowDepth: 100,
  aliases: 100,
}

/**
 * Parses every file before anything else happens, so that one bad file refuses the whole import.
 * @throws {DomainError} `import_refused` with `FILE:LINE: why`
 */
export function readManifests(files: readonly ImportFile[]): { manifests: Manifest[]; documents: number } {
  checkSizes(files)
  const manifests: Manifest[] = []
  let documents = 0
  for (const file of files) {
    const path = presentablePath(file.path)
    checkTokens(path, file.content)
    const lines = new LineCounter()
    for (const document of parseFile(path, file.content, lines)) {
      documents += 1
      if (documents > importLimits.documents) {
        throw refusal(
          path,
          lineAt(document, [], lines),
          `more than ${importLimits.documents} documents in one import`,
        )
      }
      manifests.push(...manifestsOf(path, document, lines))
    }
  }
  return { manifests, documents }
}

function checkSizes(files: readonly ImportFile[]): void {
  if (files.length > importLimits.files) {
    throw new DomainError(
      'import_refused',
      `${files.length} files in one import; at most ${importLimits.files} are taken.`,
    )
  }
  let total = 0
  for (const file of files) {
    const bytes = Buffer.byteLength(file.content)
    total += bytes
    if (bytes > importLimits.fileBytes) {
      throw refusal(
        presentablePath(file.path),
        1,
        `the file has ${inMegabytes(bytes)}; at most ${inMegabytes(importLimits.fileBytes)} are taken`,
      )
    }
    if (total > importLimits.totalBytes) {
      throw refusal(
        presentablePath(file.path),
        1,
        `the files before and this one exceed ${inMegabytes(importLimits.totalBytes)} in one import`,
      )
    }
  }
}

/** Stops what is cheap to write and slow to parse: half a million `---`, `{a,a,a,…`, `[[[[…`. The lexer alone is fast. */
function checkTokens(path: string, content: string): void {
  let tokens = 0
  let depth = 0
  for (const token of new Lexer().lex(content)) {
    tokens += 1
    if (token === '[' || token === '{') depth += 1
    else if (token === ']' || token === '}') depth -= 1
    if (tokens > importLimits.tokensPerFile) {
      throw refusal(path, 1, `more than ${importLimits.tokensPerFile} YAML tokens; split the file`)
    }
    if (depth > importLimits.flowDepth) {
      throw refusal(path, 1, `brackets nested more than ${importLimits.flowDepth} deep`)
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

function manifestsOf(file: string, document: Document, lines: LineCounter): Manifest[] {
  const data = plainValue(file, document, lines)
  if (!isRecord(data)) return []
  const manifest = (kind: unknown, value: Record<string, unknown>, prefix: NodePath): Manifest => ({
    kind: typeof kind === 'string' ? kind : '',
    file,
    data: value,
    lineOf: (path) => lineAt(document, [...prefix, ...path], lines),
  })
  const { kind, items } = data as { kind?: unknown; items?: unknown }
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items))
    return [manifest(kind, data, [])]
  const kindOfItems = kind.slice(0, -'List'.length)
  return items.flatMap((item: unknown, position) =>
    isRecord(item) ? [manifest(item['kind'] ?? kindOfItems, item, ['items', position])] : [],
  )
}

function plainValue(file: string, document: Document, lines: LineCounter): unknown {
  try {
    return document.toJS({ maxAliasCount: importLimits.aliases })
  } catch (error) {
    const why = 'the aliases (`*name`) or merge keys (`<<`) are undefined, wrong, or expand to too much'
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

function refusal(file: string, line: number, why: string, cause?: unknown): DomainError {
  return new DomainError('import_refused', `${file}:${line}: ${why}. Nothing was imported.`, { cause })
}

function presentablePath(path: string): string {
  // Paths are shown in terminals and to models.
  return path.replaceAll(/\p{Cc}/gu, '?').slice(-300)
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
