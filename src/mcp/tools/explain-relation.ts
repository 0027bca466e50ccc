import { confidenceOf, isStale, standingOf } from '../../architecture/evidence.ts'
import { entityAt, relationsBetween, type GraphIndex } from '../../architecture/graph-index.ts'
import type { Evidence, Relation } from '../../architecture/model.ts'
import { findShortestPaths } from '../../architecture/queries/shortest-paths.ts'
import { counted, presentAge } from './answer-provenance.ts'
import { entityReference, presentName } from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { presentPath } from './answer-paths.ts'
import { defineGraphTool } from './graph-tool.ts'

/** Why a relation is believed. */
export const explainRelation = defineGraphTool({
  name: 'explain_relation',
  title: 'Explain relation',
  description:
    'Shows why it is believed that one entity depends on another: every piece of evidence with source, file and line, variable or traffic, when it was first and last seen, how certain it is, and whether it was declared, observed or only inferred. Use it before you state a doubtful relation as a fact.',
  input: {
    from: entityReference.describe('The dependent. A reference or name'),
    to: entityReference.describe('What it depends on. A reference or name'),
  },
  answer(input, asked) {
    const { index } = asked
    const [from, to] = [asked.resolve(input.from, 'from'), asked.resolve(input.to, 'to')]
    const [start, end] = [from, to].map((ordinal) => presentName(index, entityAt(index, ordinal)))
    const relations = relationsBetween(index, from, to)
    const backwards = relationsBetween(index, to, from)
    const items = relations.flatMap((relation) =>
      relation.evidence.map((evidence) => ({ relation, evidence })),
    )
    return presentPage(asked, {
      items,
      total: items.length,
      render: (shown) => ({
        summary:
          relations.length === 0
            ? `No direct relation from ${start} to ${end}, ${asked.bounds()}.`
            : `${start} ${relations.map(({ type }) => type).join(', ')} ${end}: ${relations.map((relation) => summarize(relation, asked.seenAt)).join('; ')}.`,
        evidence: shown.map(({ relation, evidence }) => presentEvidence(evidence, relation, asked.now)),
        backwards:
          backwards.length === 0
            ? undefined
            : `${end} ${backwards.map(({ type }) => type).join(', ')} ${start}`,
        way_round: relations.length === 0 ? presentWay(index, from, to) : undefined,
      }),
      entitiesOf: () => [from, to].map((ordinal) => entityAt(index, ordinal).ref),
    })
  },
})

const standings = {
  confirmed: 'declared and observed in traffic',
  declared: 'declared, not observed in traffic',
  observed: 'observed in traffic, declared nowhere',
  inferred: 'only inferred from weaker signs',
} as const

function summarize(relation: Relation, seenAt: number): string {
  const old = isStale(relation, seenAt) ? ', and not seen for 30 days' : ''
  return `${relation.type} is ${standings[standingOf(relation)]}${old}, confidence ${confidenceOf(relation)}`
}

function presentEvidence(
  { source, method, basis, place, firstSeen, lastSeen, observed }: Evidence,
  { type }: Relation,
  now: number,
): Record<string, unknown> {
  return {
    relation: type,
    source,
    method,
    basis,
    place: `${place.file}:${place.line}`,
    field: place.field,
    first_seen: `${presentAge(now - firstSeen)} ago`,
    last_seen: `${presentAge(now - lastSeen)} ago`,
    traffic:
      observed === undefined
        ? undefined
        : [
            counted(observed.count, 'call'),
            counted(observed.errorCount, 'error'),
            observed.p50Ms === undefined ? undefined : `p50 ${observed.p50Ms} ms`,
            observed.p95Ms === undefined ? undefined : `p95 ${observed.p95Ms} ms`,
          ]
            .filter((part) => part !== undefined)
            .join(', '),
  }
}

/** There is no direct relation: how they are connected instead. */
function presentWay(index: GraphIndex, from: number, to: number): string | undefined {
  const [path] = findShortestPaths(index, { from, to, count: 1, maxHops: 8 })
  return path === undefined ? undefined : presentPath(index, path, {})
}
