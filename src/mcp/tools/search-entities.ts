import { z } from 'zod'
import { neighboursOf } from '../../architecture/digraph.ts'
import { entityAt, type GraphIndex } from '../../architecture/graph-index.ts'
import { entityKinds } from '../../architecture/model.ts'
import {
  searchEntities as search,
  type EntityHit,
  type EntitySearchResult,
} from '../../architecture/queries/entity-search.ts'
import { ownersOf } from '../../architecture/queries/ownership.ts'
import { cursorInput, paginate } from './answer-cursor.ts'
import { kindsInput, presentEnd, presentNames } from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { defineGraphTool } from './graph-tool.ts'

const longestDescription = 160
/** Of so few, neighbours are told by name: what connects to it is often the next question. */
const fewHits = 3
const mostNeighbours = 8

/** The way in: finds entities by what a person would call them, or lists everything. */
export const searchEntities = defineGraphTool({
  name: 'search_entities',
  title: 'Search entities',
  description:
    'Lists services, jobs, databases, caches, queues and other entities, or finds them by name, alias, kind, technology, image, tag or words of their description; typing errors are forgiven. Without query it lists everything that passes the filters, most depended on first: kinds ["service"] answers which services there are.',
  input: {
    query: z
      .string()
      .max(200)
      .optional()
      .describe('Words that must all match, such as "redis" or "user authentication"; leave out to list'),
    kinds: kindsInput.describe('Only these kinds'),
    owner: z.string().min(1).max(300).optional().describe('Only what this team or person owns'),
    tag: z.string().min(1).max(100).optional(),
    language: z.string().min(1).max(100).optional().describe('Only code in this programming language'),
    namespace: z.string().min(1).max(200).optional().describe('Only of this namespace'),
    limit: z.int().min(1).max(100).default(20),
    cursor: cursorInput,
  },
  answer({ limit, cursor, ...input }, asked) {
    const { query, kinds, owner, tag, language, namespace, environment } = input
    const wanted = { query, kinds, owner, tag, language, namespace }
    const { index, graph } = asked
    const pagination = paginate(cursor, graph.revision, ['search_entities', wanted, environment])
    const result = search(index, { ...wanted, limit, offset: pagination.offset })
    return presentPage(asked, {
      items: result.hits,
      total: result.total,
      pagination,
      render: (hits) => ({
        summary: summarize(wanted, result, asked.bounds),
        entities: hits.map((hit) => presentHit(index, hit, result.total <= fewHits)),
      }),
      entitiesOf: (hits) => hits.map(({ entity }) => entity.ref),
    })
  },
})

function summarize(
  { query, ...filters }: { query?: string | undefined } & Record<string, unknown>,
  { total, totalByKind, hits }: EntitySearchResult,
  bounds: () => string,
): string {
  const isQuery = query !== undefined && query.trim() !== ''
  const among = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .map(([filter, value]) => `${filter} ${String(value)}`)
  const asked = [
    isQuery ? ` for ${JSON.stringify(query)}` : '',
    among.length > 0 ? ` with ${among.join(', ')}` : '',
  ]
  if (total === 0)
    return `Nothing found${asked.join('')} ${bounds()}. Try fewer words or filters, or leave query out to list.`
  if (hits[0]?.matched === 'similar name')
    return `Nothing found${asked[0]} exactly; ${total} with a similar name.`
  const kinds = entityKinds.flatMap((kind) =>
    totalByKind[kind] === undefined ? [] : `${totalByKind[kind]} ${kind}`,
  )
  return `${total} found${asked.join('')}: ${kinds.join(', ')}.`
}

function presentHit(
  index: GraphIndex,
  { ordinal, entity, matched, dependents, dependencies }: EntityHit,
  isOneOfFew: boolean,
): Record<string, unknown> {
  const { technology, images, language } = entity.attributes
  const owners = ownersOf(index, ordinal)
  return {
    ref: entityAt(index, ordinal).ref,
    about: entity.description?.slice(0, longestDescription),
    technology,
    language,
    image: technology === undefined ? undefined : images?.[0],
    aliases: entity.aliases.length === 0 ? undefined : entity.aliases.slice(0, 5),
    owner:
      owners.length === 0
        ? undefined
        : owners
            .slice(0, 3)
            .map((ref) => presentEnd(index, ref))
            .join(', '),
    dependents,
    dependencies,
    used_by: isOneOfFew ? presentNeighbours(index, ordinal, 'predecessors') : undefined,
    uses: isOneOfFew ? presentNeighbours(index, ordinal, 'successors') : undefined,
    matched: matched === 'name' ? undefined : matched,
  }
}

function presentNeighbours(
  index: GraphIndex,
  ordinal: number,
  side: 'predecessors' | 'successors',
): string[] | undefined {
  const neighbours = neighboursOf(index.dependencies[side], ordinal)
  if (neighbours.length === 0) return undefined
  const told = presentNames(index, neighbours.subarray(0, mostNeighbours))
  return neighbours.length > told.length ? [...told, `and ${neighbours.length - told.length} more`] : told
}
