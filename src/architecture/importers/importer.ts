import type { Claims, ImporterType } from '../model.ts'
import type { ImportFile } from './import-file.ts'

/** Reads files of one kind, and nothing else: no network, no file system, no clock. */
export interface Importer {
  type: ImporterType
  /** As people call what it reads, such as `Kubernetes manifests`. */
  title: string
  /** Whether a file looks like its own, by name or a glance at the content. Must be cheap and not throw. */
  accepts: (file: ImportFile) => boolean
  /** Whether a file that nobody more particular accepts is read along where there are accepted ones, such as a `.env`. By name alone. */
  accompanies?: (file: ImportFile) => boolean
  /**
   * All files or none.
   * @param beside All files of the import, also those of other kinds.
   * @throws {DomainError} `import_refused` with `FILE:LINE: why`
   */
  read: (files: readonly ImportFile[], beside?: readonly ImportFile[]) => Reading
}

/** What files of one kind say. */
export interface Reading {
  claims: Claims
  documents: number
  /** How many documents of each kind say nothing about dependencies. */
  ignored: Record<string, number>
  /** What was left out and why, each with file and line. */
  warnings: string[]
}
