import { byRank, degreeOf, entityAt, type GraphIndex } from '../graph-index.ts'
import type { Entity, EntityKind } from '../model.ts'
import { findSimilarNames, type SearchableText } from '../name-index.ts'

/** What is searched for. */
export interface EntitySearch {
  /** Absent or blank: everything. */
  query?: string | undefined
  kinds?: readonly EntityKind[] | undefined
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
export type Match = 'name' | 'alias' | 'namespace' | 'kind or image' | 'description' | 'similar name'

/** Every word must match somewhere; equal matches are ordered by how many depend on them. Without a match, names alike. */
export function searchEntities(index: GraphIndex, search: EntitySearch): EntitySearchResult {
  const ofKind = (ordinal: number) =>
    search.kinds === undefined || search.kinds.includes(entityAt(index, ordinal).kind)
  const found = findMatches(index, search.query ?? '').filter(({ ordinal }) => ofKind(ordinal))
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

function findMatches(index: GraphIndex, query: string): Scored[] {
  const text = query.trim().toLowerCase().slice(0, 200)
  if (text === '') return index.entities.map((_, ordinal) => ({ ordinal, score: 0, matched: undefined }))
  const words = text.split(/\s+/)
  const matches = index.names.texts.flatMap((searchable, ordinal) => {
    let score = 0
    let best: WordMatch | undefined
    for (const word of words) {
      const match = matchOf(searchable, word)
      if (match === undefined) return []
      score += match.score
      if (best === undefined || match.score > best.score) best = match
    }
    return { ordinal, score, matched: best?.matched }
  })
  if (matches.length > 0) return matches
  return findSimilarNames(index.names, text, 0.35).map(({ ordinal, likeness }) => ({
    ordinal,
    score: likeness,
    matched: 'similar name',
  }))
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
  if (text.namespace === word) return { score: 45, matched: 'namespace' }
  // People ask for `databases` and `caches`.
  const isTrait = text.traits.includes(word) || word === `${text.kind}s`
  if (isTrait) return { score: 40, matched: 'kind or image' }
  if (text.description.includes(word)) return { score: 30, matched: 'description' }
  return text.namespace.includes(word) ? { score: 20, matched: 'namespace' } : undefined
}

function scoreOfName(name: string, word: string): number {
  if (name === word) return 100
  if (name.startsWith(word)) return 80
  return name.split(/[-_.]/).includes(word) ? 70 : 60
}
