import { DomainError } from '../../domain/errors.ts'
import { byRank, entityAt, type GraphIndex } from '../graph-index.ts'
import { isQueue, isRunning, isStore } from '../kind-groups.ts'
import { findSimilarNames } from '../name-index.ts'
import { findDescribed, findOtherForms } from './entity-wording.ts'

const maxCandidates = 5

/** Which entity was meant. */
export interface Resolution {
  ordinal: number
  /** How the text was understood, where it was not the entity's own name: to be told, since it is a guess. */
  understood?: string | undefined
}

/** Every entity that a text may mean. */
export interface Meant {
  /** Ordinals, most depended on first. */
  ordinals: number[]
  /** What they have in common with the text. */
  by: 'name' | 'form' | 'description'
}

/**
 * What a person or model may mean by a text: a reference, `namespace/name`, name or alias in any case, with or without
 * the marks of answers (`~`, `?`, `(old)`); else a name in another form (`cart service` for `cartservice`); else whatever
 * is of the kind or technology that the text names (`redis`, `the orders database`).
 * @param namespace preferred where a name occurs in several
 */
export function findMeant(index: GraphIndex, text: string, namespace?: string): Meant {
  const wanted = plain(text)
  const { byName, byAlias } = index.names
  const named = byName.get(wanted) ?? byAlias.get(wanted) ?? []
  const isReference = wanted.includes(':') || wanted.includes('/')
  const attempts = [
    { by: 'name', find: () => named },
    { by: 'form', find: () => (isReference ? [] : findOtherForms(index, wanted)) },
    { by: 'description', find: () => (isReference ? [] : findDescribed(index, wanted)) },
  ] as const
  for (const { by, find } of attempts) {
    const ordinals = narrow(index, find(), namespace)
    if (ordinals.length > 0) return { ordinals: ordinals.toSorted(byRank(index)), by }
  }
  return { ordinals: [], by: 'name' }
}

/**
 * The entity a person or model means by a text.
 * @param field The argument to blame.
 * @throws {DomainError} `not_found` naming up to five candidates with their kinds
 */
export function resolveEntity(index: GraphIndex, text: string, field: string): number {
  return resolveMeant(index, text, { field }).ordinal
}

/** Like {@link resolveEntity}, but tells too how the text was understood. */
export function resolveMeant(
  index: GraphIndex,
  text: string,
  { field, namespace }: { field: string; namespace?: string | undefined },
): Resolution {
  const { ordinals, by } = findMeant(index, text, namespace)
  const [ordinal, another] = ordinals
  if (ordinal === undefined) throw unknownName(index, text, field)
  if (another !== undefined) throw ambiguousName(index, text, { field, ordinals })
  return { ordinal, understood: by === 'name' ? undefined : tellUnderstood(index, text, [ordinal]) }
}

/** What a text names: one entity, or what it may mean: several, or nothing but similar names. */
export type LookUp = { ordinal: number } | { isAmbiguous: boolean; total: number; candidates: number[] }

/** Like {@link resolveEntity}, with up to five candidates instead of a refusal, for whoever shows them as links. */
export function lookUpEntity(index: GraphIndex, text: string): LookUp {
  const { ordinals } = findMeant(index, text)
  const [only, another] = ordinals
  if (only === undefined) return { isAmbiguous: false, total: 0, candidates: nearestTo(index, plain(text)) }
  if (another === undefined) return { ordinal: only }
  return { isAmbiguous: true, total: ordinals.length, candidates: ordinals.slice(0, maxCandidates) }
}

/** @returns such as `"redis" as cache:shop/redis-cart` */
export function tellUnderstood(index: GraphIndex, text: string, ordinals: readonly number[]): string {
  const refs = ordinals.slice(0, maxCandidates).map((ordinal) => entityAt(index, ordinal).ref)
  const more = ordinals.length > refs.length ? ` and ${ordinals.length - refs.length} more` : ''
  return `${quote(text)} as ${refs.join(', ')}${more}`
}

/** The refusal of a name that nothing has, with those that are like it. */
export function unknownName(index: GraphIndex, text: string, field: string): DomainError {
  const nearest = nearestTo(index, plain(text)).map((ordinal) => entityAt(index, ordinal).ref)
  const hint =
    nearest.length === 0
      ? 'Nothing has a similar name. Find names with search_entities.'
      : `Did you mean one of these: ${nearest.join(', ')}? Otherwise find names with search_entities.`
  return new DomainError('not_found', `No entity is called ${quote(text)}. ${hint}`, { field })
}

function ambiguousName(
  index: GraphIndex,
  text: string,
  { field, ordinals }: { field: string; ordinals: readonly number[] },
): DomainError {
  const refs = ordinals.slice(0, maxCandidates).map((ordinal) => entityAt(index, ordinal).ref)
  const total = ordinals.length > refs.length ? ` (${ordinals.length} in all)` : ''
  const message = `${quote(text)} is ambiguous${total}. Use one of these references: ${refs.join(', ')}.`
  return new DomainError('not_found', message, { field })
}

/**
 * What is described counts more than an address, the wanted namespace more than others, and what runs more than the
 * team, system or API that catalogs call by the same name.
 */
function narrow(index: GraphIndex, ordinals: readonly number[], namespace: string | undefined): number[] {
  const preferences: ((ordinal: number) => boolean)[] = [
    (ordinal) => entityAt(index, ordinal).kind !== 'unresolved',
    (ordinal) => index.names.texts()[ordinal]?.namespace === namespace?.toLowerCase(),
    (ordinal) => {
      const { kind } = entityAt(index, ordinal)
      return isRunning(kind) || isStore(kind) || isQueue(kind)
    },
  ]
  let left = [...ordinals]
  for (const isPreferred of preferences) {
    const preferred = left.filter(isPreferred)
    if (preferred.length > 0) left = preferred
  }
  return left
}

/** Entities whose names contain the text, or are contained in it, or are spelled alike. */
function nearestTo(index: GraphIndex, wanted: string): number[] {
  const name = wanted.replace(/^[a-z]+:/, '').replace(/^.*\//, '')
  if (name === '') return []
  const containing = index.names
    .texts()
    .flatMap((text, ordinal) =>
      text.name.includes(name) || (text.name.length >= 4 && name.includes(text.name)) ? [ordinal] : [],
    )
  const similar = findSimilarNames(index.names, name, 0.3).map(({ ordinal }) => ordinal)
  const [best] = similar
  const ranked = [...(best === undefined ? [] : [best]), ...containing.toSorted(byRank(index)), ...similar]
  return [...new Set(ranked)].slice(0, maxCandidates)
}

/** Without the marks that answers put on names, in lower case. */
function plain(text: string): string {
  return text
    .trim()
    .replace(/^~/, '')
    .replace(/ \(old\)$/, '')
    .replace(/\?$/, '')
    .trim()
    .toLowerCase()
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
