import { z } from 'zod'
import { entityAt, type GraphIndex } from '../../architecture/graph-index.ts'
import { mostMermaidNodes, renderMermaid } from '../../architecture/mermaid.ts'
import type { EntityKind, RelationType } from '../../architecture/model.ts'
import {
  findDependencies,
  type DependencyLevels,
  type LevelRelation,
} from '../../architecture/queries/dependency-levels.ts'
import { cursorInput, paginate } from './answer-cursor.ts'
import {
  endsOf,
  entityReference,
  groupRelations,
  kindsInput,
  presentLegend,
  presentName,
  relationInputs,
  type GroupedRelations,
  type Naming,
} from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { defineGraphTool } from './graph-tool.ts'
import { renderTree } from './relation-tree.ts'

/** What an entity needs and what needs it, level by level. */
export const getDependencies = defineGraphTool({
  name: 'get_dependencies',
  title: 'Get dependencies',
  description:
    'Follows dependencies of an entity, level by level: what it depends on (downstream), what depends on it or connects to it (upstream), or both. Depth 1 gives direct dependencies; kinds asks for instance which databases are reached in the end. Groups relations as {from: {relation: [to]}}, always from the dependent to what it depends on; or draws a tree or a Mermaid flowchart. Follows other relations too where relations names them, such as part_of.',
  input: {
    ref: entityReference.describe('Reference such as service:shop/cart, or a name'),
    direction: z
      .enum(['downstream', 'upstream', 'both'])
      .default('downstream')
      .describe('downstream: what it depends on; upstream: what depends on it'),
    depth: z.int().min(1).max(6).default(1),
    ...relationInputs,
    kinds: kindsInput.describe('Only report these kinds; the way to them may lead through others'),
    format: z.enum(['adjacency', 'tree', 'mermaid']).default('adjacency'),
    cursor: cursorInput,
  },
  answer(input, asked) {
    const { graph, index } = asked
    const start = asked.resolve(input.ref, 'ref')
    const { ref: _ref, cursor, max_tokens: _maxTokens, as_of: _asOf, ...question } = input
    const pagination = paginate(cursor, graph.revision, ['get_dependencies', start, question])
    const sides = sidesOf(index, start, input)
    const total = sides.reduce((sum, { levels }) => sum + levels.relations.length, 0)
    const most = Math.min(total, pagination.offset + mostItems)
    const available = mergeSides(sides, most).slice(pagination.offset)
    return presentPage(asked, {
      items: input.format === 'mermaid' ? drawable(available) : available,
      total,
      pagination,
      render: (page) => ({
        summary: sides
          .map((each) => summarize(index, start, each, { input, bounds: asked.bounds }))
          .join(' '),
        entity: entityAt(index, start).ref,
        ...present(asked, start, page, input.format),
        ...presentLegend(
          asked,
          page.map(({ relation }) => relation),
        ),
      }),
      entitiesOf: (page) => [entityAt(index, start).ref, ...endsOf(page.map(({ relation }) => relation))],
    })
  },
})

type Side = 'depends_on' | 'depended_on_by'

interface Item extends LevelRelation {
  side: Side
}

/** More than fit into the largest answer. */
const mostItems = 4000

/** The first of both sides by level, of which there must be so many: where not everything fits, what is near counts more than on which side it is. */
function mergeSides(sides: readonly { side: Side; levels: DependencyLevels }[], most: number): Item[] {
  const items: Item[] = []
  const at = sides.map(() => 0)
  for (let level = 1; items.length < most; level += 1) {
    sides.forEach(({ side, levels: { relations } }, position) => {
      let next = at[position] ?? 0
      for (let each = relations[next]; each?.level === level && items.length < most; each = relations[next]) {
        items.push({ level, relation: each.relation, reached: each.reached, side })
        next += 1
      }
      at[position] = next
    })
  }
  return items
}

interface Question {
  direction: 'downstream' | 'upstream' | 'both'
  depth: number
  relations?: RelationType[] | undefined
  min_confidence?: number | undefined
  include_inferred: boolean
  kinds?: EntityKind[] | undefined
}

