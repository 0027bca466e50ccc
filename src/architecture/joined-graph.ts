import { isQueue, isStore } from './kind-groups.ts'
import { mergeEntities } from './importers/claims-collector.ts'
import { findJoins, type Joins } from './joining.ts'
import {
  isDependency,
  type ClaimedEntity,
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
    for (const entity of section.entities) {
      for (const { ref, because } of joins.get(entity.ref) ?? []) {
        if ((because === 'itself') !== isOwn) continue
        const claimed = withoutRank(entity)
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

/** Nearly all entities are described, and then need no copy. */
function withoutRank(entity: ClaimedEntity): Entity {
  if (entity.mentionOnly === undefined && entity.byLabel === undefined) return entity
  const { mentionOnly: _mentionOnly, byLabel: _byLabel, ...claimed } = entity
  return claimed
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

/** An end of relations: an entity by a number, which makes a key ten times faster than a text does. */
interface End {
  ref: string
  number: number
  kind: EntityKind
  environment: string | undefined
}

function joinRelations(
  sections: readonly Section[],
  joins: Joins,
  entities: ReadonlyMap<string, Entity>,
): Relation[] {
  const ends = endsOf(joins, entities)
  const known = new Map<RelationType, Map<number, Relation>>()
  const relations: Relation[] = []
  const relationBetween = (start: End, end: End, verb: RelationType): Relation => {
    const ofVerb = known.get(verb) ?? new Map<number, Relation>()
    if (ofVerb.size === 0) known.set(verb, ofVerb)
    const key = start.number * entities.size + end.number
    const found = ofVerb.get(key)
    if (found !== undefined) return found
    const relation = { from: start.ref, to: end.ref, type: verb, evidence: [] }
    ofVerb.set(key, relation)
    relations.push(relation)
    return relation
  }
  for (const { source, relations: claimed } of sections) {
    for (const { from, to, type, evidence } of claimed) {
      for (const [start, end] of pairsOf(ends.get(from) ?? [], ends.get(to) ?? [])) {
        const joined = relationBetween(start, end, verbTowards(end.kind, type))
        for (const each of evidence) joined.evidence.push(evidenceOf(source, each))
      }
    }
  }
  return foldGeneral(relations)
}

/** Written out, since copying all fields of each piece would take as long as reading them from the store. */
function evidenceOf(
  source: Section['source'],
  said: Section['relations'][number]['evidence'][number],
): Evidence {
  const { method, place, basis, firstSeen, lastSeen = source.checkedAt, observed } = said
  const evidence = { source: source.id, method, place, basis, firstSeen, lastSeen }
  return observed === undefined ? evidence : { ...evidence, observed }
}

/** By claimed reference. */
function endsOf(joins: Joins, entities: ReadonlyMap<string, Entity>): Map<string, End[]> {
  const byRef = new Map<string, End>()
  for (const { ref, kind, environment } of entities.values())
    byRef.set(ref, { ref, kind, environment, number: byRef.size })
  const ends = new Map<string, End[]>()
  for (const [claimed, joined] of joins)
    ends.set(
      claimed,
      joined.flatMap(({ ref }) => byRef.get(ref) ?? []),
    )
  return ends
}

/** Ends of one environment belong together; nothing is its own dependent. */
function pairsOf(starts: readonly End[], ends: readonly End[]): [End, End][] {
  const [from, to] = [starts[0], ends[0]]
  // Nearly all relations are of one entity to one other.
  if (from !== undefined && to !== undefined && starts.length + ends.length === 2)
    return from === to ? [] : [[from, to]]
  return starts.flatMap((start) =>
    ends.flatMap((end): [End, End][] => {
      const [one, other] = [start.environment, end.environment]
      const apart =
        one !== undefined && other !== undefined && one !== other && starts.length + ends.length > 2
      return start === end || apart ? [] : [[start, end]]
    }),
  )
}

/** A source that did not know what it calls says `calls`; another may have told meanwhile that it is a store. */
function verbTowards(kind: EntityKind, type: RelationType): RelationType {
  if (type !== 'calls') return type
  if (isStore(kind)) return 'reads_writes'
  return isQueue(kind) ? 'uses_queue' : type
}

/** `depends_on` beside a verb that says how is the same relation: its evidence speaks for that one. */
function foldGeneral(relations: Relation[]): Relation[] {
  // Few graphs have any, and keys for every relation would take a third of the time of joining.
  if (!relations.some(({ type }) => type === 'depends_on')) return relations
  const particular = new Map<string, Relation>()
  for (const relation of relations)
    if (relation.type !== 'depends_on' && isDependency(relation.type))
      particular.set(`${relation.from}\n${relation.to}`, relation)
  return relations.filter(({ from, to, type, evidence }) => {
    const other = type === 'depends_on' ? particular.get(`${from}\n${to}`) : undefined
    other?.evidence.push(...evidence)
    return other === undefined
  })
}
