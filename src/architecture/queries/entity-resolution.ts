import { DomainError } from '../../domain/errors.ts'
import { byRank, entityAt, type GraphIndex } from '../graph-index.ts'
import { findSimilarNames } from '../name-index.ts'

const maxCandidates = 5

/**
 * The entity a person or model means by a reference, `namespace/name`, name or alias, in any case. The marks of
 * answers (`~`, `?`) may stick to it.
 * @param field The argument to blame.
 * @returns its ordinal
 * @throws {DomainError} `not_found` naming up to five candidates with their kinds
 */
export function resolveEntity(index: GraphIndex, text: string, field: string): number {
  const wanted = text.trim().replace(/^~/, '').replace(/\?$/, '').trim().toLowerCase()
  const matches = index.names.byName.get(wanted) ?? index.names.byAlias.get(wanted) ?? []
  const described = matches.filter((ordinal) => entityAt(index, ordinal).kind !== 'unresolved')
  const candidates = described.length > 0 ? described : matches
  const [only, another] = candidates
  if (only !== undefined && another === undefined) return only
  const quoted = JSON.stringify(text.slice(0, 100))
  if (only !== undefined) {
    const refs = candidates
      .toSorted(byRank(index))
      .slice(0, maxCandidates)
      .map((ordinal) => entityAt(index, ordinal).ref)
    const total = candidates.length > refs.length ? ` (${candidates.length} in all)` : ''
    throw new DomainError(
      'not_found',
      `${quoted} is ambiguous${total}. Use one of these references: ${refs.join(', ')}.`,
      { field },
    )
  }
  const nearest = nearestTo(index, wanted).map((ordinal) => entityAt(index, ordinal).ref)
  const hint =
    nearest.length === 0
      ? 'Nothing has a similar name. Find names with search_entities.'
      : `Did you mean one of these: ${nearest.join(', ')}? Otherwise find names with search_entities.`
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
