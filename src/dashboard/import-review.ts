import type { ImportResult } from '../architecture/architecture.ts'
import type { ViewData } from '../http/view-data.ts'
import type { ArchitectureLinks } from './architecture-links.ts'
import { importerLabels } from './architecture-views.ts'
import { presentDifference } from './difference-views.ts'

const shownLines = 200

type ReviewFacts = Pick<
  ViewData['review-import'],
  | 'changed'
  | 'sources'
  | 'files'
  | 'documents'
  | 'difference'
  | 'unresolved'
  | 'unrecognized'
  | 'warnings'
  | 'ignored'
>

/** What an import would do, in words. */
export function presentReview(result: ImportResult, links: ArchitectureLinks): ReviewFacts {
  return {
    changed: result.changed,
    sources: result.sources.map(({ type, ...source }) => ({ ...source, title: importerLabels[type] })),
    files: result.files,
    documents: result.documents,
    difference: presentDifference(result.difference, links),
    unresolved: result.unresolved.slice(0, shownLines),
    unrecognized: result.unrecognized.slice(0, shownLines),
    warnings: result.warnings.slice(0, shownLines),
    ignored: Object.entries(result.ignored)
      .toSorted(([, a], [, b]) => b - a)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', '),
  }
}
