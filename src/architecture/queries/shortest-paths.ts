import { stepsFrom, type GraphIndex } from '../graph-index.ts'
import type { RelationType } from '../model.ts'

export interface PathQuestion {
  from: number
  to: number
  /** How many paths at most. */
  count: number
  maxHops: number
  relations?: readonly RelationType[] | undefined
  /** Ordinals no path may pass. */
  avoid?: readonly number[] | undefined
}

/** Ordinals from start to end. */
export type Path = number[]

/**
 * The shortest paths along relations that visit nothing twice, shortest first; equally short ones in the order of
 * references. Yen's algorithm (Management Science 17, 1971) with breadth-first search inside.
 */
export function findShortestPaths(index: GraphIndex, question: PathQuestion): Path[] {
  if (question.from === question.to) return []
  const avoided = new Set(question.avoid)
  const first = findShortestPath(
    index,
    question,
    question.from,
    { closed: avoided, barred: new Set() },
    question.maxHops,
  )
  const paths: Path[] = first === undefined ? [] : [first]
  const candidates = new Map<string, Path>()
  for (let last = paths[0]; last !== undefined && paths.length < question.count;) {
    for (const deviation of deviationsOf(index, question, last, paths, avoided)) {
      candidates.set(deviation.join(' '), deviation)
    }
    last = [...candidates.values()].toSorted(byLengthThenOrder)[0]
    if (last === undefined) break
    candidates.delete(last.join(' '))
    paths.push(last)
  }
  return paths
}

/** For each prefix of a path: the shortest way on that no known path with this prefix takes. */
function deviationsOf(
  index: GraphIndex,
  question: PathQuestion,
  path: Path,
  known: readonly Path[],
  avoided: ReadonlySet<number>,
): Path[] {
  return path.slice(0, -1).flatMap((spur, position) => {
    const prefix = path.slice(0, position)
    const sharing = known.filter(
      (other) => other[position] === spur && prefix.every((ordinal, at) => other[at] === ordinal),
    )
    const barred = new Set(sharing.flatMap((other) => other[position + 1] ?? []))
    const closed = new Set([...avoided, ...prefix])
    const rest = findShortestPath(index, question, spur, { closed, barred }, question.maxHops - position)
    return rest === undefined ? [] : [[...prefix, ...rest]]
  })
}

/** @param limits `closed` may not be entered at all, `barred` not as the first step. */
function findShortestPath(
  index: GraphIndex,
  { to, relations }: PathQuestion,
  from: number,
  limits: { closed: ReadonlySet<number>; barred: ReadonlySet<number> },
  maxHops: number,
): Path | undefined {
  const reachedFrom = new Map<number, number>([[from, from]])
  let frontier = [from]
  for (let hop = 1; hop <= maxHops && frontier.length > 0; hop += 1) {
    const next: number[] = []
    for (const ordinal of frontier) {
      for (const { neighbour, relation } of stepsFrom(index, ordinal, 'downstream')) {
        if (relations !== undefined && !relations.includes(relation.type)) continue
        if (reachedFrom.has(neighbour) || limits.closed.has(neighbour)) continue
        if (ordinal === from && limits.barred.has(neighbour)) continue
        reachedFrom.set(neighbour, ordinal)
        if (neighbour === to) return pathTo(to, reachedFrom)
        next.push(neighbour)
      }
    }
    frontier = next
  }
  return undefined
}

function pathTo(end: number, reachedFrom: ReadonlyMap<number, number>): Path {
  const path = [end]
  for (let at = end; reachedFrom.get(at) !== at;) {
    at = reachedFrom.get(at) ?? at
    path.unshift(at)
  }
  return path
}

function byLengthThenOrder(a: Path, b: Path): number {
  if (a.length !== b.length) return a.length - b.length
  const difference = a.findIndex((ordinal, position) => ordinal !== b[position])
  return difference < 0 ? 0 : (a[difference] ?? 0) - (b[difference] ?? 0)
}
