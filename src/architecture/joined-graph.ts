import { mergeEntities } from './importers/claims-collector.ts'
import { findJoins, type JoinedTo, type Joins } from './joining.ts'
import {
  isDependency,
  type Entity,
  type EntityKind,
  type Evidence,
  type Graph,
  type JoinedEntity,
  type Relation,
  type RelationType,
  type Source,
} from './model.ts'
import type { Section } from './sections.ts'
import type { Snapshot } from './snapshot.ts'

/** Joins what all sources say into one graph, in the order of references. */
export function graphOf(snapshot: Snapshot): Graph {
  const { sections, decisions, failures, revision } = snapshot
  const joins = findJoins(sections, decisions)
  const entities = joinEntities(sections, joins)
  return {
    revision,
    entities: [...entities.values()].toSorted((a, b) => (a.ref < b.ref ? -1 : 1)),
    relations: joinRelations(sections, joins, entities),
    sources: sections.map((section) => presentSource(section, failures)),
  }
}

function presentSource({ source, entities, relations }: Section, failures: Snapshot['failures']): Source {
  const failed = failures.find(({ id, scope }) => id === source.id && scope === source.scope)
  return {
    ...source,
    counts: { entities: entities.length, relations: relations.length },
    ...(failed && { failure: { at: failed.at, message: failed.message } }),
  }
}

/** Whoever gives an entity its reference is heard first, also about its kind. */
function joinEntities(sections: readonly Section[], joins: Joins): Map<string, Entity> {
  const entities = new Map<string, Entity>()
  const joined = new Map<string, JoinedEntity[]>()
  const add = (section: Section, isOwn: boolean) => {
    for (const { mentionOnly: _mentionOnly, byLabel: _byLabel, ...claimed } of section.entities) {
      for (const { ref, because } of joins.get(claimed.ref) ?? []) {
        if ((because === 'itself') !== isOwn) continue
        const known = entities.get(ref)
        entities.set(
          ref,
          known === undefined ? claimed : mergeEntities(known, withFormerName(claimed, known)),
        )
        if (because !== 'itself')
          noteJoin(joined, ref, { ref: claimed.ref, sources: [section.source.id], because })
      }
    }
  }
  for (const section of sections) add(section, true)
  for (const section of sections) add(section, false)
  for (const [ref, others] of joined) {
    const entity = entities.get(ref)
    if (entity) entities.set(ref, { ...entity, joined: others })
  }
  return entities
}

function noteJoin(joined: Map<string, JoinedEntity[]>, ref: string, other: JoinedEntity): void {
  const list = joined.get(ref) ?? []
  const known = list.find((each) => each.ref === other.ref)
  if (known === undefined) joined.set(ref, [...list, other])
  else known.sources = [...new Set([...known.sources, ...other.sources])]
}

/** What another source calls it becomes an alias. */
function withFormerName(claimed: Entity, known: Entity): Entity {
  const isOther = claimed.name.toLowerCase() !== known.name.toLowerCase()
  return isOther ? { ...claimed, aliases: [...new Set([claimed.name, ...claimed.aliases])] } : claimed
}

function joinRelations(
  sections: readonly Section[],
  joins: Joins,
  entities: ReadonlyMap<string, Entity>,
): Relation[] {
  const relations = new Map<string, Relation>()
  for (const { source, relations: claimed } of sections) {
    for (const { from, to, type, evidence } of claimed) {
      for (const [start, end] of pairsOf(joins.get(from) ?? [], joins.get(to) ?? [], entities)) {
        const verb = verbTowards(entities.get(end)?.kind, type)
        const key = `${start}\n${end}\n${verb}`
        const relation = relations.get(key) ?? { from: start, to: end, type: verb, evidence: [] }
        for (const each of evidence) {
          const lastSeen = each.lastSeen ?? source.checkedAt
          relation.evidence.push({ ...each, source: source.id, lastSeen } satisfies Evidence)
        }
        relations.set(key, relation)
      }
    }
  }
  foldGeneral(relations)
  return [...relations.values()]
}

/** Ends of one environment belong together; nothing is its own dependent. */
function pairsOf(
  starts: readonly JoinedTo[],
  ends: readonly JoinedTo[],
  entities: ReadonlyMap<string, Entity>,
): [string, string][] {
  const [from, to] = [starts[0]?.ref, ends[0]?.ref]
  // Nearly all relations are of one entity to one other.
  if (from !== undefined && to !== undefined && starts.length + ends.length === 2)
    return from === to ? [] : [[from, to]]
  return starts.flatMap(({ ref: start }) =>
    ends.flatMap(({ ref: end }): [string, string][] => {
      const [one, other] = [entities.get(start)?.environment, entities.get(end)?.environment]
      const apart =
        one !== undefined && other !== undefined && one !== other && starts.length + ends.length > 2
      return start === end || apart ? [] : [[start, end]]
    }),
  )
}

const storeKinds: ReadonlySet<EntityKind> = new Set(['database', 'cache', 'storage'])

/** A source that did not know what it calls says `calls`; another may have told meanwhile that it is a store. */
function verbTowards(kind: EntityKind | undefined, type: RelationType): RelationType {
  if (type !== 'calls' || kind === undefined) return type
  if (storeKinds.has(kind)) return 'reads_writes'
  return kind === 'queue' ? 'uses_queue' : type
}

/** `depends_on` beside a verb that says how is the same relation: its evidence speaks for that one. */
function foldGeneral(relations: Map<string, Relation>): void {
  // Few graphs have any, and keys for every relation would take a third of the time of joining.
  if (![...relations.values()].some(({ type }) => type === 'depends_on')) return
  const particular = new Map<string, Relation>()
  for (const relation of relations.values())
    if (relation.type !== 'depends_on' && isDependency(relation.type))
      particular.set(`${relation.from}\n${relation.to}`, relation)
  for (const [key, { from, to, type, evidence }] of relations) {
    const other = type === 'depends_on' ? particular.get(`${from}\n${to}`) : undefined
    if (other === undefined) continue
    other.evidence.push(...evidence)
    relations.delete(key)
  }
}
