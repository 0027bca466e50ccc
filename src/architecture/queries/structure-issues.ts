import { degreeOf, entityAt, forEachStep, relationsBetween, type GraphIndex } from '../graph-index.ts'
import { isAsynchronous, isUserFacing } from '../kind-groups.ts'
import { isDependency, type Relation, type RelationType } from '../model.ts'
import { findCycles } from './cycles.ts'
import type { Finding } from './issues.ts'
import { ownersOf } from './ownership.ts'
import { findSinglePoints, type SinglePoint } from './single-points.ts'

/** Circles of dependencies; where one leads through a queue, nobody waits for himself. */
export function findCycleIssues(index: GraphIndex): Finding[] {
  return findCycles(index).map(({ members, shortest }) => {
    const relations = shortest.flatMap((from, position) => {
      const to = shortest[(position + 1) % shortest.length] ?? from
      return relationsBetween(index, from, to).filter(({ type }) => isDependency(type))
    })
    const isBroken = shortest.some((from, position) => {
      const to = shortest[(position + 1) % shortest.length] ?? from
      return relationsBetween(index, from, to).every(
        ({ type }) => isAsynchronous(type) || !isDependency(type),
      )
    })
    const way = [...shortest, shortest[0] ?? 0].map((ordinal) => entityAt(index, ordinal).name).join(' -> ')
    const more =
      members.length > shortest.length ? `; ${members.length} entities depend on each other in all` : ''
    const rest = members.filter((member) => !shortest.includes(member))
    return {
      type: 'cycle',
      severity: isBroken ? 'low' : 'medium',
      summary: `Depend on each other in a circle: ${way}${more}.${isBroken ? ' A queue lies between them.' : ''}`,
      entities: [...shortest, ...rest],
      relations,
    }
  })
}

/** Below, too little is lost to speak of a single point of failure. */
const minDominated = 2

/**
 * What others are reached only through. Of entry points only those that people face, and where one instance is all there
 * is: nobody misses what was reached through a job or a generator of load.
 */
export function findSinglePointIssues(index: GraphIndex): Finding[] {
  return findSinglePoints(index)
    .filter(
      ({ ordinal, dominated, isEntryPoint, isSingleInstance }) =>
        dominated >= minDominated &&
        (!isEntryPoint || (isSingleInstance && isUserFacing(entityAt(index, ordinal).kind))),
    )
    .map((point) => ({
      type: 'spof',
      severity: point.isSingleInstance ? 'high' : 'medium',
      summary: summarizeSinglePoint(index, point),
      entities: [point.ordinal],
      relations: dependentRelations(index, point.ordinal),
    }))
}

function summarizeSinglePoint(index: GraphIndex, point: SinglePoint): string {
  const { ordinal, dominated, soleProviderFor, isSingleInstance } = point
  const { name, kind } = entityAt(index, ordinal)
  const sole =
    soleProviderFor > 0 ? ` It is the only ${kind} that ${soleProviderFor} of its dependents use.` : ''
  const instance = isSingleInstance ? ' It runs as a single instance.' : ''
  const dependents = degreeOf(index, ordinal, 'upstream')
  const direct =
    dependents === 0 ? '' : `, on which ${dependents} ${dependents === 1 ? 'depends' : 'depend'} directly`
  return `${dominated} others are reached only through ${name}${direct}.${sole}${instance}`
}

const writing: ReadonlySet<RelationType> = new Set(['writes', 'reads_writes'])

/** Databases that are written by several, or used by what belongs to different owners. */
export function findSharedDatabases(index: GraphIndex): Finding[] {
  return Array.from(index.entities.keys()).flatMap((ordinal): Finding[] => {
    const { kind, name } = entityAt(index, ordinal)
    if (kind !== 'database' && kind !== 'storage') return []
    const relations = dependentRelations(index, ordinal)
    const users = [...new Set(relations.map(({ from }) => index.ordinals.get(from) ?? -1))]
    const writers = new Set(relations.filter(({ type }) => writing.has(type)).map(({ from }) => from))
    const owners = [...new Set(users.flatMap((user) => ownersOf(index, user)))].toSorted()
    if (users.length < 2 || (writers.size < 2 && owners.length < 2)) return []
    const whose = owners.length < 2 ? '' : `, which belong to ${owners.slice(0, 5).join(', ')}`
    return [
      {
        type: 'shared_database',
        severity: owners.length > 1 ? 'medium' : 'low',
        summary: `${name} is used by ${users.length} entities${whose}, ${writers.size} of which may write: a change of its schema concerns all of them.`,
        entities: [ordinal, ...users],
        relations,
      },
    ]
  })
}

function dependentRelations(index: GraphIndex, ordinal: number): Relation[] {
  const relations: Relation[] = []
  forEachStep(index, ordinal, 'upstream', (_, relation) => {
    if (isDependency(relation.type)) relations.push(relation)
  })
  return relations
}
