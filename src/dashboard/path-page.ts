import type { Architecture } from '../architecture/architecture.ts'
import { entityAt, type GraphIndex, relationsBetween } from '../architecture/graph-index.ts'
import { isDependency } from '../architecture/model.ts'
import { findCutPoints } from '../architecture/queries/path-cut-points.ts'
import { findShortestPaths, type Path } from '../architecture/queries/shortest-paths.ts'
import type { SelectOption, ViewData } from '../http/view-data.ts'
import type { Render } from '../http/views.ts'
import { presentArchitecturePage, presentScope } from './architecture-frame.ts'
import { parameterOf, type Parameters } from './architecture-links.ts'
import { presentLink, relationLabels } from './architecture-views.ts'
import { chooseEntity, suggestEntities } from './entity-choice.ts'
import { chooseGraph, type ChosenGraph } from './graph-choice.ts'
import { presentDoubts } from './relation-views.ts'
import type { OrganizationViewer, PageContext } from './viewer.ts'

export interface PathPageDeps {
  render: Render
  architecture: Architecture
  now: () => number
}

type PathView = ViewData['architecture-paths']
type Answer = NonNullable<PathView['answer']>

const counts = [1, 3, 5, 10]
const hopLimits = [3, 6, 10, 15]

/** `/organizations/{slug}/architecture/paths`: how one entity depends on another, and what every way passes. */
export function createPathPage({ render, architecture, now }: PathPageDeps) {
  return async (ctx: PageContext, viewer: OrganizationViewer): Promise<void> => {
    const chosen = await chooseGraph(architecture, ctx, viewer)
    const { links, loaded } = chosen
    const { index } = loaded
    const count = oneOf(counts, ctx.query['k'], 3)
    const maxHops = oneOf(hopLimits, ctx.query['max_hops'], 6)
    const isUndirected = ctx.query['direction'] === 'any'
    const ends = { from: parameterOf(ctx.query['from'], 500), to: parameterOf(ctx.query['to'], 500) }
    const parameters = {
      ...ends,
      k: count,
      max_hops: maxHops,
      direction: isUndirected ? 'any' : undefined,
    }
    const choose = (name: 'from' | 'to', label: string) =>
      chooseEntity(index, links, {
        name,
        label,
        value: ends[name],
        hrefWith: (ref) => links.to('paths', { ...parameters, [name]: ref }),
      })
    const from = choose('from', 'From')
    const to = choose('to', 'To')
    const at = now()
    render(ctx, 'architecture-paths', {
      ...presentArchitecturePage(
        ctx,
        viewer,
        'paths',
        presentScope(chosen, links, { page: 'paths', keeps: parameters, now: at }),
        links,
      ),
      action: `${links.base}/paths`,
      from: from.field,
      to: to.field,
      counts: optionsOf(counts, count, (number) => (number === 1 ? 'The shortest' : `Up to ${number}`)),
      hops: optionsOf(hopLimits, maxHops, (number) => `at most ${number} steps`),
      suggestions: suggestEntities(index),
      answer:
        from.ordinal === undefined || to.ordinal === undefined
          ? undefined
          : answer(
              chosen,
              { from: from.ordinal, to: to.ordinal, count, maxHops, undirected: isUndirected },
              parameters,
              at,
            ),
    })
  }
}

function answer(
  { loaded: { index }, links }: ChosenGraph,
  question: { from: number; to: number; count: number; maxHops: number; undirected: boolean },
  parameters: Parameters,
  now: number,
): Answer {
  const paths = findShortestPaths(index, question)
  const link = (ordinal: number) => presentLink(entityAt(index, ordinal), links)
  return {
    paths: paths.map((path) => ({
      length: path.length === 2 ? '1 step' : `${path.length - 1} steps`,
      steps: path.map((ordinal, position) => ({
        entity: link(ordinal),
        ...presentStep(index, path, position, now),
      })),
    })),
    cutPoints: paths.length === 0 ? [] : (findCutPoints(index, question) ?? []).map(link),
    none: paths.length > 0 ? undefined : presentNone(index, question, parameters, links),
    isUndirected: question.undirected,
  }
}

/** How the step to the next entity is made; against its direction where only that leads on. */
function presentStep(
  index: GraphIndex,
  path: Path,
  position: number,
  now: number,
): Pick<Answer['paths'][number]['steps'][number], 'verb' | 'marks'> {
  const [from, to] = [path[position], path[position + 1]]
  if (from === undefined || to === undefined) return { verb: undefined, marks: [] }
  const dependencies = (a: number, b: number) =>
    relationsBetween(index, a, b).filter(({ type }) => isDependency(type))
  const forward = dependencies(from, to)
  const relations = forward.length > 0 ? forward : dependencies(to, from)
  const verbs = relations.map(({ type }) => relationLabels[type]).join(' and ')
  const isDoubtful = relations.every((relation) => presentDoubts(relation, now).length > 0)
  return {
    verb: forward.length > 0 ? verbs : `← ${verbs}`,
    marks: isDoubtful ? relations.slice(0, 1).flatMap((relation) => presentDoubts(relation, now)) : [],
  }
}

function presentNone(
  index: GraphIndex,
  question: { from: number; to: number; maxHops: number; undirected: boolean },
  parameters: Parameters,
  links: ChosenGraph['links'],
): Answer['none'] {
  const { from, to, maxHops, undirected } = question
  const [start, end] = [entityAt(index, from).name, entityAt(index, to).name]
  if (from === to)
    return { message: 'Both ends are the same entity.', reverseHref: undefined, undirectedHref: undefined }
  const exists = (other: Partial<typeof question>) =>
    findShortestPaths(index, { ...question, ...other, count: 1 }).length > 0
  const farther = hopLimits.find((hops) => hops > maxHops && exists({ maxHops: hops }))
  const message =
    farther === undefined
      ? `Nothing that is known leads from ${start} to ${end}${undirected ? ', in whatever direction' : ''}.`
      : `No path of at most ${maxHops} steps leads from ${start} to ${end}, but one of at most ${farther} does.`
  return {
    message,
    reverseHref:
      !undirected && exists({ from: to, to: from, maxHops: 15 })
        ? links.to('paths', { ...parameters, from: parameters['to'], to: parameters['from'] })
        : undefined,
    undirectedHref:
      !undirected && exists({ undirected: true, maxHops: 15 })
        ? links.to('paths', { ...parameters, direction: 'any', max_hops: 15 })
        : undefined,
  }
}

function oneOf(choices: readonly number[], text: string | string[] | undefined, fallback: number): number {
  return choices.find((choice) => String(choice) === text) ?? fallback
}

function optionsOf(
  choices: readonly number[],
  chosen: number,
  label: (choice: number) => string,
): SelectOption[] {
  return choices.map((choice) => ({
    value: String(choice),
    label: label(choice),
    selected: choice === chosen,
  }))
}
