import { confidenceOf, isStale, type Standing, standingOf } from '../architecture/evidence.ts'
import type { Evidence, Relation } from '../architecture/model.ts'
import type { DescribedRelation } from '../architecture/queries/entity-description.ts'
import type { EvidenceView, Mark, RelationView } from '../http/architecture-view-data.ts'
import { presentMoment } from '../http/moment.ts'
import type { ArchitectureLinks } from './architecture-links.ts'
import { methodLabels, presentLink, relationLabels } from './architecture-views.ts'

const standingMarks = {
  confirmed: { label: 'confirmed', tone: 'success', title: 'Declared, and seen in traffic.' },
  declared: { label: 'declared', tone: '', title: 'Whoever runs it says so. No traffic was seen.' },
  observed: { label: 'observed', tone: '', title: 'Seen in traffic. No file declares it.' },
  inferred: {
    label: 'inferred',
    tone: 'warning',
    title: 'Only a weaker sign speaks for it: it may not be so.',
  },
} as const satisfies Record<Standing, Mark>

const staleMark: Mark = {
  label: 'stale',
  tone: 'warning',
  title: 'Not seen for more than 30 days: it may be gone.',
}
const unresolvedMark: Mark = {
  label: 'unresolved',
  tone: 'warning',
  title: 'No source says what stands behind this address.',
}

/** A relation seen from one of its ends, with the words for how far it can be relied on. */
export function presentRelation(
  { relation, other }: DescribedRelation,
  links: ArchitectureLinks,
  now: number,
): RelationView {
  return {
    other: presentLink(other, links),
    verb: relationLabels[relation.type],
    marks: [
      standingMarks[standingOf(relation)],
      ...(isStale(relation, now) ? [staleMark] : []),
      ...(other.kind === 'unresolved' ? [unresolvedMark] : []),
    ],
    confidence: Math.round(confidenceOf(relation) * 100),
    evidence: relation.evidence.map((each) => presentEvidence(each, now)),
  }
}

/** Only the words for what is not plainly so. */
export function presentDoubts(relation: Relation, now: number): Mark[] {
  return [
    ...(standingOf(relation) === 'inferred' ? [standingMarks.inferred] : []),
    ...(isStale(relation, now) ? [staleMark] : []),
  ]
}

function presentEvidence(evidence: Evidence, now: number): EvidenceView {
  const { source, place, method, basis, firstSeen, lastSeen } = evidence
  return {
    source,
    place: `${place.file}:${place.line}`,
    field: place.field,
    method: methodLabels[method],
    basis,
    firstSeen: presentMoment(firstSeen, now),
    lastSeen: presentMoment(lastSeen, now),
    traffic: presentTraffic(evidence.observed),
  }
}

function presentTraffic(observed: Evidence['observed']): string | undefined {
  if (observed === undefined) return undefined
  const { count, errorCount, p50Ms, p95Ms } = observed
  const failed = count === 0 ? 0 : (errorCount / count) * 100
  return [
    `${count.toLocaleString('en')} ${count === 1 ? 'call' : 'calls'}`,
    errorCount === 0 ? 'none failed' : `${failed < 0.1 ? 'under 0.1' : failed.toFixed(1)} % failed`,
    ...(p50Ms === undefined ? [] : [`half within ${inMilliseconds(p50Ms)}`]),
    ...(p95Ms === undefined ? [] : [`95 % within ${inMilliseconds(p95Ms)}`]),
  ].join(', ')
}

function inMilliseconds(duration: number): string {
  return `${duration < 10 ? Number(duration.toFixed(1)) : Math.round(duration).toLocaleString('en')} ms`
}
