import { staleAfter } from '../architecture/evidence.ts'
import type { Source } from '../architecture/model.ts'
import type { SourceView } from '../http/architecture-view-data.ts'
import { presentMoment } from '../http/moment.ts'
import type { ArchitectureLinks } from './architecture-links.ts'
import { importerLabels } from './architecture-views.ts'

/** The command that imports files where OpenTrace is installed. */
export function importCommand(slug: string): string {
  return `npm run opentrace -- import --organization ${slug} k8s/ catalog-info.yaml`
}

/** A source with how fresh it is. */
export function presentSource(source: Source, { base }: ArchitectureLinks, now: number): SourceView {
  const { id, kind, scope, environment, importedAt, checkedAt, files, counts, failure } = source
  return {
    id,
    kind: importerLabels[kind],
    scope: scope === kind ? undefined : scope,
    environment,
    importedAt: presentMoment(importedAt, now),
    checkedAt: presentMoment(checkedAt, now),
    isStale: now - checkedAt > staleAfter,
    files,
    ...counts,
    failure: failure && { at: presentMoment(failure.at, now), message: failure.message },
    removeHref: `${base}/sources/${encodeURIComponent(id)}/remove`,
  }
}
