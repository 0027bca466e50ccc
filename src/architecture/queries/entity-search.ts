import { degreeOf, entityAt, type GraphIndex } from '../graph-index.ts'
import { entityKinds, type Entity, type EntityKind } from '../model.ts'
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
  const matches = findMatches(index, search.query ?? '')
  const counts = new Uint32Array(entityKinds.length)
  /** Of equal score: there are few different ones. */
  const equals = new Map<number, number[]>()
  let total = 0
  for (const ordinal of index.ranking) {
    const score = matches?.scores[ordinal] ?? everything
    if (score === 0 || !isWanted(ordinal)) continue
    const kind = index.kinds[ordinal] ?? 0
    counts[kind] = (counts[kind] ?? 0) + 1
    total += 1
    const equal = equals.get(score)
    if (equal === undefined) equals.set(score, [ordinal])
    else equal.push(ordinal)
  }
  const ordered = [...equals].toSorted(([a], [b]) => b - a).flatMap(([, ordinals]) => ordinals)
  const offset = search.offset ?? 0
  const hits = ordered.slice(offset, offset + search.limit).map((ordinal) => ({
    ordinal,
    entity: entityAt(index, ordinal),
    matched: matches?.parts[matches.matched[ordinal] ?? 0],
    dependents: degreeOf(index, ordinal, 'upstream'),
    dependencies: degreeOf(index, ordinal, 'downstream'),
  }))
  const totalByKind: EntitySearchResult['totalByKind'] = {}
  entityKinds.forEach((kind, position) => {
    const count = counts[position] ?? 0
    if (count > 0) totalByKind[kind] = count
  })
  return { total, totalByKind, hits }
}

/** What matched, by ordinal. */
interface Matches {
  /** 0 where an entity does not match. */
  scores: Float64Array
  /** Positions in `parts`. */
  matched: Uint8Array
  parts: readonly Match[]
  count: number
}

/** Where nothing in particular is searched for. */
const everything = 1

const exactParts: readonly Match[] = [
  'name',
  'alias',
  'namespace',
  'tag',
  'kind or image',
  'description',
  'similar name',
  'similar word',
]
/** How the same parts are told where a word was taken for another one. */
const similarParts = exactParts.map((part): Match =>
  part === 'name' || part === 'alias' ? 'similar name' : 'similar word',
)

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
    (wantedNamespace === undefined || index.names.texts()[ordinal]?.namespace === wantedNamespace) &&
    (wantedLanguage === undefined ||
      entityAt(index, ordinal).attributes.language?.toLowerCase() === wantedLanguage) &&
    (wantedTag === undefined || (index.names.texts()[ordinal]?.tags.includes(wantedTag) ?? false)) &&
    (wantedOwner === undefined || ownersOf(index, ordinal).some(isOwner))
}

/** @returns undefined where everything is asked for */
function findMatches(index: GraphIndex, query: string): Matches | undefined {
  const text = query.trim().toLowerCase().slice(0, 200)
  if (text === '') return undefined
  const words = text.split(/\s+/)
  const exact = words.map((word) => matchesOf(index, word))
  const matches = combine(index, exact)
  if (matches.count > 0) return matches
  const almost = combine(
    index,
    exact.flatMap((found, position) => (found.count > 0 ? [found] : correct(index, words[position] ?? ''))),
  )
  if (almost.count > 0) return { ...almost, parts: similarParts }
  const alike = createMatches(index)
  for (const { ordinal, likeness } of findSimilarNames(index.names, text, 0.35))
    note(alike, ordinal, { score: likeness, matched: 'similar name' })
  return alike
}

function createMatches({ entities }: GraphIndex): Matches {
  const size = entities.length
  return { scores: new Float64Array(size), matched: new Uint8Array(size), parts: exactParts, count: 0 }
}

function note(matches: Matches, ordinal: number, { score, matched }: WordMatch): void {
  matches.scores[ordinal] = score
  matches.matched[ordinal] = exactParts.indexOf(matched)
  matches.count += 1
}

/** Entities that all words match, each told by its best word. */
function combine(index: GraphIndex, [first = createMatches(index), ...others]: readonly Matches[]): Matches {
  if (others.length === 0) return first
  const scores = first.scores.slice()
  const best = first.scores.slice()
  const matched = first.matched.slice()
  let count = 0
  for (let ordinal = 0; ordinal < scores.length; ordinal += 1) {
    for (const other of others) {
      const also = other.scores[ordinal] ?? 0
      const sum = scores[ordinal] ?? 0
      scores[ordinal] = also === 0 || sum === 0 ? 0 : sum + also
      if (also <= (best[ordinal] ?? 0)) continue
      best[ordinal] = also
      matched[ordinal] = other.matched[ordinal] ?? 0
    }
    if (scores[ordinal] !== 0) count += 1
  }
  return { scores, matched, parts: exactParts, count }
}

function matchesOf(index: GraphIndex, word: string): Matches {
  const { text, ends } = index.names.haystack()
  const matches = createMatches(index)
  let ordinal = 0
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, ends[ordinal])) {
    while ((ends[ordinal] ?? Infinity) <= at) ordinal += 1
    const searched = index.names.texts()[ordinal]
    if (searched === undefined) break
    const match = matchOf(searched, word)
    if (match !== undefined) note(matches, ordinal, match)
  }
  return matches
}

/** Names are corrected part by part: of `nude-42` only the first is wrong. */
function correct(index: GraphIndex, word: string): Matches[] {
  const parts = wordsOf(word)
  if (parts.length < 2) return [matchesOfSimilar(index, word)]
  return parts.map((part) => {
    const found = matchesOf(index, part)
    return found.count > 0 ? found : matchesOfSimilar(index, part)
  })
}

const maxCorrections = 3

function matchesOfSimilar(index: GraphIndex, word: string): Matches {
  const found = createMatches(index)
  const meanings = findSimilarWords(index.names.vocabulary(), word).slice(0, maxCorrections)
  for (const { word: meant, distance } of meanings) {
    const { scores, matched } = matchesOf(index, meant)
    for (let ordinal = 0; ordinal < scores.length; ordinal += 1) {
      const score = scores[ordinal] ?? 0
      if (score === 0 || found.scores[ordinal] !== 0) continue
      found.scores[ordinal] = score / (1 + distance)
      found.matched[ordinal] = matched[ordinal] ?? 0
      found.count += 1
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
