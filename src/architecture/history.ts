import { DomainError } from '../domain/errors.ts'
import type { GraphDifference } from './queries/difference.ts'

/** One change of the graph, as the change log keeps it. */
export interface RevisionRecord {
  /** The revision it led to. */
  revision: number
  at: number
  /** What changed it: an import of a source, spans that came in, a source that was removed, a person's decision. */
  cause: 'import' | 'ingest' | 'removal' | 'decision'
  /** Absent for a decision. */
  source?: string | undefined
  /** Counts are whole, the lists cut at {@link listedChanges} each. */
  counts: ChangeCounts
  changes: GraphDifference
}

/** How much changed. */
export interface ChangeCounts {
  entities: { added: number; removed: number; changed: number }
  relations: { added: number; removed: number; changed: number }
}

/** So many changes stay listed by name for each revision; all of them follow from comparing the revisions. */
export const listedChanges = 100
/** So many revisions can be gone back to. */
export const keptRevisions = 100

/** @returns the record of a change, with its lists cut. */
export function recordRevision(
  record: Omit<RevisionRecord, 'counts' | 'changes'>,
  { entities, relations }: GraphDifference,
): RevisionRecord {
  const cut = <T>(items: readonly T[]) => items.slice(0, listedChanges)
  return {
    ...record,
    counts: countChanges({ entities, relations }),
    changes: {
      entities: {
        added: cut(entities.added),
        removed: cut(entities.removed),
        changed: cut(entities.changed),
      },
      relations: {
        added: cut(relations.added),
        removed: cut(relations.removed),
        changed: cut(relations.changed),
      },
    },
  }
}

/** How much differs. */
export function countChanges({ entities, relations }: GraphDifference): ChangeCounts {
  return { entities: countPart(entities), relations: countPart(relations) }
}

function countPart(
  part: Record<'added' | 'removed' | 'changed', unknown[]>,
): Record<'added' | 'removed' | 'changed', number> {
  return { added: part.added.length, removed: part.removed.length, changed: part.changed.length }
}

/**
 * Which revision a person or model means: a number, or a time, as which the newest revision of then counts.
 * @param asOf such as `17` or `2026-11-27T09:00:00Z`
 * @throws {DomainError} `invalid_input` for what is neither, `not_found` for what is not kept any more or not there yet
 */
export function resolveRevision(
  history: readonly RevisionRecord[],
  newest: number,
  asOf: string,
  field = 'as_of',
): number {
  const oldest = Math.max(history[0]?.revision ?? newest, 0)
  const range = `Revisions ${oldest} (${isoTime(history[0]?.at)}) to ${newest} can be asked for.`
  if (/^\d{1,9}$/.test(asOf)) {
    const revision = Number(asOf)
    if (revision >= oldest && revision <= newest) return revision
    throw new DomainError('not_found', `There is no revision ${revision} here. ${range}`, { field })
  }
  const time = Date.parse(asOf)
  if (Number.isNaN(time)) {
    const message = `${field} is a revision number or a time such as 2026-11-27T09:00:00Z. ${range}`
    throw new DomainError('invalid_input', message, { field })
  }
  const record = history.findLast(({ at }) => at <= time)
  if (record === undefined)
    throw new DomainError('not_found', `Nothing is known of ${isoTime(time)}. ${range}`, { field })
  return record.revision
}

function isoTime(time: number | undefined): string {
  return time === undefined ? 'no time' : new Date(time).toISOString()
}
