import { entityAt, type GraphIndex } from '../graph-index.ts'
import { isAsynchronous, isQueue } from '../kind-groups.ts'
import type { EntityKind, RelationType } from '../model.ts'

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
  const { maxDepth } = limits
  const levels = new Int32Array(index.entities.length * hits.length).fill(-1)
  const through = new Int32Array(levels.length).fill(-1)
  const order: number[] = []
  const isChanged = new Set(changed)
  for (const ordinal of changed) {
    levels[ordinal * hits.length] = 0
    order.push(ordinal * hits.length)
  }
  for (let at = 0; at < order.length; at += 1) {
    const place = order[at] ?? 0
    const ordinal = Math.floor(place / hits.length)
    const level = (levels[place] ?? 0) + 1
    if (level > maxDepth) break
    forEachHit(
      index,
      { ordinal, hit: hits[place % hits.length] ?? 'direct', level },
      limits,
      (other, hit) => {
        const next = other * hits.length + hits.indexOf(hit)
        if (levels[next] !== -1 || isChanged.has(other)) return
        levels[next] = level
        through[next] = ordinal
        order.push(next)
      },
    )
  }
  return { levels, through, order }
}

function forEachHit(
  index: GraphIndex,
  { ordinal, hit, level }: { ordinal: number; hit: Hit; level: number },
  { change, isFollowed }: SpreadLimits,
  visit: (other: number, hit: Hit) => void,
): void {
  // What waits in a queue that fills harms nobody else yet.
  if (hit === 'backlog') return
  const { incoming, outgoing } = index
  const { kind } = entityAt(index, ordinal)
  for (
    let position = incoming.offsets[ordinal] ?? 0;
    position < (incoming.offsets[ordinal + 1] ?? 0);
    position += 1
  ) {
    const relation = incoming.relations[position] ?? 0
    const type = index.relations[relation]?.type
    if (type === undefined || !isFollowed(relation)) continue
    if (hit === 'starved' && type === 'publishes') continue
    visit(incoming.neighbours[position] ?? 0, hitOfDependent(change, { hit, level, type, kind }))
  }
  for (
    let position = outgoing.offsets[ordinal] ?? 0;
    position < (outgoing.offsets[ordinal + 1] ?? 0);
    position += 1
  ) {
    const relation = outgoing.relations[position] ?? 0
    const type = index.relations[relation]?.type
    if (type === undefined || !isAsynchronous(type) || !isFollowed(relation)) continue
    const isConsumer = type === 'consumes'
    if (!isConsumer) visit(outgoing.neighbours[position] ?? 0, 'starved')
    else if (hit === 'direct' && change !== 'api_change') visit(outgoing.neighbours[position] ?? 0, 'backlog')
  }
}

function hitOfDependent(
  change: ImpactChange,
  { hit, level, type, kind }: { hit: Hit; level: number; type: RelationType; kind: EntityKind },
): Hit {
  if (change === 'api_change') {
    // Consumers read what the producer writes, though a queue stands between them.
    return level === 1 || (hit === 'starved' && level === 2) ? 'direct' : 'indirect'
  }
  if (change === 'removal') return level === 1 ? 'direct' : 'indirect'
  return hit === 'direct' && !isAsynchronous(type) && !isQueue(kind) ? 'direct' : 'indirect'
}
