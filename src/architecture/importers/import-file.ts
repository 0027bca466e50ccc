import { DomainError } from '../../domain/errors.ts'

/** One file to import. */
export interface ImportFile {
  /** As people should read it in evidence and refusals; never opened. */
  path: string
  /** Bytes where it need not be text. */
  content: string | Uint8Array
}

/** What one import may bring; beyond it the whole import is refused. */
export const importLimits = {
  fileBytes: 2 * 1024 * 1024,
  totalBytes: 16 * 1024 * 1024,
  files: 2_000,
}

const glance = 64 * 1024
const decoder = new TextDecoder('utf-8', { fatal: true })

/** @throws {DomainError} `import_refused` when the content is not UTF-8 */
export function readText({ path, content }: ImportFile): string {
  if (typeof content === 'string') return content
  try {
    return decoder.decode(content)
  } catch (cause) {
    throw refuseImport({ file: presentablePath(path), line: 1 }, 'the file is not text in UTF-8', cause)
  }
}

/** The beginning of a file as text, for a guess at what it is. Never throws. */
export function glanceAt({ content }: ImportFile): string {
  const bytes =
    typeof content === 'string' ? Buffer.from(content.slice(0, glance)) : content.subarray(0, glance)
  return new TextDecoder().decode(bytes)
}

/** Last part of the path. */
export function fileName({ path }: ImportFile): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** @throws {DomainError} `import_refused` when there are too many files, or too large ones */
export function checkSizes(files: readonly ImportFile[]): void {
  if (files.length > importLimits.files) {
    throw new DomainError(
      'import_refused',
      `${files.length} files in one import; at most ${importLimits.files} are taken.`,
    )
  }
  let total = 0
  for (const file of files) {
    const bytes = typeof file.content === 'string' ? Buffer.byteLength(file.content) : file.content.byteLength
    total += bytes
    if (bytes > importLimits.fileBytes) {
      throw refuseImport(
        { file: presentablePath(file.path), line: 1 },
        `the file has ${inMegabytes(bytes)}; at most ${inMegabytes(importLimits.fileBytes)} are taken`,
      )
    }
    if (total > importLimits.totalBytes) {
      throw refuseImport(
        { file: presentablePath(file.path), line: 1 },
        `the files before and this one exceed ${inMegabytes(importLimits.totalBytes)} in one import`,
      )
    }
  }
}

/** @returns a refusal that names the place: `FILE:LINE: why`. */
export function refuseImport(
  { file, line }: { file: string; line: number },
  why: string,
  cause?: unknown,
): DomainError {
  return new DomainError('import_refused', `${file}:${line}: ${why}. Nothing was imported.`, { cause })
}

/** Paths are shown in terminals and to models. */
export function presentablePath(path: string): string {
  return path.replaceAll(/\p{Cc}/gu, '?').slice(-300)
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
