import type { ClaimedEntity, ClaimedEvidence, ClaimedRelation, Claims, ObservedTraffic } from '../../model.ts'
import { mergeEntities } from '../claims-collector.ts'
import type { ObservedUse } from './pairing.ts'

/** Sums up what was seen, one piece of evidence for each operation of a relation. */
export interface Traffic {
  readonly add: (use: ObservedUse) => void
  /** A service that was seen at all, whether or not it uses anything. */
  readonly addEntity: (entity: ClaimedEntity) => void
  /** Claims in an order that depends on their content alone. */
  readonly claims: () => Claims
}

/** Operations of one relation that are told apart; others are summed up. */
export const maxOperations = 9
/** The field of evidence for all operations beyond {@link maxOperations}. */
export const otherOperations = 'span (other operations)'

/** While counting more are told apart, so that the most frequent can be chosen. */
const maxCounted = 200
/** Times that percentiles are of: the newest. */
const maxDurations = 2_000

interface Tally {
  place: ObservedUse['place']
  spanId: string
  count: number
  errorCount: number
  measured: number
  durations: number[]
  firstSeen: number | undefined
  lastSeen: number | undefined
}

/**
 * @returns empty traffic
 * @param lineOf finds the line of a span within its record, by span id
 */
export function createTraffic(lineOf: LineOf = ({ line }) => line): Traffic {
  const entities = new Map<string, ClaimedEntity>()
  const relations = new Map<string, Pick<ClaimedRelation, 'from' | 'to' | 'type'> & { tallies: Tallies }>()
  /** Resources repeat for each batch; comparing them by identity spares merging each time. */
  const added = new Set<ClaimedEntity>()

  const addEntity = (entity: ClaimedEntity): void => {
    if (added.has(entity)) return
    added.add(entity)
    const known = entities.get(entity.ref)
    entities.set(entity.ref, known === undefined ? entity : mergeEntities(known, entity))
  }

  return {
    addEntity,
    add: (use) => {
      const { from, to, type } = use
      if (from.ref === to.ref) return
      addEntity(from)
      addEntity(to)
      const key = `${from.ref}\n${to.ref}\n${type}`
      const relation = relations.get(key) ?? { from: from.ref, to: to.ref, type, tallies: new Map() }
      relations.set(key, relation)
      count(relation.tallies, use)
    },
    claims: () => ({
      entities: [...entities.values()].map(plain).toSorted((a, b) => compare(a.ref, b.ref)),
      relations: [...relations.entries()]
        .toSorted(([a], [b]) => compare(a, b))
        .map(([, { from, to, type, tallies }]) => ({
          from,
          to,
          type,
          evidence: evidenceOf(tallies, lineOf),
        })),
    }),
  }
}

/** Line of a span, where the file can tell more than where its record begins. */
export type LineOf = (place: ObservedUse['place'], spanId: string) => number

type Tallies = Map<string, Tally>

function count(tallies: Tallies, { place, spanId, at, durationMs, isError, ...what }: ObservedUse): void {
  const own = fieldOf(what)
  const field = tallies.has(own) || tallies.size < maxCounted ? own : otherOperations
  const tally = tallies.get(field) ?? emptyTally(place, spanId)
  tallies.set(field, tally)
  tally.count += 1
  if (isError) tally.errorCount += 1
  if (durationMs !== undefined) {
    tally.durations[tally.measured % maxDurations] = durationMs
    tally.measured += 1
  }
  if (at === undefined) return
  tally.firstSeen = Math.min(tally.firstSeen ?? at, at)
  tally.lastSeen = Math.max(tally.lastSeen ?? at, at)
}

function emptyTally(place: ObservedUse['place'], spanId: string): Tally {
  return {
    place,
    spanId,
    count: 0,
    errorCount: 0,
    measured: 0,
    durations: [],
    firstSeen: undefined,
    lastSeen: undefined,
  }
}

