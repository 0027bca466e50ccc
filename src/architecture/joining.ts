import { DomainError } from '../domain/errors.ts'
import { isPlaced } from './kind-groups.ts'
import type { ClaimedEntity, JoinedEntity } from './model.ts'
import type { Section } from './sections.ts'

/** A person's word on whether two claimed entities are the same thing; it counts more than any name. */
export interface JoinDecision {
  /** References as sources claim them, the smaller first. */
  refs: readonly [string, string]
  verdict: 'same' | 'different'
  at: number
  /** Id of the user; absent for the operator. */
  by?: string | undefined
}

/**
 * Decisions with one more about a pair, in place of the former one about it; without a verdict that is only taken back.
 * @throws {DomainError} `invalid_input` for one entity twice
 */
export function withDecision(
  decisions: readonly JoinDecision[],
  [a, b]: readonly [string, string],
  verdict: JoinDecision['verdict'] | undefined,
  made: Pick<JoinDecision, 'at' | 'by'>,
): JoinDecision[] {
  if (a === b) throw new DomainError('invalid_input', 'These are one entity already.', { field: 'ref' })
  const refs = a < b ? ([a, b] as const) : ([b, a] as const)
  const others = decisions.filter((decision) => decision.refs.join('\n') !== refs.join('\n'))
  return verdict === undefined ? others : [...others, { refs, verdict, ...made }]
}

/** Which entity of the graph each claimed reference became; several where it stands for one in each environment. */
export type Joins = ReadonlyMap<string, readonly JoinedTo[]>

/** Where a claimed entity went. */
export interface JoinedTo {
  ref: string
  because: JoinedEntity['because'] | 'itself'
}

/** An entity as claimed under one reference by any number of sections. */
interface Candidate {
  entity: ClaimedEntity
  sections: Set<Section>
}

/**
 * Finds what different sources call by different references: `service:shop/cart` in manifests, `service:cart` in traces.
 * Two are the same when a name or alias is, the kinds can be, and neither namespaces, environments nor a decision
 * contradict; never two of the same section, whose importer told them apart. Who is described in most detail gives the
 * reference. What has several namesakes stays alone, unless they only differ by environment: then it is part of each.
 * Nothing stored is changed, so that another decision or a removed source undoes it.
 */
export function findJoins(sections: readonly Section[], decisions: readonly JoinDecision[]): Joins {
  const joins = new Map<string, readonly JoinedTo[]>()
  const byName = new Map<string, Candidate[]>()
  const byRef = new Map<string, Candidate>()
  const verdicts = new Map(decisions.map(({ refs, verdict }) => [refs.join('\n'), verdict]))
  const verdictOn = (a: string, b: string) => verdicts.get((a < b ? [a, b] : [b, a]).join('\n'))

  const addName = (name: string, candidate: Candidate) => {
    const known = byName.get(name)
    if (known === undefined) byName.set(name, [candidate])
    else if (known.at(-1) !== candidate) known.push(candidate)
  }
  const decided = (candidate: Candidate): Candidate[] =>
    decisions.flatMap(({ refs, verdict }) => {
      if (verdict !== 'same' || !refs.includes(candidate.entity.ref)) return []
      const other = byRef.get(refs[0] === candidate.entity.ref ? refs[1] : refs[0])
      return other === undefined ? [] : [other]
    })
  const namesakes = (candidate: Candidate): JoinedTo[] => {
    const { name, aliases, byLabel } = candidate.entity
    for (const names of [[name], aliases, byLabel ? otherNumbersOf(candidate) : []]) {
      if (!names.some((each) => byName.has(each.toLowerCase()))) continue
      const found = new Set(names.flatMap((each) => byName.get(each.toLowerCase()) ?? []))
      const fitting = [...found].filter(
        (other) =>
          canBeSame(candidate, other) && verdictOn(candidate.entity.ref, other.entity.ref) !== 'different',
      )
      if (fitting.length > 0)
        return onlyEnvironmentsDiffer(fitting) ? fitting.map((each) => joinedBy(candidate, each)) : []
    }
    return []
  }

  for (const candidate of inOrderOfDetail(sections)) {
    const { entity } = candidate
    const byDecision = decided(candidate).map((each) => joinedTo(each, 'decision'))
    const found = byDecision.length > 0 ? byDecision : namesakes(candidate)
    if (found.length > 0) {
      joins.set(entity.ref, found)
      continue
    }
    if (entity.mentionOnly) {
      joins.set(entity.ref, [])
      continue
    }
    joins.set(entity.ref, [{ ref: entity.ref, because: 'itself' }])
    byRef.set(entity.ref, candidate)
    addName(entity.name.toLowerCase(), candidate)
    for (const alias of entity.aliases) addName(alias.toLowerCase(), candidate)
  }
  return joins
}

