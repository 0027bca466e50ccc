import { entityAt, forEachStep, type GraphIndex } from '../graph-index.ts'
import { belongsToTelemetry, isStore } from '../kind-groups.ts'
import { createRelationFilter, type RelationFilter } from '../relation-filter.ts'
import { isEntryPoint } from './entry-points.ts'
import { hits, spreadImpact, type Hit, type ImpactChange, type Spread } from './impact-spread.ts'
import { groupByOwner, type Ownership } from './ownership.ts'
import { findProvision } from './redundancy.ts'

/** What happens to some entities, and how far to follow it. */
export interface ImpactQuestion extends RelationFilter {
  /** Ordinals. */
  changed: readonly number[]
  change: ImpactChange
  /** Without it: to the end. */
  maxDepth?: number | undefined
  /** True follows what carries telemetry too, without which systems usually keep working. */
  includeTelemetry?: boolean | undefined
}

/**
 * What an entity feels. Of a failure: `down`, or `delayed` behind a queue. Of latency: `slow` or `delayed`. Of a change
 * of its API or its removal: `must_change` for who uses it, `at_risk` for who uses those.
 */
export type ImpactEffect = 'down' | 'slow' | 'delayed' | 'must_change' | 'at_risk'

/** An entity that would feel the change. */
export interface AffectedEntity {
  ordinal: number
  /** Steps from the change along the shortest way; the effect is the worst along any way. */
  level: number
  effect: ImpactEffect
  /** `starved` and `backlog` are queues that nobody fills or empties any more. */
  hit: Hit
  /** Ordinal of what it is hit through. */
  through: number
  /** False where only inferred relations lead here. */
  isCertain: boolean
}

/** What stands between an affected entity and the effect. */
export interface Protection {
  /** `redundant` where something seems to stand in for what it is hit through. */
  provision: 'single' | 'redundant'
  /** It uses nothing else of the kind of what it is hit through. */
  isOnlyOfKind: boolean
  /** Ordinals of what seems to stand in. */
  alternatives: number[]
}

/** Everything a change would be felt by. */
export interface Impact {
  /** By level, then most depended on first. */
  affected: AffectedEntity[]
  /** Looked for when asked: answers tell of few of many. */
  protectionOf: (affected: AffectedEntity) => Protection
  /** How many there are at each level; the first number is level 1. */
  counts: number[]
  /** Ordinals of affected or changed entities at which people or foreign systems arrive. */
  entryPoints: number[]
  /** Who owns what is changed or affected: whom to tell. */
  teams: Ownership[]
  /** Ordinals of changed stores, and of those that changed or affected entities use. */
  dataStores: number[]
  certain: number
  inferredOnly: number
  /** How many direct dependents were left out since the relation carries telemetry. */
  telemetryLeftOut: number
}

const effects: Record<ImpactChange, { direct: ImpactEffect; indirect: ImpactEffect }> = {
  failure: { direct: 'down', indirect: 'delayed' },
  latency: { direct: 'slow', indirect: 'delayed' },
  api_change: { direct: 'must_change', indirect: 'at_risk' },
  removal: { direct: 'must_change', indirect: 'at_risk' },
}

/** Who would feel a change of some entities, how, and how surely. */
export function analyzeImpact(index: GraphIndex, question: ImpactQuestion): Impact {
  const { changed, includeInferred = true } = question
  const carrying = question.includeTelemetry === true ? undefined : telemetryOf(index)
  const spread = spreadBy(index, question, carrying)
  const isDoubtful = includeInferred && index.relationTraits.inferred.includes(1)
  const certain = isDoubtful ? spreadBy(index, { ...question, includeInferred: false }, carrying) : spread
  const affected = inOrder(index, spread, changed).map((ordinal) =>
    describeAffected(ordinal, { change: question.change, spread, certain }),
  )
  const counts: number[] = []
  for (const { level } of affected) counts[level - 1] = (counts[level - 1] ?? 0) + 1
  const all = [...new Set(changed), ...affected.map(({ ordinal }) => ordinal)]
  let certainCount = 0
  for (const { isCertain } of affected) if (isCertain) certainCount += 1
  return {
    affected,
    protectionOf: createProtection(index, question, spread),
    counts,
    entryPoints: all.filter((ordinal) => isEntryPoint(index, ordinal)),
    teams: groupByOwner(index, all),
    dataStores: storesOf(index, all),
    certain: certainCount,
    inferredOnly: affected.length - certainCount,
    telemetryLeftOut: carrying === undefined ? 0 : countLeftOut(index, changed, carrying),
  }
}

function spreadBy(index: GraphIndex, question: ImpactQuestion, carrying: Uint8Array | undefined): Spread {
  const { changed, change, maxDepth = Infinity } = question
  const passes = createRelationFilter(index, question)
  const isFollowed =
    carrying === undefined ? passes : (relation: number) => carrying[relation] !== 1 && passes(relation)
  return spreadImpact(index, changed, { change, maxDepth, isFollowed })
}

