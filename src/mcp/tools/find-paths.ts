import { z } from 'zod'
import { entityAt, forEachStep, type GraphIndex } from '../../architecture/graph-index.ts'
import type { RelationType } from '../../architecture/model.ts'
import { isInferred } from '../../architecture/evidence.ts'
import { resolveEntity } from '../../architecture/queries/entity-resolution.ts'
import { findShortestPaths, type Path, type PathQuestion } from '../../architecture/queries/shortest-paths.ts'
import { DomainError } from '../../domain/errors.ts'
import { countThatFits, maxTokens } from './answer-budget.ts'
import { entityReference, presentName, relationsInput } from './answer-names.ts'
import { presentBounds, presentEmptyGraph, presentProvenance } from './answer-provenance.ts'
import { presentAnswer, type AnswerContent } from './answer-text.ts'
import { defineTool } from './define-tool.ts'

/** The ways from one entity to another. */
export const findPaths = defineTool({
  name: 'find_paths',
  title: 'Find paths',
  description:
    'Finds the shortest ways along dependencies from one entity to another, hop by hop, for instance how requests get from a frontend to a database. Direction matters: from is the side that depends (the caller). Says when there is none, how far it looked, and whether there is one the other way round.',
  requiredScope: 'architecture:read',
  inputSchema: z.strictObject({
    from: entityReference.describe('Where the way begins: the dependent side. A reference or name'),
    to: entityReference.describe('Where the way ends: the side depended on. A reference or name'),
    k: z.int().min(1).max(5).default(3).describe('How many ways at most, shortest first'),
    max_hops: z.int().min(1).max(12).default(8).describe('How long a way may be'),
    relations: relationsInput,
    avoid: z
      .array(entityReference)
      .max(20)
      .default([])
      .describe(
        'References or names that no way may pass, for instance to see whether there is a way around',
      ),
    max_tokens: maxTokens,
  }),
  async handler(input, context) {
    const { graph, index } = await context.architecture.load(context.principal.organization.id)
    if (graph.entities.length === 0) return presentAnswer(presentEmptyGraph(context), [])
    const question = readQuestion(index, input)
    const paths = findShortestPaths(index, question)
    const ends = [question.from, question.to]
    const [from, to] = ends.map((ordinal) => presentName(index, entityAt(index, ordinal)))
    const refsOf = (ordinals: readonly number[]) => ordinals.map((ordinal) => entityAt(index, ordinal).ref)
    const provenance = presentProvenance(graph, context.now())
    if (paths.length === 0) {
      const over = input.relations?.join(', ') ?? 'all relations'
      const around = input.avoid.length === 0 ? '' : ` around ${input.avoid.join(', ')}`
      const answer = {
        summary: `No path from ${from} to ${to}${around} within ${input.max_hops} hops over ${over}, ${presentBounds(graph)}.`,
        other_way_round: presentReverse(index, question),
        total: 0,
        ...provenance,
      }
      return presentAnswer(answer, refsOf(ends))
    }
    const render = (count: number): AnswerContent => ({
      summary: `${presentCount(paths.length, input.k)} from ${from} to ${to} within ${input.max_hops} hops; the shortest has ${hops(paths[0])}.`,
      paths: paths.slice(0, count).map((path) => presentPath(index, path, input.relations)),
      shared_by_these_paths: presentCommon(index, paths),
      total: paths.length,
      returned: count,
      truncated: count < paths.length,
      ...provenance,
    })
    const count = countThatFits(paths.length, input.max_tokens, render)
    return presentAnswer(render(count), refsOf([...ends, ...paths.slice(0, count).flat()]))
  },
})

function readQuestion(
  index: GraphIndex,
  input: {
    from: string
    to: string
    k: number
    max_hops: number
    relations?: RelationType[] | undefined
    avoid: string[]
  },
): PathQuestion {
  const from = resolveEntity(index, input.from, 'from')
  const to = resolveEntity(index, input.to, 'to')
  const avoid = input.avoid.map((text) => resolveEntity(index, text, 'avoid'))
  if (from === to) {
    throw new DomainError('invalid_input', `from and to are the same entity, ${entityAt(index, from).ref}.`, {
      field: 'to',
    })
  }
  if (avoid.includes(from) || avoid.includes(to)) {
    throw new DomainError('invalid_input', 'A path cannot avoid the entity where it begins or ends.', {
      field: 'avoid',
    })
  }
  return { from, to, count: input.k, maxHops: input.max_hops, relations: input.relations, avoid }
}

/** `frontend -calls-> cart -reads_writes-> cart-db` */
function presentPath(index: GraphIndex, path: Path, types: readonly RelationType[] | undefined): string {
  const [start = -1, ...rest] = path
  let text = presentName(index, entityAt(index, start))
  let previous = start
  for (const ordinal of rest) {
    const verbs: string[] = []
    forEachStep(index, previous, 'downstream', (neighbour, relation) => {
      if (neighbour !== ordinal || !(types?.includes(relation.type) ?? true)) return
      verbs.push((isInferred(relation) ? '~' : '') + relation.type)
    })
    text += ` -${verbs.join(',')}-> ${presentName(index, entityAt(index, ordinal))}`
    previous = ordinal
  }
  return text
}

/** Entities between the ends that every found way passes: candidates for single points of failure. */
function presentCommon(index: GraphIndex, paths: readonly Path[]): string[] | undefined {
  const [first = [], ...others] = paths
  const common = first.slice(1, -1).filter((ordinal) => others.every((path) => path.includes(ordinal)))
  return common.length === 0
    ? undefined
    : common.map((ordinal) => presentName(index, entityAt(index, ordinal)))
}

function presentReverse(index: GraphIndex, question: PathQuestion): string | undefined {
  const [path] = findShortestPaths(index, { ...question, from: question.to, to: question.from, count: 1 })
  return path === undefined ? undefined : presentPath(index, path, question.relations)
}

/** As many as were asked for may not be all. */
function presentCount(found: number, asked: number): string {
  if (found === asked)
    return asked === 1 ? 'The shortest path' : `The ${asked} shortest paths (there may be more)`
  return found === 1 ? 'The only path' : `All ${found} paths`
}

function hops(path: Path | undefined): string {
  const count = (path?.length ?? 1) - 1
  return count === 1 ? '1 hop' : `${count} hops`
}
