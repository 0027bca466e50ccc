import { z } from 'zod'
import { entityKinds, type Graph } from '../../architecture/model.ts'
import {
  searchEntities as search,
  type EntityHit,
  type EntitySearchResult,
} from '../../architecture/queries/entity-search.ts'
import { countThatFits, maxTokens } from './answer-budget.ts'
import { cursorInput, paginate } from './answer-cursor.ts'
import { kindsInput } from './answer-names.ts'
import { presentBounds, presentEmptyGraph, presentProvenance } from './answer-provenance.ts'
import { presentAnswer, type AnswerContent } from './answer-text.ts'
import { defineTool } from './define-tool.ts'

/** The way in: finds entities by what a person would call them, or lists everything. */
export const searchEntities = defineTool({
  name: 'search_entities',
  title: 'Search entities',
  description:
    'Lists services, jobs, databases, caches, queues and other entities of the architecture, or finds them by name, alias, namespace, kind, technology, image or words of their description; typing errors are forgiven. Without query it lists everything, most depended on first. Start here, then pass a ref on to get_entity, get_dependencies or find_paths.',
  requiredScope: 'architecture:read',
  inputSchema: z.strictObject({
    query: z
      .string()
      .max(200)
      .optional()
      .describe(
        'Words that must all match, such as "redis" or "orders database"; leave out to list everything',
      ),
    kinds: kindsInput.describe('Only entities of these kinds'),
    limit: z.int().min(1).max(100).default(20).describe('How many entities at most'),
    cursor: cursorInput,
    max_tokens: maxTokens,
  }),
  async handler(input, context) {
    const { graph, index } = await context.architecture.load(context.principal.organization.id)
    if (graph.entities.length === 0) return presentAnswer(presentEmptyGraph(context), [])
    const { query, kinds, limit } = input
    const { offset, cursorAt } = paginate(input.cursor, graph.revision, ['search_entities', query, kinds])
    const result = search(index, { query, kinds, limit, offset })
    const render = (count: number): AnswerContent => {
      const end = offset + count
      return {
        summary: summarize(query, result, graph),
        entities: result.hits.slice(0, count).map(presentHit),
        total: result.total,
        returned: count,
        truncated: end < result.total,
        next_cursor: end < result.total ? cursorAt(end) : undefined,
        ...presentProvenance(graph, context.now()),
      }
    }
    if (result.hits.length === 0) return presentAnswer(render(0), [])
    const count = countThatFits(result.hits.length, input.max_tokens, render)
    const shown = result.hits.slice(0, count)
    return presentAnswer(
      render(count),
      shown.map(({ entity }) => entity.ref),
    )
  },
})

function summarize(
  query: string | undefined,
  { total, totalByKind, hits }: EntitySearchResult,
  graph: Graph,
): string {
  const isQuery = query !== undefined && query.trim() !== ''
  const asked = isQuery ? ` for ${JSON.stringify(query)}` : ''
  if (total === 0)
    return `Nothing found${asked} ${presentBounds(graph)}. Try fewer words, or leave query out to list everything.`
  if (hits[0]?.matched === 'similar name')
    return `Nothing found${asked} exactly; ${total} with a similar name.`
  const kinds = entityKinds.flatMap((kind) =>
    totalByKind[kind] === undefined ? [] : `${totalByKind[kind]} ${kind}`,
  )
  return `${total} found${asked}: ${kinds.join(', ')}.`
}

function presentHit({ entity, matched, dependents, dependencies }: EntityHit): Record<string, unknown> {
  const { technology, images } = entity.attributes
  return {
    ref: entity.ref,
    about: entity.description,
    technology,
    image: technology === undefined ? undefined : images?.[0],
    aliases: entity.aliases.length === 0 ? undefined : entity.aliases.slice(0, 5),
    dependents,
    dependencies,
    matched: matched === 'name' ? undefined : matched,
  }
}