/** Ordinals of what is hit, by level and rank: a sort of numbers that hold both. */
function inOrder({ ranks, ranking }: GraphIndex, spread: Spread, changed: readonly number[]): number[] {
  const size = ranking.length
  const isTaken = new Uint8Array(size)
  for (const ordinal of changed) isTaken[ordinal] = 1
  const keys = new Float64Array(size)
  let count = 0
  for (const place of spread.order) {
    const ordinal = (place - (place % hits.length)) / hits.length
    if (isTaken[ordinal] === 1) continue
    isTaken[ordinal] = 1
    keys[count] = levelOf(spread, ordinal) * size + (ranks[ordinal] ?? 0)
    count += 1
  }
  return Array.from(keys.subarray(0, count).toSorted(), (key) => ranking[key % size] ?? 0)
}

function describeAffected(
  ordinal: number,
  { change, spread, certain }: { change: ImpactChange; spread: Spread; certain: Spread },
): AffectedEntity {
  const hit = worstHit(spread, ordinal) ?? 'indirect'
  return {
    ordinal,
    level: levelOf(spread, ordinal),
    effect: effects[change][hit === 'direct' ? 'direct' : 'indirect'],
    hit,
    through: spread.through[ordinal * hits.length + hits.indexOf(hit)] ?? ordinal,
    isCertain: worstHit(certain, ordinal) !== undefined,
  }
}

function createProtection(
  index: GraphIndex,
  { changed, change }: ImpactQuestion,
  spread: Spread,
): (affected: AffectedEntity) => Protection {
  return ({ ordinal, through, hit }) => {
    const { isOnlyOfKind, alternatives } = standInsFor(index, { ordinal, through, hit })
    // Another instance helps against a failure, never against a changed interface.
    const isReplicated =
      (change === 'failure' || change === 'latency') &&
      changed.includes(through) &&
      (entityAt(index, through).attributes.replicas ?? 1) > 1
    const unhurt = alternatives.filter((each) => worstHit(spread, each) === undefined)
    const isRedundant = isReplicated || (change !== 'api_change' && unhurt.length > 0)
    return { provision: isRedundant ? 'redundant' : 'single', isOnlyOfKind, alternatives: unhurt }
  }
}

/** For a queue: others that fill or empty it; else: other providers. */
function standInsFor(
  index: GraphIndex,
  { ordinal, through, hit }: { ordinal: number; through: number; hit: Hit },
): { isOnlyOfKind: boolean; alternatives: number[] } {
  if (hit !== 'starved' && hit !== 'backlog')
    return findProvision(index, { dependent: ordinal, provider: through })
  const wanted = hit === 'starved' ? 'publishes' : 'consumes'
  const alternatives: number[] = []
  forEachStep(index, ordinal, 'upstream', (other, { type }) => {
    if (type === wanted && other !== through) alternatives.push(other)
  })
  return { isOnlyOfKind: alternatives.length === 0, alternatives }
}

function worstHit({ levels }: Spread, ordinal: number): Hit | undefined {
  for (let position = 0; position < hits.length; position += 1)
    if ((levels[ordinal * hits.length + position] ?? -1) >= 0) return hits[position]
  return undefined
}

function levelOf({ levels }: Spread, ordinal: number): number {
  let least = Infinity
  for (let position = 0; position < hits.length; position += 1) {
    const level = levels[ordinal * hits.length + position] ?? -1
    if (level >= 0 && level < least) least = level
  }
  return least
}

function storesOf(index: GraphIndex, ordinals: readonly number[]): number[] {
  const { offsets, neighbours } = index.dependencies.successors
  const isTouched = new Uint8Array(index.entities.length)
  for (const ordinal of ordinals) {
    isTouched[ordinal] = 1
    const end = offsets[ordinal + 1] ?? 0
    for (let position = offsets[ordinal] ?? 0; position < end; position += 1)
      isTouched[neighbours[position] ?? 0] = 1
  }
  const stores: number[] = []
  for (const ordinal of index.ranking)
    if (isTouched[ordinal] === 1 && isStore(entityAt(index, ordinal).kind)) stores.push(ordinal)
  return stores
}

const telemetry = new WeakMap<GraphIndex, { marked: Uint8Array | undefined }>()

/** 1 by position in `relations` where one of the ends carries telemetry; looked for once in a graph. */
function telemetryOf(index: GraphIndex): Uint8Array | undefined {
  const known = telemetry.get(index) ?? { marked: markTelemetry(index) }
  telemetry.set(index, known)
  return known.marked
}

function markTelemetry(index: GraphIndex): Uint8Array | undefined {
  const marked = new Uint8Array(index.relations.length)
  let isAny = false
  index.entities.forEach((entity, ordinal) => {
    if (!belongsToTelemetry(entity)) return
    isAny = true
    for (const { offsets, relations } of [index.outgoing, index.incoming])
      for (const relation of relations.subarray(offsets[ordinal], offsets[ordinal + 1])) marked[relation] = 1
  })
  return isAny ? marked : undefined
}

function countLeftOut(index: GraphIndex, changed: readonly number[], carrying: Uint8Array): number {
  const leftOut = new Set<number>()
  for (const ordinal of changed) {
    forEachStep(index, ordinal, 'upstream', (dependent, _, position) => {
      if (carrying[position] === 1) leftOut.add(dependent)
    })
  }
  return leftOut.size
}
