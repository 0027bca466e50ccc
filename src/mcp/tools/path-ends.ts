import { byRank, type Direction } from '../../architecture/graph-index.ts'
import { findClosure } from '../../architecture/queries/dependency-closure.ts'
import { findMeant, tellUnderstood } from '../../architecture/queries/entity-resolution.ts'
import type { RelationFilter } from '../../architecture/relation-filter.ts'
import type { AskedGraph } from './graph-tool.ts'

/** Where paths begin and end; several where a word meant several entities. */
export interface PathEnds {
  from: number[]
  to: number[]
}

/** So many ends are looked for paths to. */
const mostEnds = 5

/**
 * Understands the ends of a path together: where one text means several entities, such as `database`, those are meant
 * that are reached from the other end, nearest first.
 * @throws {DomainError} `not_found` where neither end can be told
 */
export function findEnds(
  asked: AskedGraph,
  input: { from: string; to: string; namespace?: string | undefined },
  filter: RelationFilter,
): PathEnds {
  const meant = (text: string) => findMeant(asked.index, text, input.namespace).ordinals
  const [starts, ends] = [meant(input.from), meant(input.to)]
  if (starts.length === 1 && ends.length > 1) {
    const from = [asked.resolve(input.from, 'from')]
    const choice = { text: input.to, among: ends, other: from, direction: 'downstream' } as const
    return { from, to: choose(asked, choice, filter) }
  }
  if (ends.length === 1 && starts.length > 1) {
    const to = [asked.resolve(input.to, 'to')]
    const choice = { text: input.from, among: starts, other: to, direction: 'upstream' } as const
    return { from: choose(asked, choice, filter), to }
  }
  return { from: [asked.resolve(input.from, 'from')], to: [asked.resolve(input.to, 'to')] }
}

/** Of several that a text may mean, those that are reached from the other end; all where none is. */
function choose(
  asked: AskedGraph,
  choice: { text: string; among: number[]; other: number[]; direction: Direction },
  filter: RelationFilter,
): number[] {
  const { index } = asked
  const { text, among, other, direction } = choice
  const rank = byRank(index)
  const { levels } = findClosure(index, other, { ...filter, direction })
  const reached = among.filter((ordinal) => (levels[ordinal] ?? -1) > 0)
  const chosen = (reached.length > 0 ? reached : among)
    .toSorted((a, b) => (levels[a] ?? 0) - (levels[b] ?? 0) || rank(a, b))
    .slice(0, mostEnds)
  asked.noteUnderstood(tellUnderstood(index, text, chosen))
  return chosen
}