function sidesOf(
  index: GraphIndex,
  start: number,
  input: Question,
): { side: Side; levels: DependencyLevels }[] {
  const { direction, depth, relations, kinds } = input
  const levelsOf = (way: 'upstream' | 'downstream') =>
    findDependencies(index, start, {
      direction: way,
      depth,
      relations,
      kinds,
      minConfidence: input.min_confidence,
      includeInferred: input.include_inferred,
    })
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
  { input, bounds }: { input: Question; bounds: () => string },
): string {
  const name = presentName(index, entityAt(index, start))
  const [direct = 0] = levels.entitiesByLevel
  const total = levels.entitiesByLevel.reduce((sum, count) => sum + count, 0)
  const within = input.depth === 1 ? 'directly' : `within ${input.depth} levels`
  const kinds = input.kinds === undefined ? '' : ` of kind ${input.kinds.join(' or ')}`
  const over = input.relations === undefined ? '' : ` over ${input.relations.join(', ')}`
  const sure = [
    input.include_inferred ? '' : ' without inferred relations',
    input.min_confidence === undefined ? '' : ` with confidence of at least ${input.min_confidence}`,
  ].join('')
  const more = levels.continues ? ' A greater depth reaches more.' : ''
  if (total === 0) {
    const negative =
      side === 'depends_on' ? `${name} depends on nothing${kinds}` : `Nothing${kinds} depends on ${name}`
    return `${negative} ${within}${over}${sure}, ${bounds()}.${more}`
  }
  const directly = input.depth === 1 ? '' : ` (${direct} directly)`
  const entities = `${total} ${total === 1 ? 'entity' : 'entities'}${kinds}`
  const positive =
    side === 'depends_on'
      ? `${name} depends on ${entities}`
      : `${entities} depend${total === 1 ? 's' : ''} on ${name}`
  return `${positive} ${within}${over}${sure}${directly}.${more}`
}

/** As many as a diagram has room for. */
function drawable(items: readonly Item[]): Item[] {
  const drawn = new Set<string>()
  const end = items.findIndex(({ relation: { from, to } }) => {
    drawn.add(from).add(to)
    return drawn.size > mostMermaidNodes
  })
  return items.slice(0, end === -1 ? items.length : Math.max(1, end))
}

function present(
  asked: Naming,
  start: number,
  page: readonly Item[],
  format: 'adjacency' | 'tree' | 'mermaid',
): Record<string, unknown> {
  const { index } = asked
  if (page.length === 0) return {}
  const relations = page.map(({ relation }) => relation)
  if (format === 'mermaid') {
    const refs = new Set([entityAt(index, start).ref, ...endsOf(relations)])
    const entities = [...refs].map((ref) => entityAt(index, index.ordinals.get(ref) ?? -1))
    return { mermaid: renderMermaid(entities, relations).text }
  }
  if (format === 'adjacency') return presentSides(asked, page)
  const treeOf = (side: Side) => {
    const ofSide = page.filter((item) => item.side === side)
    return ofSide.length === 0 ? undefined : renderTree(asked, start, ofSide)
  }
  return { depends_on: treeOf('depends_on'), depended_on_by: treeOf('depended_on_by') }
}

function presentSides(
  asked: Naming,
  page: readonly Item[],
): Partial<Record<Side, Record<string, GroupedRelations>>> {
  const presented: Partial<Record<Side, Record<string, GroupedRelations>>> = {}
  for (const side of ['depends_on', 'depended_on_by'] as const) {
    const ofSide = page.filter((item) => item.side === side)
    if (ofSide.length === 0) continue
    const levels = [...new Set(ofSide.map(({ level }) => level))]
    presented[side] = Object.fromEntries(
      levels.map((level) => {
        const relations = ofSide.filter((item) => item.level === level).map(({ relation }) => relation)
        return [`level_${level}`, groupRelations(asked, relations)]
      }),
    )
  }
  return presented
}
