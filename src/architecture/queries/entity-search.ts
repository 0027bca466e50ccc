import { byRank, degreeOf, entityAt, type GraphIndex } from '../graph-index.ts'
import type { Entity, EntityKind } from '../model.ts'
import { findSimilarNames, wordsOf, type SearchableText } from '../name-index.ts'
import { findSimilarWords } from '../vocabulary.ts'
import { ownersOf } from './ownership.ts'

/** What is searched for. */
export interface EntitySearch {
  /** Absent or blank: everything. */
  query?: string | undefined
  kinds?: readonly EntityKind[] | undefined
  /** Reference or name of a team or person, in any case. */
  owner?: string | undefined
  /** In any case. */
  tag?: string | undefined
  /** In any case. */
  namespace?: string | undefined
  /** Programming language, in any case. */
  language?: string | undefined
  limit: number
  offset?: number
}

/** What was found, best first. */
export interface EntitySearchResult {
  total: number
  /** Of all that was found, not only of the hits at hand. */
  totalByKind: Partial<Record<EntityKind, number>>
  hits: EntityHit[]
}

/** One entity that was found. */
export interface EntityHit {
  ordinal: number
  entity: Entity
  /** Why it was found; absent where everything was asked for. */
  matched: Match | undefined
  dependents: number
  dependencies: number
}

/** Which part of an entity a word was found in. */
export type Match =
  'name' | 'alias' | 'namespace' | 'tag' | 'kind or image' | 'description' | 'similar name' | 'similar word'

/**
 * Every word must match somewhere; equal matches are ordered by how many depend on them. Words that occur nowhere are
 * taken for typing errors of words that do. Without a match, names alike.
 */
export function searchEntities(index: GraphIndex, search: EntitySearch): EntitySearchResult {
  const isWanted = createSelection(index, search)
  const found = findMatches(index, search.query ?? '').filter(({ ordinal }) => isWanted(ordinal))
  const rank = byRank(index)
  const ordered = found.toSorted((a, b) => b.score - a.score || rank(a.ordinal, b.ordinal))
  const offset = search.offset ?? 0
  const hits = ordered.slice(offset, offset + search.limit).map(({ ordinal, matched }) => ({
    ordinal,
    entity: entityAt(index, ordinal),
    matched,
    dependents: degreeOf(index, ordinal, 'upstream'),
    dependencies: degreeOf(index, ordinal, 'downstream'),
  }))
  const totalByKind: EntitySearchResult['totalByKind'] = {}
  for (const { ordinal } of found) {
    const { kind } = entityAt(index, ordinal)
    totalByKind[kind] = (totalByKind[kind] ?? 0) + 1
  }
  return { total: ordered.length, totalByKind, hits }
}

interface Scored {
  ordinal: number
  score: number
  matched: Match | undefined
}

function createSelection(
  index: GraphIndex,
  { kinds, owner, tag, namespace, language }: EntitySearch,
): (ordinal: number) => boolean {
  const wantedOwner = owner?.trim().toLowerCase()
  const wantedTag = tag?.trim().toLowerCase()
  const wantedNamespace = namespace?.trim().toLowerCase()
  const wantedLanguage = language?.trim().toLowerCase()
  const isOwner = (ref: string) =>
    ref.toLowerCase() === wantedOwner || ref.toLowerCase().replace(/^.*[:/]/, '') === wantedOwner
  return (ordinal) =>
    (kinds === undefined || kinds.includes(entityAt(index, ordinal).kind)) &&
    (wantedNamespace === undefined || index.names.texts[ordinal]?.namespace === wantedNamespace) &&
    (wantedLanguage === undefined ||
      entityAt(index, ordinal).attributes.language?.toLowerCase() === wantedLanguage) &&
    (wantedTag === undefined || (index.names.texts[ordinal]?.tags.includes(wantedTag) ?? false)) &&
    (wantedOwner === undefined || ownersOf(index, ordinal).some(isOwner))
}

