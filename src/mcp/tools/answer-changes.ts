import { entityAt, type GraphIndex } from '../../architecture/graph-index.ts'
import type { GraphDifference, RelationKey } from '../../architecture/queries/difference.ts'
import { presentName, type GroupedRelations } from './answer-names.ts'

/** One thing that is not as it was. */
export type Change = { /** Of the entities concerned. */ refs: string[] } & (
  | { part: 'entities_added' | 'entities_removed'; ref: string }
  | { part: 'entities_changed'; ref: string; fields: string[] }
  | { part: 'relations_added' | 'relations_removed'; relation: RelationKey }
  | { part: 'relations_changed'; relation: RelationKey; gained: string[]; lost: string[] }
)

/** A part of the list of changes. */
export interface ChangeList {
  /** From the offset on, at most {@link mostChanges}. */
  items: Change[]
  /** Of all there are. */
  total: number
}

/** More than fit into the largest answer. */
const mostChanges = 2000

/**
 * The changes of a difference, entities before relations, in the order in which they are told and cut.
 * @param options.scope references; absent: all. A relation is in scope with one of its ends.
 */
export function listChanges(
  { entities, relations }: GraphDifference,
  { scope, offset }: { scope?: ReadonlySet<string> | undefined; offset: number },
): ChangeList {
  const list: ChangeList = { items: [], total: 0 }
  const add = <T>(
    changes: readonly T[],
    isInScope: (change: T, refs: ReadonlySet<string>) => boolean,
    present: (change: T) => Change,
  ) => {
    for (const change of changes) {
      if (scope !== undefined && !isInScope(change, scope)) continue
      if (list.total >= offset && list.items.length < mostChanges) list.items.push(present(change))
      list.total += 1
    }
  }
  const hasRef = (ref: string, refs: ReadonlySet<string>) => refs.has(ref)
  const hasEnd = ({ from, to }: RelationKey, refs: ReadonlySet<string>) => refs.has(from) || refs.has(to)
  add(entities.added, hasRef, (ref) => changeOfEntity('entities_added', ref))
  add(entities.removed, hasRef, (ref) => changeOfEntity('entities_removed', ref))
  add(relations.added, hasEnd, (relation) => changeOfRelation('relations_added', relation))
  add(relations.removed, hasEnd, (relation) => changeOfRelation('relations_removed', relation))
  add(
    entities.changed,
    ({ ref }, refs) => refs.has(ref),
    ({ ref, fields }) => ({ part: 'entities_changed', ref, fields, refs: [ref] }),
  )
  add(relations.changed, hasEnd, ({ from, to, type, gained, lost }) => ({
    part: 'relations_changed',
    relation: { from, to, type },
    gained,
    lost,
    refs: [from, to],
  }))
  return list
}

function changeOfEntity(part: 'entities_added' | 'entities_removed', ref: string): Change {
  return { part, ref, refs: [ref] }
}

function changeOfRelation(part: 'relations_added' | 'relations_removed', relation: RelationKey): Change {
  return { part, relation, refs: [relation.from, relation.to] }
}

/** Groups changes by what happened; what is gone bears its former name. */
export function presentChanges(
  changes: readonly Change[],
  { before, after }: { before: GraphIndex; after: GraphIndex },
): Record<string, unknown> {
  const name = (ref: string) => {
    const index = after.ordinals.has(ref) ? after : before
    return presentName(index, entityAt(index, index.ordinals.get(ref) ?? -1))
  }
  const told: Record<string, unknown> = {}
  const list = (part: string): unknown[] => {
    const known = (told[part] ??= []) as unknown[]
    return known
  }
  for (const change of changes) {
    if (change.part === 'entities_changed')
      list(change.part).push(`${change.ref}: ${change.fields.join(', ')}`)
    else if ('ref' in change) list(change.part).push(change.ref)
    else if (change.part === 'relations_changed') {
      const { relation, gained, lost } = change
      const voices = [...gained.map((voice) => `+ ${voice}`), ...lost.map((voice) => `- ${voice}`)]
      list(change.part).push(
        `${name(relation.from)} ${relation.type} ${name(relation.to)}: ${voices.join('; ')}`,
      )
    } else {
      const { from, to, type } = change.relation
      const grouped = (told[change.part] ??= {}) as GroupedRelations
      const ofEntity = (grouped[name(from)] ??= {})
      const ofType = (ofEntity[type] ??= [])
      ofType.push(name(to))
    }
  }
  return told
}
