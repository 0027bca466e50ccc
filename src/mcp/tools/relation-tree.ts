import { entityAt } from '../../architecture/graph-index.ts'
import type { LevelRelation } from '../../architecture/queries/dependency-levels.ts'
import { markRelation, presentEnd, presentName, type Naming } from './answer-names.ts'

/**
 * Draws relations as an indented tree below one entity, `name (relation)`. What was told before is not unfolded again;
 * relations whose nearer end is not in the tree, as where only some kinds are reported, follow flat.
 */
export function renderTree(naming: Naming, start: number, items: readonly LevelRelation[]): string {
  const { index } = naming
  const children = new Map<string, LevelRelation[]>()
  for (const item of items) {
    const [near] = endsByDistance(naming, item)
    const known = children.get(near)
    if (known === undefined) children.set(near, [item])
    else known.push(item)
  }
  const lines = [presentName(index, entityAt(index, start))]
  const unfold = (ref: string, indent: string): void => {
    const below = children.get(ref) ?? []
    children.delete(ref)
    for (const item of below) {
      const [, far] = endsByDistance(naming, item)
      const name = markRelation(naming, item.relation, presentEnd(index, far))
      lines.push(`${indent}${name} (${item.relation.type})`)
      unfold(far, `${indent}  `)
    }
  }
  unfold(entityAt(index, start).ref, '  ')
  for (const [near, below] of children) {
    for (const item of below) {
      const [, far] = endsByDistance(naming, item)
      const name = markRelation(naming, item.relation, presentEnd(index, far))
      lines.push(`  … ${presentEnd(index, near)}: ${name} (${item.relation.type})`)
    }
  }
  return lines.map((line) => line.replaceAll(/[\r\n\u2028\u2029]+/g, ' ')).join('\n')
}

/** The nearer end of a relation, and the farther one. */
function endsByDistance({ index }: Naming, { relation, reached }: LevelRelation): [string, string] {
  const far = entityAt(index, reached).ref
  return [far === relation.from ? relation.to : relation.from, far]
}
