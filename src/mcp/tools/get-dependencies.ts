import { z } from 'zod'
import { entityAt, type GraphIndex } from '../../architecture/graph-index.ts'
import type { Graph } from '../../architecture/model.ts'
import {
  findDependencies,
  type DependencyLevels,
  type LevelRelation,
} from '../../architecture/queries/dependency-levels.ts'
import { resolveEntity } from '../../architecture/queries/entity-resolution.ts'
import { countThatFits, maxTokens } from './answer-budget.ts'
import { cursorInput, paginate } from './answer-cursor.ts'
import {
  endsOf,
  entityReference,
  groupRelations,
  kindsInput,
  presentLegend,
  presentName,
  relationsInput,
  type GroupedRelations,
} from './answer-names.ts'
import { presentBounds, presentEmptyGraph, presentProvenance } from './answer-provenance.ts'
import { presentAnswer, type AnswerContent } from './answer-text.ts'
import { defineTool } from './define-tool.ts'

const inputSchema = z.strictObject({
  ref: entityReference.describe('Reference such as service:shop/cart, or a name'),
  direction: z
    .enum(['downstream', 'upstream', 'both'])
    .default('downstream')
    .describe(
      'downstream: what it depends on; upstream: what depends on it, and so would notice its failure',
    ),
  depth: z.int().min(1).max(6).default(1).describe('1 for direct dependencies, more to follow them'),
  relations: relationsInput,
  kinds: kindsInput.describe('Only report entities of these kinds; the way to them may lead through others'),
  cursor: cursorInput,
  max_tokens: maxTokens,
})
type Input = z.infer<typeof inputSchema>

/** What an entity needs and what needs it, level by level. */
export const getDependencies = defineTool({
  name: 'get_dependencies',
  title: 'Get dependencies',
  description:
    'Follows dependencies of an entity, level by level: what it depends on (downstream), what depends on it (upstream), or both, up to six levels deep. Use depth 1 for direct dependencies, upstream with a greater depth to see who is affected by a change or an outage, kinds to ask for instance which databases are reached in the end. The answer groups relations as {from: {relation: [to]}}, always from the dependent to what it depends on.',
  requiredScope: 'architecture:read',
  inputSchema,
  async handler(input, context) {
    const { graph, index } = await context.architecture.load(context.principal.organization.id)
    if (graph.entities.length === 0) return presentAnswer(presentEmptyGraph(context), [])
    const start = resolveEntity(index, input.ref, 'ref')
    const { direction, depth, relations, kinds } = input
    const question = ['get_dependencies', start, direction, depth, relations, kinds]
    const { offset, cursorAt } = paginate(input.cursor, graph.revision, question)
    const sides = sidesOf(index, start, input)
    const items = sides
      .flatMap(({ side, levels }) => levels.relations.map((item) => ({ side, ...item })))
      .toSorted((a, b) => a.level - b.level)
    const render = (count: number): AnswerContent => {
      const end = offset + count
      const page = items.slice(offset, end)
      return {
        summary: sides.map((each) => summarize(index, start, each, { input, graph })).join(' '),
        entity: entityAt(index, start).ref,
        ...presentSides(index, page),
        ...presentLegend(
          index,
          page.map(({ relation }) => relation),
        ),
        total: items.length,
        returned: page.length,
        truncated: end < items.length,
        next_cursor: end < items.length ? cursorAt(end) : undefined,
        ...presentProvenance(graph, context.now()),
      }
    }
    const available = Math.max(0, items.length - offset)
    const count = available === 0 ? 0 : countThatFits(available, input.max_tokens, render)
    const shown = items.slice(offset, offset + count).map(({ relation }) => relation)
    return presentAnswer(render(count), [entityAt(index, start).ref, ...endsOf(shown)])
  },
})

type Side = 'depends_on' | 'depended_on_by'

function sidesOf(index: GraphIndex, start: number, input: Input): { side: Side; levels: DependencyLevels }[] {
  const { direction, depth, relations, kinds } = input
  const levelsOf = (way: 'upstream' | 'downstream') =>
    findDependencies(index, start, { direction: way, depth, relations, kinds })
  return [
    ...(direction === 'upstream' ? [] : [{ side: 'depends_on' as const, levels: levelsOf('downstream') }]),
    ...(direction === 'downstream'
      ? []
      : [{ side: 'depended_on_by' as const, levels: levelsOf('upstream') }]),
  ]
}

function summarize(
  index: GraphIndex,
  start: number,
  { side, levels }: { side: Side; levels: DependencyLevels },
  { input, graph }: { input: Input; graph: Graph },
): string {
  const name = presentName(index, entityAt(index, start))
  const [direct = 0] = levels.entitiesByLevel
  const total = levels.entitiesByLevel.reduce((sum, count) => sum + count, 0)
  const within = input.depth === 1 ? 'directly' : `within ${input.depth} levels`
  const kinds = input.kinds === undefined ? '' : ` of kind ${input.kinds.join(' or ')}`
  const over = input.relations === undefined ? '' : ` over ${input.relations.join(', ')}`
  if (total === 0) {
    const negative =
      side === 'depends_on' ? `${name} depends on nothing${kinds}` : `Nothing${kinds} depends on ${name}`
    return `${negative} ${within}${over}, ${presentBounds(graph)}.${levels.continues ? ' A greater depth reaches more.' : ''}`
  }
  const directly = input.depth === 1 ? '' : ` (${direct} directly)`
  const entities = `${total} ${total === 1 ? 'entity' : 'entities'}${kinds}`
  const positive =
    side === 'depends_on'
      ? `${name} depends on ${entities}`
      : `${entities} depend${total === 1 ? 's' : ''} on ${name}`
  return `${positive} ${within}${over}${directly}.${levels.continues ? ' A greater depth reaches more.' : ''}`
}

function presentSides(
  index: GraphIndex,
  page: readonly (LevelRelation & { side: Side })[],
): Partial<Record<Side, Record<string, GroupedRelations>>> {
  const presented: Partial<Record<Side, Record<string, GroupedRelations>>> = {}
  for (const side of ['depends_on', 'depended_on_by'] as const) {
    const ofSide = page.filter((item) => item.side === side)
    if (ofSide.length === 0) continue
    const levels = [...new Set(ofSide.map(({ level }) => level))]
    presented[side] = Object.fromEntries(
      levels.map((level) => {
        const relations = ofSide.filter((item) => item.level === level).map(({ relation }) => relation)
        return [`level_${level}`, groupRelations(index, relations)]
      }),
    )
  }
  return presented
}
