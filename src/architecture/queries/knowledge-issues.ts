import { degreeOf, entityAt, forEachStep, type GraphIndex } from '../graph-index.ts'
import { isGroup, isQueue, isRunning, isStore } from '../kind-groups.ts'
import { isStaleAt, standings } from '../evidence.ts'
import type { EntityKind, Relation } from '../model.ts'
import type { Finding } from './issues.ts'
import { ownersOf } from './ownership.ts'

const observed = standings.indexOf('observed')

/** Relations seen in traffic that nobody declares. */
export function findUndeclaredRelations(index: GraphIndex): Finding[] {
  const { dependencies, standings: standingAt } = index.relationTraits
  return index.relations
    .filter((_, position) => dependencies[position] === 1 && standingAt[position] === observed)
    .map((relation) => ({
      type: 'undeclared',
      severity: 'medium',
      summary: `${relation.from} ${relation.type} ${relation.to} was observed, and no manifest or catalog declares it.`,
      ...about(index, relation),
    }))
}

/** Relations whose evidence is too old to rely on. */
export function findStaleRelations(index: GraphIndex, now: number): Finding[] {
  const { lastSeen } = index.relationTraits
  return index.relations.flatMap((relation, position): Finding[] => {
    const seen = lastSeen[position] ?? 0
    if (!isStaleAt(seen, now)) return []
    const day = new Date(seen).toISOString().slice(0, 10)
    return [
      {
        type: 'stale',
        severity: 'low',
        summary: `${relation.from} ${relation.type} ${relation.to} was last seen on ${day}: it may be gone.`,
        ...about(index, relation),
      },
    ]
  })
}

/** How many relations {@link findStaleRelations} would tell. */
export function countStale({ relationTraits }: GraphIndex, now: number): number {
  let count = 0
  for (const lastSeen of relationTraits.lastSeen) if (isStaleAt(lastSeen, now)) count += 1
  return count
}

/** Addresses that are used and that no source describes. */
export function findUnresolvedEntities(index: GraphIndex): Finding[] {
  return ordinalsOf(index, (kind) => kind === 'unresolved').map((ordinal) => {
    const relations = relationsOf(index, ordinal)
    const users = relations.slice(0, 3).map(({ from }) => from)
    const more = relations.length > users.length ? ` and ${relations.length - users.length} more` : ''
    return {
      type: 'unresolved',
      severity: 'medium',
      summary: `No source describes ${entityAt(index, ordinal).name}, which is used by ${users.join(', ')}${more}.`,
      entities: [ordinal],
      relations,
    }
  })
}

/** What depends on nothing and is used by nothing. */
export function findOrphans(index: GraphIndex): Finding[] {
  return ordinalsOf(index, (kind) => !isGroup(kind) && kind !== 'unresolved')
    .filter((ordinal) => degreeOf(index, ordinal, 'upstream') + degreeOf(index, ordinal, 'downstream') === 0)
    .map((ordinal) => ({
      type: 'orphan',
      severity: 'low',
      summary: `${entityAt(index, ordinal).ref} depends on nothing and nothing depends on it, as far as sources tell.`,
      entities: [ordinal],
      relations: relationsOf(index, ordinal),
    }))
}

/** What somebody should answer for, and nobody is named; a single finding where no source tells of any owner. */
export function findUnownedEntities(index: GraphIndex): Finding[] {
  const ownable = ordinalsOf(index, isOwnable)
  const unowned = ownable.filter((ordinal) => ownersOf(index, ordinal).length === 0)
  if (unowned.length > 1 && unowned.length === ownable.length) {
    const summary = `No source tells who owns any of ${unowned.length} services, stores and queues. A catalog or CODEOWNERS files would.`
    return [{ type: 'unowned', severity: 'low', summary, entities: unowned, relations: [] }]
  }
  return unowned.map((ordinal) => ({
    type: 'unowned',
    severity: 'low',
    summary: `No source tells who owns ${entityAt(index, ordinal).ref}.`,
    entities: [ordinal],
    relations: [],
  }))
}

/** Whether somebody should answer for entities of a kind. */
export function isOwnable(kind: EntityKind): boolean {
  return isRunning(kind) || isStore(kind) || isQueue(kind)
}

/** Most depended on first. */
function ordinalsOf(index: GraphIndex, isWanted: (kind: EntityKind) => boolean): number[] {
  return Array.from(index.ranking).filter((ordinal) => isWanted(entityAt(index, ordinal).kind))
}

function about(index: GraphIndex, relation: Relation): Pick<Finding, 'entities' | 'relations'> {
  const ends = [relation.from, relation.to].map((ref) => index.ordinals.get(ref) ?? -1)
  return { entities: ends, relations: [relation] }
}

function relationsOf(index: GraphIndex, ordinal: number): Relation[] {
  const relations: Relation[] = []
  for (const direction of ['upstream', 'downstream'] as const)
    forEachStep(index, ordinal, direction, (_, relation) => relations.push(relation))
  return relations
}
