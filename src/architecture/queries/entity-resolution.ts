import { DomainError } from '../../domain/errors.ts'
import { byRank, entityAt, type GraphIndex } from '../graph-index.ts'
import { findSimilarNames } from '../name-index.ts'

const maxCandidates = 5

/** What a text names: one entity, or what it may mean: several of that name, or nothing but similar names. */
export type Resolution = { ordinal: number } | { isAmbiguous: boolean; total: number; candidates: number[] }

/**
 * The entity a person or model means by a reference, `namespace/name`, name or alias, in any case. The marks of
 * answers (`~`, `?`) may stick to it.
 * @returns its ordinal, or up to five candidates, most depended on or most similar first
 */
export function lookUpEntity(index: GraphIndex, text: string): Resolution {
  const wanted = text.trim().replace(/^~/, '').replace(/\?$/, '').trim().toLowerCase()
  const matches = index.names.byName.get(wanted) ?? index.names.byAlias.get(wanted) ?? []
  const described = matches.filter((ordinal) => entityAt(index, ordinal).kind !== 'unresolved')
  const candidates = described.length > 0 ? described : matches
  const [only, another] = candidates
  if (only === undefined) return { isAmbiguous: false, total: 0, candidates: nearestTo(index, wanted) }
  if (another === undefined) return { ordinal: only }
  const first = candidates.toSorted(byRank(index)).slice(0, maxCandidates)
  return { isAmbiguous: true, total: candidates.length, candidates: first }
}

/**
 * As {@link lookUpEntity}.
 * @param field The argument to blame.
 * @returns its ordinal
 * @throws {DomainError} `not_found` naming the candidates with their kinds
 */
export function resolveEntity(index: GraphIndex, text: string, field: string): number {
  const found = lookUpEntity(index, text)
  if ('ordinal' in found) return found.ordinal
  const quoted = JSON.stringify(text.slice(0, 100))
  const refs = found.candidates.map((ordinal) => entityAt(index, ordinal).ref)
  if (found.isAmbiguous) {
    const total = found.total > refs.length ? ` (${found.total} in all)` : ''
    throw new DomainError(
      'not_found',
      `${quoted} is ambiguous${total}. Use one of these references: ${refs.join(', ')}.`,
      { field },
    )
  }
  const hint =
    refs.length === 0
      ? 'Nothing has a similar name. Find names with search_entities.'
      : `Did you mean one of these: ${refs.join(', ')}? Otherwise find names with search_entities.`
  throw new DomainError('not_found', `No entity is called ${quoted}. ${hint}`, { field })
}

/** Entities whose names contain the text, or are contained in it, or are spelled alike. */
function nearestTo(index: GraphIndex, wanted: string): number[] {
  const name = wanted.replace(/^[a-z]+:/, '').replace(/^.*\//, '')
  if (name === '') return []
  const containing = index.names.texts.flatMap((text, ordinal) =>
    text.name.includes(name) || (text.name.length >= 4 && name.includes(text.name)) ? [ordinal] : [],
  )
  const similar = findSimilarNames(index.names, name, 0.3).map(({ ordinal }) => ordinal)
  const [best] = similar
  const ranked = [...(best === undefined ? [] : [best]), ...containing.toSorted(byRank(index)), ...similar]
  return [...new Set(ranked)].slice(0, maxCandidates)
}
