import { gunzipSync } from 'node:zlib'
import type { DomainError } from '../../../domain/errors.ts'
import {
  fileName,
  glanceAt,
  presentablePath,
  readText,
  refuseImport,
  type ImportFile,
} from '../import-file.ts'
import { decodeTraceRequest } from './otlp-protobuf.ts'
import type { LineOf } from './traffic.ts'

/** What one import of spans may bring. More than of other files: spans are many, and tell little each. */
export const spanFileLimits = {
  files: 500,
  /** Of one file, and of all together, without compression. */
  fileBytes: 32 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  records: 50_000,
}

/** One record of a file: an export of spans, or of something else. */
export interface SpanRecord {
  file: string
  /** Where it begins. */
  line: number
  data: unknown
}

/** Records of all files, and the way from a span to its line. */
export interface SpanFiles {
  records: SpanRecord[]
  lineOf: LineOf
}

/** Whether a file is an export of spans: by a glance at JSON, by name and first byte for messages. */
export function resemblesSpans(file: ImportFile): boolean {
  const inner = isGzip(file) ? beginningOf(file) : file
  if (inner === undefined) return false
  if (/"resourceSpans"\s*:/.test(glanceAt(inner))) return true
  return isMessage(inner) && /\.(?:otlp|pb|bin|binpb)(?:\.gz)?$/i.test(fileName(file))
}

/**
 * Reads OTLP exports: JSON, JSON lines as the collector's file exporter writes them, or messages, each also compressed
 * with gzip.
 * @throws {DomainError} `import_refused` with `FILE:LINE: why`
 */
export function readSpanFiles(files: readonly ImportFile[]): SpanFiles {
  const records: SpanRecord[] = []
  const texts = new Map<string, string>()
  let total = 0
  for (const importFile of files.slice(0, spanFileLimits.files + 1)) {
    const file = presentablePath(importFile.path)
    const refuse = (why: string, line = 1, cause?: unknown): DomainError =>
      refuseImport({ file, line }, why, cause)
    if (files.length > spanFileLimits.files)
      throw refuse(
        `${files.length} files with spans in one import; at most ${spanFileLimits.files} are taken`,
      )
    const plain = uncompressed(importFile, refuse)
    total += plain.content.length
    if (plain.content.length > spanFileLimits.fileBytes || total > spanFileLimits.totalBytes)
      throw refuse(
        `more than ${inMegabytes(spanFileLimits.fileBytes)} in one file, or ${inMegabytes(spanFileLimits.totalBytes)} in one import; split it`,
      )
    const found = isMessage(plain) ? readMessages(plain, file, refuse) : readJson(plain, file, refuse)
    records.push(...found.records)
    if (found.text !== undefined) texts.set(file, found.text)
    if (records.length > spanFileLimits.records)
      throw refuse(`more than ${spanFileLimits.records} exports in one import; split it`)
  }
  return { records, lineOf: createLineOf(texts) }
}

type Refuse = (why: string, line?: number, cause?: unknown) => DomainError

interface FoundRecords {
  records: SpanRecord[]
  /** JSON over several lines: a span's line is looked up in it. */
  text?: string
}

/** One export, or one on each line: then the first line is one by itself. */
function readJson(importFile: ImportFile, file: string, refuse: Refuse): FoundRecords {
  const text = readText(importFile)
  if (countValues(text) > maxValues) throw refuse(`more than ${maxValues} values in one file; split it`)
  const parse = (part: string, line: number): SpanRecord => {
    try {
      return { file, line, data: JSON.parse(part) as unknown }
    } catch (cause) {
      throw refuse(whyInvalid(cause), line, cause)
    }
  }
  const lines = text.split('\n')
  const beginning = lines.findIndex((line) => line.trim() !== '')
  if (beginning === -1) throw refuse('the file is empty')
  if (!/^\s*\{.*\}\s*$/.test(lines[beginning] ?? '')) return { records: [parse(text, 1)], text }
  return {
    records: lines.flatMap((line, position) => (line.trim() === '' ? [] : [parse(line, position + 1)])),
  }
}

