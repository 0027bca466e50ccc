import { byRank, degreeOf, entityAt, forEachStep, type GraphIndex } from '../graph-index.ts'
import { belongsToTelemetry, isPlaced } from '../kind-groups.ts'
import { isDependency, type Entity, type Relation } from '../model.ts'

/** What of a graph is to be drawn. */
export interface DiagramQuestion {
  /** Ordinal around which to draw; absent: everything. */
  focus?: number | undefined
  /** How many steps away from the focus, in both directions. */
  depth: number
  /** Also what only watches the others. */
  telemetry: boolean
  /** At most so many entities: those most depended on, or nearest to the focus. */
  limit: number
}

/** Entities and the relations between them. */
export interface DiagramSelection {
  entities: Entity[]
  relations: Relation[]
  /** How many were left out because of the limit. */
  omitted: number
}

/**
 * Chooses entities by distance and rank, and all dependency relations between them. Teams, code and plans are told on
 * pages of their own.
 */
export function selectForDiagram(index: GraphIndex, question: DiagramQuestion): DiagramSelection {
  const isDrawn = (ordinal: number) => {
    const entity = entityAt(index, ordinal)
    const { kind } = entity
    // A name that something is only part of is no address.
    if (kind === 'unresolved' && degreeOf(index, ordinal, 'upstream') === 0) return ordinal === question.focus
    const isHidden = !question.telemetry && belongsToTelemetry(entity)
    return ordinal === question.focus || ((isPlaced(kind) || kind === 'api') && !isHidden)
  }
  const candidates =
    question.focus === undefined
      ? index.entities.map((_, ordinal) => ordinal).toSorted(byRank(index))
      : nearestTo(index, question.focus, question.depth)
  const drawn = candidates.filter(isDrawn)
  const chosen = new Set(drawn.slice(0, question.limit))
  const refs = new Set([...chosen].map((ordinal) => entityAt(index, ordinal).ref))
  return {
    entities: [...chosen].toSorted((a, b) => a - b).map((ordinal) => entityAt(index, ordinal)),
    relations: index.relations.filter(
      ({ from, to, type }) => isDependency(type) && refs.has(from) && refs.has(to),
    ),
    omitted: drawn.length - chosen.size,
  }
}

/** Breadth first, both ways at once; each distance in the order of rank. */
function nearestTo(index: GraphIndex, focus: number, depth: number): number[] {
  const seen = new Set([focus])
  let frontier = [focus]
  for (let distance = 1; distance <= depth; distance += 1) {
    const next: number[] = []
    for (const ordinal of frontier) {
      for (const direction of ['downstream', 'upstream'] as const) {
        forEachStep(index, ordinal, direction, (neighbour, { type }) => {
          if (isDependency(type) && !seen.has(neighbour)) next.push(neighbour)
        })
      }
    }
    frontier = [...new Set(next)].toSorted(byRank(index))
    for (const ordinal of frontier) seen.add(ordinal)
  }
  return [...seen]
}
