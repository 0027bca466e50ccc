import type { GraphIndex } from '../graph-index.ts'
import { isAsynchronous } from '../kind-groups.ts'
import { entityKinds, relationTypes } from '../model.ts'

/** What may happen to an entity. */
export const impactChanges = ['failure', 'latency', 'api_change', 'removal'] as const
/** One of {@link impactChanges}. */
export type ImpactChange = (typeof impactChanges)[number]

/**
 * How an entity may be hit. `direct` is the full effect of the change; `indirect` a weaker or later one; `starved` is a
 * queue that nobody fills any more, `backlog` one that nobody empties.
 */
export const hits = ['direct', 'indirect', 'starved', 'backlog'] as const
/** One of {@link hits}. */
export type Hit = (typeof hits)[number]

/** Positions in {@link hits}. */
const [direct, indirect, starved, backlog] = [0, 1, 2, 3] as const
const queue = entityKinds.indexOf('queue')
const publishes = relationTypes.indexOf('publishes')
const consumes = relationTypes.indexOf('consumes')
const isAsync = Uint8Array.from(relationTypes, (type) => Number(isAsynchronous(type)))

/** Who is hit, by `hits.length * ordinal + position in hits`. */
export interface Spread {
  /** Steps from the change; -1 where an entity is not hit so. */
  levels: Int32Array
  /** Ordinal of what the entity is hit through. */
  through: Int32Array
  /** Hits in the order in which they were found: by level. */
  order: number[]
}

/** What a change spreads along. */
export interface SpreadLimits {
  change: ImpactChange
  maxDepth: number
  isFollowed: (relation: number) => boolean
}

/**
 * Follows a change outwards, breadth-first over pairs of entity and hit. Along a call it arrives as it is; what leads
 * through a queue arrives later and weaker, and in both directions: whoever consumes starves when a producer fails, and
 * the queue fills when a consumer fails.
 */
export function spreadImpact(index: GraphIndex, changed: readonly number[], limits: SpreadLimits): Spread {
  const { change, maxDepth, isFollowed } = limits
  const { types } = index.relationTraits
  const levels = new Int32Array(index.entities.length * hits.length).fill(-1)
  const through = new Int32Array(levels.length).fill(-1)
  const order: number[] = []
  const isChanged = new Uint8Array(index.entities.length)
  for (const ordinal of changed) {
    isChanged[ordinal] = 1
    levels[ordinal * hits.length] = 0
    order.push(ordinal * hits.length)
  }
  const reach = (other: number, hit: number, level: number, from: number) => {
    // What is hit in full feels everything that the weaker hit would pass on.
    if (hit === indirect && levels[other * hits.length + direct] !== -1) return
    const place = other * hits.length + hit
    if (levels[place] !== -1 || isChanged[other] === 1) return
    levels[place] = level
    through[place] = from
    order.push(place)
  }
  for (let next = 0; next < order.length; next += 1) {
    const place = order[next] ?? 0
    const hit = place % hits.length
    // What waits in a queue that fills harms nobody else yet.
    if (hit === backlog) continue
    const from = (place - hit) / hits.length
    const level = (levels[place] ?? 0) + 1
    if (level > maxDepth) break
    const waits = hitOfDependents(change, { hit, level, isAsync: false })
    const waitsLess = hitOfDependents(change, { hit, level, isAsync: true })
    const isFromQueue = index.kinds[from] === queue
    // Loops without a function for each relation: this is walked for every relation of a large graph.
    const { incoming, outgoing } = index
    for (let at = incoming.offsets[from] ?? 0, end = incoming.offsets[from + 1] ?? 0; at < end; at += 1) {
      const relation = incoming.relations[at] ?? 0
      const type = types[relation] ?? 0
      if ((hit === starved && type === publishes) || !isFollowed(relation)) continue
      reach(incoming.neighbours[at] ?? 0, isFromQueue || isAsync[type] === 1 ? waitsLess : waits, level, from)
    }
    for (let at = outgoing.offsets[from] ?? 0, end = outgoing.offsets[from + 1] ?? 0; at < end; at += 1) {
      const relation = outgoing.relations[at] ?? 0
      const type = types[relation] ?? 0
      if (isAsync[type] !== 1 || !isFollowed(relation)) continue
      if (type !== consumes) reach(outgoing.neighbours[at] ?? 0, starved, level, from)
      else if (hit === direct && change !== 'api_change')
        reach(outgoing.neighbours[at] ?? 0, backlog, level, from)
    }
  }
  return { levels, through, order }
}

function hitOfDependents(
  change: ImpactChange,
  { hit, level, isAsync: isBehindQueue }: { hit: number; level: number; isAsync: boolean },
): number {
  // Consumers read what the producer writes, though a queue stands between them.
  if (change === 'api_change') return level === 1 || (hit === starved && level === 2) ? direct : indirect
  if (change === 'removal') return level === 1 ? direct : indirect
  return hit === direct && !isBehindQueue ? direct : indirect
}
