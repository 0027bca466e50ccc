import { entityAt, forEachStep, type GraphIndex } from '../../architecture/graph-index.ts'
import type { Path } from '../../architecture/queries/shortest-paths.ts'
import { createRelationFilter, type RelationFilter } from '../../architecture/relation-filter.ts'
import { isInferred } from '../../architecture/evidence.ts'
import { presentName } from './answer-names.ts'

/** `frontend -calls-> cart -reads_writes-> cart-db`; against the direction of a relation `db <-reads- report`. */
export function presentPath(index: GraphIndex, path: Path, filter: RelationFilter): string {
  const isFollowed = createRelationFilter(index, filter)
  const verbsBetween = (from: number, to: number) => {
    const verbs: string[] = []
    forEachStep(index, from, 'downstream', (neighbour, relation, position) => {
      if (neighbour === to && isFollowed(position))
        verbs.push((isInferred(relation) ? '~' : '') + relation.type)
    })
    return verbs.join(',')
  }
  const [start = -1, ...rest] = path
  let text = presentName(index, entityAt(index, start))
  let previous = start
  for (const ordinal of rest) {
    const forwards = verbsBetween(previous, ordinal)
    const step = forwards === '' ? `<-${verbsBetween(ordinal, previous)}-` : `-${forwards}->`
    text += ` ${step} ${presentName(index, entityAt(index, ordinal))}`
    previous = ordinal
  }
  return text
}

/** @returns such as `2 hops` */
export function countHops(path: Path | undefined): string {
  const count = (path?.length ?? 1) - 1
  return count === 1 ? '1 hop' : `${count} hops`
}