function fieldOf({
  kind,
  operation,
  protocol,
}: Pick<ObservedUse, 'kind' | 'operation' | 'protocol'>): string {
  const words = [kind === 'unspecified' ? undefined : kind, 'span', operation, protocol && `(${protocol})`]
  return words.filter((word) => word !== undefined && word !== '').join(' ')
}

function evidenceOf(tallies: Tallies, lineOf: LineOf): ClaimedEvidence[] {
  const all = [...tallies].toSorted(([a, one], [b, other]) => other.count - one.count || compare(a, b))
  const own = all.filter(([field]) => field !== otherOperations).slice(0, maxOperations)
  const others = all.filter((entry) => !own.includes(entry)).map(([, tally]) => tally)
  const [first, ...more] = others
  const summed: [string, Tally][] = first === undefined ? [] : [[otherOperations, more.reduce(addUp, first)]]
  return [...own, ...summed]
    .toSorted(([a], [b]) => compare(a, b))
    .map(([field, tally]) => ({
      method: 'trace',
      place: { file: tally.place.file, line: lineOf(tally.place, tally.spanId), field },
      basis: 'observed',
      ...(tally.firstSeen !== undefined && { firstSeen: Math.round(tally.firstSeen) }),
      ...(tally.lastSeen !== undefined && { lastSeen: Math.round(tally.lastSeen) }),
      observed: observedBy(tally),
    }))
}

/**
 * Adds newer evidence of a relation to older: what is of one operation is summed up, and of times the newest count.
 * Operations beyond {@link maxOperations} go to the others.
 */
export function mergeEvidence<T extends ClaimedEvidence>(
  older: readonly T[],
  newer: readonly ClaimedEvidence[],
): (T | ClaimedEvidence)[] {
  const byField = new Map<string, T | ClaimedEvidence>(older.map((each) => [each.place.field, each]))
  for (const each of newer) {
    const own = [...byField.keys()].filter((field) => field !== otherOperations)
    const isKept = byField.has(each.place.field) || own.length < maxOperations
    const field = isKept ? each.place.field : otherOperations
    const known = byField.get(field)
    byField.set(
      field,
      known === undefined ? { ...each, place: { ...each.place, field } } : sumUp(known, each),
    )
  }
  return [...byField.values()].toSorted((a, b) => compare(a.place.field, b.place.field))
}

function sumUp<T extends ClaimedEvidence>(older: T, newer: ClaimedEvidence): T {
  const firstSeen = least([older.firstSeen, newer.firstSeen])
  const lastSeen = greatest([older.lastSeen, newer.lastSeen])
  return {
    ...older,
    ...(firstSeen !== undefined && { firstSeen }),
    ...(lastSeen !== undefined && { lastSeen }),
    observed: {
      ...older.observed,
      ...newer.observed,
      count: (older.observed?.count ?? 0) + (newer.observed?.count ?? 0),
      errorCount: (older.observed?.errorCount ?? 0) + (newer.observed?.errorCount ?? 0),
    },
  }
}

function addUp(one: Tally, other: Tally): Tally {
  return {
    ...one,
    count: one.count + other.count,
    errorCount: one.errorCount + other.errorCount,
    measured: one.measured + other.measured,
    durations: [...one.durations, ...other.durations],
    firstSeen: least([one.firstSeen, other.firstSeen]),
    lastSeen: greatest([one.lastSeen, other.lastSeen]),
  }
}

function observedBy({ count: total, errorCount, durations }: Tally): ObservedTraffic {
  const sorted = durations.toSorted((a, b) => a - b)
  if (sorted.length === 0) return { count: total, errorCount }
  return { count: total, errorCount, p50Ms: percentile(sorted, 0.5), p95Ms: percentile(sorted, 0.95) }
}

/** Nearest rank, to a hundredth of a millisecond. */
function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
  return Math.round(value * 100) / 100
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

function greatest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** Without lists that merging left undefined. */
function plain(entity: ClaimedEntity): ClaimedEntity {
  const attributes = Object.fromEntries(
    Object.entries(entity.attributes).filter(([, value]) => value !== undefined),
  )
  return { ...entity, attributes }
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
