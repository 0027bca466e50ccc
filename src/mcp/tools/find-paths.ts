import { z } from 'zod'
import { entityAt, relationsBetween, type GraphIndex } from '../../architecture/graph-index.ts'
import { renderMermaid } from '../../architecture/mermaid.ts'
import { isDependency, type RelationType } from '../../architecture/model.ts'
import { findCutPoints } from '../../architecture/queries/path-cut-points.ts'
import { findShortestPaths, type Path, type PathQuestion } from '../../architecture/queries/shortest-paths.ts'
import { DomainError } from '../../domain/errors.ts'
import { entityReference, presentMarks, presentNames, refsOf, relationInputs } from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { countHops, presentPath } from './answer-paths.ts'
import { defineGraphTool } from './graph-tool.ts'
import { findEnds, type PathEnds } from './path-ends.ts'

const mostAvoided = 20

/** The ways from one entity to another. */
export const findPaths = defineGraphTool({
  name: 'find_paths',
  title: 'Find paths',
  description:
    'Finds the shortest ways along dependencies from one entity to another, hop by hop, for instance how requests flow from a frontend to a database; to may be a kind or technology such as "database" or "redis", which means what of it is reached. Direction matters: from is the side that depends (the caller). Tells what every way must pass, or how far it looked when there is none.',
  input: {
    from: entityReference.describe('The dependent side, where requests start. A reference or name'),
    to: entityReference.describe('The side depended on. A reference, name, kind or technology'),
    k: z.int().min(1).max(5).default(3).describe('How many ways at most, shortest first'),
    max_hops: z.int().min(1).max(12).default(8),
    avoid: z.array(entityReference).max(mostAvoided).default([]).describe('Entities no way may pass'),
    ...relationInputs,
    undirected: z
      .boolean()
      .default(false)
      .describe('true follows relations both ways: how two entities are connected at all'),
    format: z.enum(['hops', 'mermaid']).default('hops'),
  },
  answer(input, asked) {
    const { index } = asked
    const avoid = input.avoid.map((text) => asked.resolve(text, 'avoid'))
    const question = {
      count: input.k,
      maxHops: input.max_hops,
      avoid,
      undirected: input.undirected,
      relations: input.relations,
      minConfidence: input.min_confidence,
      includeInferred: input.include_inferred,
    }
    const ends = findEnds(asked, input, question)
    refuseImpossible(index, ends, avoid)
    const paths = findAllPaths(index, ends, question)
    const { from, to } = ends
    const names = [from, to].map((ordinals) => presentNames(index, ordinals.slice(0, 5)).join(', '))
    const [start, end] = names
    const isOne = from.length === 1 && to.length === 1
    const one = { ...question, from: from[0] ?? -1, to: to[0] ?? -1 }
    // Found once, however often the answer is rendered to see how much of it fits.
    const everyWayPasses =
      isOne && paths.length > 0 ? presentSome(index, findCutPoints(index, one) ?? []) : undefined
    const otherWayRound = isOne && paths.length === 0 ? presentReverse(index, one) : undefined
    return presentPage(asked, {
      items: paths,
      total: paths.length,
      render: (shown) => ({
        summary:
          paths.length === 0
            ? `No path from ${start} to ${end}${describeLimits(input)}, ${asked.bounds()}.`
            : `${presentCount(paths.length, input.k)} from ${start} to ${end} within ${input.max_hops} hops; the shortest has ${countHops(paths[0])}.`,
        ...(input.format === 'mermaid' && shown.length > 0
          ? { mermaid: drawPaths(index, shown) }
          : { paths: shown.map((path) => presentPath(index, path, question)) }),
        shared_by_these_paths: presentShared(index, shown),
        // Of all ways however long, which is more than those shown have in common.
        every_way_passes: everyWayPasses,
        other_way_round: otherWayRound,
        marks: presentMarks(asked, relationsOn(index, shown), entitiesOn(index, shown)),
      }),
      entitiesOf: (shown) => refsOf(index, [...from, ...to, ...shown.flat()]),
    })
  },
})

function refuseImpossible(index: GraphIndex, { from, to }: PathEnds, avoid: readonly number[]): void {
  const [start = -1] = from
  if (from.length === 1 && to.length === 1 && to[0] === start) {
    throw new DomainError(
      'invalid_input',
      `from and to are the same entity, ${entityAt(index, start).ref}.`,
      { field: 'to' },
    )
  }
  const isEnd = (ordinal: number) =>
    (from.length === 1 && from.includes(ordinal)) || (to.length === 1 && to.includes(ordinal))
  if (avoid.some(isEnd)) {
    throw new DomainError('invalid_input', 'A path cannot avoid the entity where it begins or ends.', {
      field: 'avoid',
    })
  }
}

/** Where several ends were meant: the shortest paths to any of them. */
function findAllPaths(
  index: GraphIndex,
  { from, to }: PathEnds,
  question: Omit<PathQuestion, 'from' | 'to'>,
): Path[] {
  const found = from.flatMap((start) =>
    to.flatMap((end) => findShortestPaths(index, { ...question, from: start, to: end })),
  )
  return found.toSorted((a, b) => a.length - b.length).slice(0, Math.max(question.count, to.length))
}

function describeLimits(input: {
  avoid: string[]
  max_hops: number
  relations?: RelationType[] | undefined
  undirected: boolean
  include_inferred: boolean
}): string {
  const around = input.avoid.length === 0 ? '' : ` around ${input.avoid.join(', ')}`
  const over = input.relations?.join(', ') ?? 'all dependencies'
  const both = input.undirected ? ' in either direction' : ''
  const sure = input.include_inferred ? '' : ' that are not only inferred'
  return `${around} within ${input.max_hops} hops over ${over}${both}${sure}`
}

/** Entities between the ends that every way shown passes. */
function presentShared(index: GraphIndex, paths: readonly Path[]): string[] | undefined {
  const [first = [], ...others] = paths
  return presentSome(
    index,
    first.slice(1, -1).filter((ordinal) => others.every((path) => path.includes(ordinal))),
  )
}

function presentSome(index: GraphIndex, ordinals: readonly number[]): string[] | undefined {
  return ordinals.length === 0 ? undefined : presentNames(index, ordinals)
}

function presentReverse(index: GraphIndex, question: PathQuestion): string | undefined {
  const [path] = findShortestPaths(index, { ...question, from: question.to, to: question.from, count: 1 })
  return path === undefined ? undefined : presentPath(index, path, question)
}

function drawPaths(index: GraphIndex, paths: readonly Path[]): string {
  return renderMermaid(entitiesOn(index, paths), relationsOn(index, paths)).text
}

function entitiesOn(index: GraphIndex, paths: readonly Path[]) {
  return [...new Set(paths.flat())].map((ordinal) => entityAt(index, ordinal))
}

function relationsOn(index: GraphIndex, paths: readonly Path[]) {
  const ends = new Set(
    paths.flatMap((path) =>
      path.slice(1).flatMap((ordinal, at) => [`${path[at]} ${ordinal}`, `${ordinal} ${path[at]}`]),
    ),
  )
  return [...ends].flatMap((pair) => {
    const [from = -1, to = -1] = pair.split(' ').map(Number)
    return relationsBetween(index, from, to).filter(({ type }) => isDependency(type))
  })
}

/** As many as were asked for may not be all. */
function presentCount(found: number, asked: number): string {
  if (found >= asked)
    return found === 1 ? 'The shortest path' : `The ${found} shortest paths (there may be more)`
  return found === 1 ? 'The only path' : `All ${found} paths`
}