/** Without the text around the mistake, which the parser quotes. */
function whyInvalid(error: unknown): string {
  const at = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
  return `this is not valid JSON${at === undefined ? '' : ` (at character ${at})`}`
}

/** How many objects and lists there are in JSON: `{},{},…` is cheap to write and dear to parse. */
export function countValues(text: string): number {
  let values = 0
  for (let at = text.indexOf('{'); at !== -1; at = text.indexOf('{', at + 1)) values += 1
  for (let at = text.indexOf('['); at !== -1; at = text.indexOf('[', at + 1)) values += 1
  return values
}

/** Above it, JSON is not parsed. */
export const maxValues = 2_000_000

/** The collector's file exporter writes the length of each message before it, in four bytes; others write one alone. */
function readMessages({ content }: ImportFile, file: string, refuse: Refuse): FoundRecords {
  const bytes = content as Uint8Array
  const decode = (part: Uint8Array): SpanRecord => {
    try {
      return { file, line: 1, data: decodeTraceRequest(part) }
    } catch (cause) {
      throw refuse('this is not an OTLP message with spans, or is cut off', 1, cause)
    }
  }
  if (bytes[0] !== 0) return { records: [decode(bytes)] }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: SpanRecord[] = []
  for (let at = 0; at < bytes.length;) {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : Number.POSITIVE_INFINITY
    if (at + 4 + length > bytes.length) throw refuse('its last message is cut off')
    if (records.length === spanFileLimits.records) throw refuse('more messages than are taken in one import')
    records.push(decode(bytes.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return { records }
}

function isGzip({ content }: ImportFile): boolean {
  return typeof content !== 'string' && content[0] === 0x1f && content[1] === 0x8b
}

/** A message begins with its first field, or with the length of a message under 16 MB. Text never does. */
function isMessage({ content }: ImportFile): boolean {
  if (typeof content === 'string' || content.length < 2) return false
  // A line feed is the first field too, but no message is followed by what JSON begins with.
  return (content[0] === 0x0a && !/^\s*[[{]/.test(glanceAt({ path: '', content }))) || content[0] === 0
}

function uncompressed(file: ImportFile, refuse: Refuse): ImportFile {
  if (!isGzip(file)) return file
  try {
    const content = gunzipSync(file.content, { maxOutputLength: spanFileLimits.fileBytes })
    return { path: file.path, content }
  } catch (cause) {
    throw refuse(
      `the file cannot be uncompressed, or has more than ${inMegabytes(spanFileLimits.fileBytes)}`,
      1,
      cause,
    )
  }
}

/** As much of a compressed file as a glance needs. */
function beginningOf({ path, content }: ImportFile): ImportFile | undefined {
  try {
    // Z_SYNC_FLUSH: the end of what is given need not be the end of the stream.
    const part = (content as Uint8Array).subarray(0, 4096)
    return { path, content: gunzipSync(part, { finishFlush: 2, maxOutputLength: 8 * 1024 * 1024 }) }
  } catch {
    return undefined
  }
}

/** In JSON over several lines, the line of a span's id; each text is looked through once, when it is first asked. */
function createLineOf(texts: ReadonlyMap<string, string>): LineOf {
  const found = new Map<string, ReadonlyMap<string, number>>()
  return ({ file, line }, spanId) => {
    const text = texts.get(file)
    if (text === undefined || !text.includes('\n')) return line
    const lines = found.get(file) ?? linesOfSpans(text)
    found.set(file, lines)
    return lines.get(spanId) ?? line
  }
}

function linesOfSpans(text: string): Map<string, number> {
  const lines = new Map<string, number>()
  let line = 1
  let from = 0
  for (const match of text.matchAll(/"spanId"\s*:\s*"([0-9a-fA-F]{16})"/g)) {
    for (let at = text.indexOf('\n', from); at !== -1 && at < match.index; at = text.indexOf('\n', from)) {
      line += 1
      from = at + 1
    }
    lines.set((match[1] ?? '').toLowerCase(), line)
  }
  return lines
}

function inMegabytes(bytes: number): string {
  return `${bytes / 1024 / 1024} MB`
}
