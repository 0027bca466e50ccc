import type { RevisionRecord } from '../architecture/history.ts'
import type { Entity } from '../architecture/model.ts'
import { presentMoment } from '../http/moment.ts'
import type { ViewData } from '../http/view-data.ts'
import type { ArchitectureLinks } from './architecture-links.ts'
import { presentCause, relationLabels } from './architecture-views.ts'

const shownRecords = 10
const shownChanges = 5

/** The changes that name an entity, newest first. What a large import only counted is not found again. */
export function presentEntityHistory(
  history: readonly RevisionRecord[],
  { ref }: Entity,
  links: ArchitectureLinks,
  now: number,
): ViewData['entity']['history'] {
  return history
    .map((record) => ({ record, what: changesOf(record, ref) }))
    .filter(({ what }) => what.length > 0)
    .toReversed()
    .slice(0, shownRecords)
    .map(({ record, what }) => ({
      revision: record.revision,
      at: presentMoment(record.at, now),
      cause: presentCause(record),
      what:
        what.length > shownChanges
          ? [...what.slice(0, shownChanges), `and ${what.length - shownChanges} more`]
          : what,
      href: `${links.base}/changes?from=${record.revision - 1}&to=${record.revision}`,
    }))
}

function changesOf({ changes: { entities, relations } }: RevisionRecord, ref: string): string[] {
  const changed = entities.changed.find((each) => each.ref === ref)
  const about = ({ from, to, type }: (typeof relations.added)[number]) =>
    from === ref ? `${relationLabels[type]} ${to}` : `${from} ${relationLabels[type]} it`
  const touches = ({ from, to }: { from: string; to: string }) => from === ref || to === ref
  return [
    ...(entities.added.includes(ref) ? ['appeared'] : []),
    ...(entities.removed.includes(ref) ? ['disappeared'] : []),
    ...(changed === undefined ? [] : [`changed: ${changed.fields.join(', ')}`]),
    ...relations.added.filter(touches).map((each) => `new: ${about(each)}`),
    ...relations.removed.filter(touches).map((each) => `gone: ${about(each)}`),
    ...relations.changed.filter(touches).map((each) => `other evidence: ${about(each)}`),
  ]
}