function joinedBy(candidate: Candidate, other: Candidate): JoinedTo {
  const { name } = candidate.entity
  if (name.toLowerCase() === other.entity.name.toLowerCase()) return joinedTo(other, 'name')
  const isPlural = candidate.entity.byLabel && otherNumberOf(name) === other.entity.name.toLowerCase()
  return joinedTo(other, isPlural ? 'plural' : 'alias')
}

/** Singular and plural of one word are two things where one source speaks of both. */
function otherNumbersOf({ entity, sections }: Candidate): string[] {
  const other = otherNumberOf(entity.name)
  const isAnother = [...sections].some((section) =>
    section.entities.some(({ name, aliases }) =>
      [name, ...aliases].some((each) => each.toLowerCase() === other),
    ),
  )
  return isAnother ? [] : [other]
}

function otherNumberOf(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('s') ? lower.slice(0, -1) : `${lower}s`
}

function joinedTo({ entity }: Candidate, because: JoinedEntity['because']): JoinedTo {
  return { ref: entity.ref, because }
}

function canBeSame(a: Candidate, b: Candidate): boolean {
  const kinds = [a.entity.kind, b.entity.kind]
  // A topic is often called like the service that reads it, and never runs by itself.
  const isTopic = [a, b].some(({ entity }) => entity.attributes.form === 'topic')
  const kindsFit =
    a.entity.kind === b.entity.kind || (!isTopic && (kinds.includes('unresolved') || kinds.every(isPlaced)))
  return (
    kindsFit &&
    fits(a.entity.namespace, b.entity.namespace) &&
    fits(a.entity.environment, b.entity.environment) &&
    ![...a.sections].some((section) => b.sections.has(section))
  )
}

function fits(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b
}

function onlyEnvironmentsDiffer(candidates: readonly Candidate[]): boolean {
  const environments = new Set(candidates.map(({ entity }) => entity.environment))
  const places = new Set(candidates.map(({ entity }) => entity.namespace))
  return environments.size === candidates.length && places.size === 1
}

/** Those with more parts to their reference first; then those that are described, those used, those only mentioned. */
function inOrderOfDetail(sections: readonly Section[]): Candidate[] {
  const candidates = new Map<string, Candidate>()
  for (const section of sections) {
    for (const entity of section.entities) {
      const known = candidates.get(entity.ref)
      if (known === undefined) candidates.set(entity.ref, { entity, sections: new Set([section]) })
      else {
        known.sections.add(section)
        if (isVaguer(known.entity, entity)) known.entity = entity
        else if (entity.aliases.some((alias) => !known.entity.aliases.includes(alias)))
          known.entity = {
            ...known.entity,
            aliases: [...new Set([...known.entity.aliases, ...entity.aliases])],
          }
      }
    }
  }
  return [...candidates.values()].toSorted((a, b) => vagueness(a.entity) - vagueness(b.entity))
}

function isVaguer(known: ClaimedEntity, other: ClaimedEntity): boolean {
  return (
    (known.mentionOnly && !other.mentionOnly) ||
    (known.byLabel === true && !other.byLabel && !other.mentionOnly)
  )
}

function vagueness({ mentionOnly, byLabel, kind, namespace, environment }: ClaimedEntity): number {
  return (
    (mentionOnly ? 8 : 0) +
    (byLabel || kind === 'unresolved' ? 4 : 0) +
    (namespace === undefined ? 2 : 0) +
    (environment === undefined ? 1 : 0)
  )
}
