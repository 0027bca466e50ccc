import type { ArchitecturePage, EntityLink } from './architecture-view-data.ts'
import type { FieldErrors, Moment, SelectOption } from './view-data.ts'

/** What differs between two graphs, each list cut. */
export interface DifferenceView {
  isEmpty: boolean
  /** "2 entities and 3 relations added". */
  summary: string
  entities: {
    change: 'added' | 'removed' | 'changed'
    total: number
    items: (EntityLink & { note: string | undefined })[]
  }[]
  relations: {
    change: 'added' | 'removed' | 'changed'
    total: number
    items: { from: string; verb: string; to: string; note: string | undefined }[]
  }[]
}

/** The pages that change an architecture, and the one that tells what was changed. */
export interface ArchitectureChangeViewData {
  'architecture-changes': ArchitecturePage & {
    action: string
    from: SelectOption[]
    to: SelectOption[]
    /** Why the revisions asked for cannot be compared. */
    error: string | undefined
    difference: (DifferenceView & { from: number; to: number }) | undefined
    revisions: {
      revision: number
      at: Moment
      cause: string
      counts: string
      href: string
      asOfHref: string
      isNewest: boolean
    }[]
  }
  'architecture-import': ArchitecturePage & {
    action: string
    values: { source: string; environment: string }
    types: SelectOption[]
    sources: string[]
    environments: string[]
    errors: FieldErrors
    /** What can be read. */
    titles: string[]
    limits: { files: string; fileSize: string; totalSize: string }
    importCommand: string
  }
  'review-import': ArchitecturePage & {
    action: string
    upload: string
    revision: number
    /** The architecture was changed by others since the upload was looked at last. */
    isStale: boolean
    changed: boolean
    sources: { id: string; title: string; files: number; entities: number; relations: number }[]
    environment: string | undefined
    files: number
    documents: number
    difference: DifferenceView
    unresolved: string[]
    unrecognized: string[]
    warnings: string[]
    /** "3 ConfigMap, 1 Namespace". */
    ignored: string
    importHref: string
  }
  'remove-source': ArchitecturePage & {
    action: string
    source: string
    parts: { kind: string; entities: number; relations: number; importedAt: Moment }[]
    difference: DifferenceView
  }
}