function findMatches(index: GraphIndex, query: string): Scored[] {
  const text = query.trim().toLowerCase().slice(0, 200)
  if (text === '') return index.entities.map((_, ordinal) => ({ ordinal, score: 0, matched: undefined }))
  const words = text.split(/\s+/)
  const exact = words.map((word) => matchesOf(index, word))
  const matches = combine(exact)
  if (matches.length > 0) return matches
  const almost = combine(
    exact.flatMap((found, position) => (found.size > 0 ? [found] : correct(index, words[position] ?? ''))),
  )
  if (almost.length > 0) return almost.map(({ matched, ...rest }) => ({ ...rest, matched: similar(matched) }))
  return findSimilarNames(index.names, text, 0.35).map(({ ordinal, likeness }) => ({
    ordinal,
    score: likeness,
    matched: 'similar name',
  }))
}

/** Entities that all words match, each told by its best word. */
function combine([first = new Map(), ...others]: readonly Map<number, WordMatch>[]): Scored[] {
  return [...first].flatMap(([ordinal, match]) => {
    let { score, matched } = match
    let best = score
    for (const other of others) {
      const also = other.get(ordinal)
      if (also === undefined) return []
      score += also.score
      if (also.score > best) ({ score: best, matched } = also)
    }
    return { ordinal, score, matched }
  })
}

/** By ordinal. */
function matchesOf(index: GraphIndex, word: string): Map<number, WordMatch> {
  const found = new Map<number, WordMatch>()
  index.names.texts.forEach((text, ordinal) => {
    const match = matchOf(text, word)
    if (match !== undefined) found.set(ordinal, match)
  })
  return found
}

/** Names are corrected part by part: of `nude-42` only the first is wrong. */
function correct(index: GraphIndex, word: string): Map<number, WordMatch>[] {
  const parts = wordsOf(word)
  if (parts.length < 2) return [matchesOfSimilar(index, word)]
  return parts.map((part) => {
    const found = matchesOf(index, part)
    return found.size > 0 ? found : matchesOfSimilar(index, part)
  })
}

function similar(matched: Match | undefined): Match {
  return matched === 'name' || matched === 'alias' ? 'similar name' : 'similar word'
}

const maxCorrections = 3

function matchesOfSimilar(index: GraphIndex, word: string): Map<number, WordMatch> {
  const found = new Map<number, WordMatch>()
  const meanings = findSimilarWords(index.names.vocabulary(), word).slice(0, maxCorrections)
  for (const { word: meant, distance } of meanings) {
    for (const [ordinal, { score, matched }] of matchesOf(index, meant)) {
      if (found.has(ordinal)) continue
      found.set(ordinal, { score: score / (1 + distance), matched })
    }
  }
  return found
}

interface WordMatch {
  score: number
  matched: Match
}

function matchOf(text: SearchableText, word: string): WordMatch | undefined {
  if (text.name.includes(word)) return { score: scoreOfName(text.name, word), matched: 'name' }
  if (text.ref === word) return { score: 100, matched: 'name' }
  if (text.aliases.includes(word)) return { score: 95, matched: 'alias' }
  if (text.aliases.some((alias) => alias.includes(word))) return { score: 50, matched: 'alias' }
  if (text.tags.includes(word)) return { score: 48, matched: 'tag' }
  if (text.namespace === word) return { score: 45, matched: 'namespace' }
  // People ask for `databases` and `caches`.
  const isTrait = text.traits.includes(word) || word === `${text.kind}s`
  if (isTrait) return { score: 40, matched: 'kind or image' }
  if (text.tags.some((tag) => tag.includes(word))) return { score: 35, matched: 'tag' }
  if (text.description.includes(word)) return { score: 30, matched: 'description' }
  return text.namespace.includes(word) ? { score: 20, matched: 'namespace' } : undefined
}

function scoreOfName(name: string, word: string): number {
  if (name === word) return 100
  if (name.startsWith(word)) return 80
  return name.split(/[-_.]/).includes(word) ? 70 : 60
}
