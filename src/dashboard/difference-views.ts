import type { ChangeCounts } from '../architecture/history.ts'
import { countChanges } from '../architecture/history.ts'
import {
  type ChangedRelation,
  type GraphDifference,
  isEmptyDifference,
  type RelationKey,
} from '../architecture/queries/difference.ts'
import type { DifferenceView } from '../http/architecture-change-view-data.ts'
import type { ArchitectureLinks } from './architecture-links.ts'
import { presentRef, relationLabels } from './architecture-views.ts'

const shown = 100
const changes = ['added', 'removed', 'changed'] as const

/** What differs between two graphs, in words and as lists. */
export function presentDifference(difference: GraphDifference, links: ArchitectureLinks): DifferenceView {
  const { entities, relations } = difference
  return {
    isEmpty: isEmptyDifference(difference),
    summary: presentCounts(countChanges(difference)),
    entities: [
      entityList('added', entities.added, links),
      entityList('removed', entities.removed, links),
      {
        change: 'changed' as const,
        total: entities.changed.length,
        items: entities.changed
          .slice(0, shown)
          .map(({ ref, fields }) => ({ ...presentRef(ref, links), note: fields.join(', ') })),
      },
    ].filter(({ total }) => total > 0),
    relations: changes
      .map((change) => ({
        change,
        total: relations[change].length,
        items: relations[change].slice(0, shown).map(presentKey),
      }))
      .filter(({ total }) => total > 0),
  }
}

/** "2 entities and 3 relations added, 1 relation removed". */
export function presentCounts({ entities, relations }: ChangeCounts): string {
  const parts = changes.flatMap((change) => {
    const counted = [
      countOf(entities[change], 'entity', 'entities'),
      countOf(relations[change], 'relation', 'relations'),
    ].filter((each) => each !== undefined)
    return counted.length === 0 ? [] : [`${counted.join(' and ')} ${change}`]
  })
  return parts.length === 0 ? 'nothing that shows' : parts.join(', ')
}

function countOf(count: number, one: string, many: string): string | undefined {
  return count === 0 ? undefined : `${count} ${count === 1 ? one : many}`
}

function entityList(
  change: 'added' | 'removed',
  refs: readonly string[],
  links: ArchitectureLinks,
): DifferenceView['entities'][number] {
  return {
    change,
    total: refs.length,
    items: refs.slice(0, shown).map((ref) => ({ ...presentRef(ref, links), note: undefined })),
  }
}

function presentKey(
  key: RelationKey | ChangedRelation,
): DifferenceView['relations'][number]['items'][number] {
  const { from, to, type } = key
  const voices =
    'gained' in key
      ? [
          ...key.gained.map((voice) => `now also ${voice.replaceAll('_', ' ')}`),
          ...key.lost.map((voice) => `no more ${voice.replaceAll('_', ' ')}`),
        ]
      : []
  return {
    from,
    verb: relationLabels[type],
    to,
    note: voices.length === 0 ? undefined : voices.join(', '),
  }
}
