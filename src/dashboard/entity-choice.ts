import { byRank, entityAt, type GraphIndex } from '../architecture/graph-index.ts'
import { lookUpEntity } from '../architecture/queries/entity-resolution.ts'
import type { EntityField } from '../http/architecture-view-data.ts'
import type { ArchitectureLinks } from './architecture-links.ts'
import { kindLabels, presentLink } from './architecture-views.ts'

const maxSuggestions = 300

/** What a field for an entity offers while somebody types: names, or references where several share a name. */
export function suggestEntities(index: GraphIndex): string[] {
  return Array.from(index.entities.keys())
    .toSorted(byRank(index))
    .slice(0, maxSuggestions)
    .map((ordinal) => {
      const { name, ref } = entityAt(index, ordinal)
      return index.names.byName.get(name.toLowerCase())?.length === 1 ? name : ref
    })
}

/** Which entity a field names, and the field as it is shown again. */
export interface EntityChoice {
  /** Absent while nothing was typed, and where it names no entity. */
  ordinal: number | undefined
  field: EntityField
}

/**
 * Reads a field that names an entity.
 * @param hrefWith the page with another value in this field
 */
export function chooseEntity(
  index: GraphIndex,
  links: ArchitectureLinks,
  {
    name,
    label,
    value,
    hrefWith,
  }: {
    name: string
    label: string
    value: string | undefined
    hrefWith: (ref: string) => string
  },
): EntityChoice {
  const field = { name, label, value: value ?? '', placeholder: 'Name or reference' }
  if (value === undefined)
    return { ordinal: undefined, field: { ...field, error: undefined, candidates: [] } }
  const found = lookUpEntity(index, value)
  if ('ordinal' in found)
    return { ordinal: found.ordinal, field: { ...field, error: undefined, candidates: [] } }
  return {
    ordinal: undefined,
    field: {
      ...field,
      error: errorOf(value, found),
      candidates: found.candidates.map((ordinal) => {
        const entity = entityAt(index, ordinal)
        const link = presentLink(entity, links)
        return { ...link, href: hrefWith(entity.ref), kindLabel: kindLabels[entity.kind] }
      }),
    },
  }
}

function errorOf(
  value: string,
  { isAmbiguous, total, candidates }: { isAmbiguous: boolean; total: number; candidates: number[] },
): string {
  if (isAmbiguous) return `${total} entities are called “${value}”. Which one?`
  return candidates.length === 0
    ? `No entity is called “${value}”, or anything like it.`
    : `No entity is called “${value}”. Did you mean one of these?`
}
