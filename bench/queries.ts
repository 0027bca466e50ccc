import { createCriticality } from '../src/architecture/criticality.ts'
import { createGraphIndex, type GraphIndex } from '../src/architecture/graph-index.ts'
import type { Graph } from '../src/architecture/model.ts'
import { compareDependencies } from '../src/architecture/queries/compare.ts'
import { rankCritical } from '../src/architecture/queries/critical-entities.ts'
import { findCycles } from '../src/architecture/queries/cycles.ts'
import { findClosure } from '../src/architecture/queries/dependency-closure.ts'
import { findDependencies } from '../src/architecture/queries/dependency-levels.ts'
import { findDifference } from '../src/architecture/queries/difference.ts'
import { searchEntities } from '../src/architecture/queries/entity-search.ts'
import { analyzeImpact } from '../src/architecture/queries/impact.ts'
import { findIssues } from '../src/architecture/queries/issues.ts'
import { describeOverview } from '../src/architecture/queries/overview.ts'
import { findCutPoints } from '../src/architecture/queries/path-cut-points.ts'
import { findShortestPaths } from '../src/architecture/queries/shortest-paths.ts'
import { findSimilar } from '../src/architecture/queries/similar.ts'
import { findSinglePoints } from '../src/architecture/queries/single-points.ts'
import { layeredGraph, randomNumbers } from '../test/support/random-graphs.ts'
import { measure, percentileOf } from './own-process.ts'

/** How much CPU time one kind of question takes. */
export interface QueryTimes {
  query: string
  p50Ms: number
  p95Ms: number
}

/** What a graph of some size costs. */
export interface QueryFigures {
  entities: number
  relations: number
  indexMs: number
  criticalityMs: number
  /** The longest that others waited while criticality was computed. */
  longestSliceMs: number
  times: QueryTimes[]
}

/** Asks each kind of question about random entities of a random graph. */
export async function measureQueries(entities: number, relations: number): Promise<QueryFigures> {
  const graph = layeredGraph(1, entities, relations)
  const { value: index, cpuMs: indexMs } = await measure(() => createGraphIndex(graph))
  const criticality = createCriticality(index)
  const watch = watchEventLoop()
  const { value: scores, cpuMs: criticalityMs } = await measure(() => criticality.scores())
  const longestSliceMs = watch.stop()
  const questions = {
    ...questionsTo(index, graph),
    rank_critical: () => rankCritical(index, scores, { metric: 'spof', limit: 20 }),
  }
  const times: QueryTimes[] = []
  for (const [query, ask] of Object.entries(questions)) times.push({ query, ...(await percentiles(ask)) })
  return { entities, relations, indexMs, criticalityMs, longestSliceMs, times }
}

/** Prints all figures of a graph as Markdown, to be kept in docs/performance.md. */
export async function printQueries(size = 10_000): Promise<void> {
  const figures = await measureQueries(size, size * 5)
  console.log(`
Questions to ${size.toLocaleString('en')} entities and ${(size * 5).toLocaleString('en')} relations, CPU time: index ${figures.indexMs.toFixed(0)} ms,
criticality ${figures.criticalityMs.toFixed(0)} ms in slices of at most ${figures.longestSliceMs.toFixed(0)} ms.

| question | p50 ms | p95 ms |
| --- | --: | --: |`)
  for (const { query, p50Ms, p95Ms } of figures.times)
    console.log(`| ${query} | ${p50Ms.toFixed(2)} | ${p95Ms.toFixed(2)} |`)
}

function questionsTo(index: GraphIndex, graph: Graph): Record<string, () => unknown> {
  const random = randomNumbers(2)
  const any = () => Math.floor(random() * index.entities.length)
  const nameOf = (ordinal: number) => index.entities[ordinal]?.name ?? ''
  const path = (undirected: boolean) => ({ from: any(), to: any(), count: 5, maxHops: 8, undirected })
  return {
    'closure upstream': () => findClosure(index, [any()], { direction: 'upstream' }),
    'closure downstream': () => findClosure(index, [any()], { direction: 'downstream' }),
    'closure, certain only': () =>
      findClosure(index, [any()], { direction: 'downstream', includeInferred: false, minConfidence: 0.5 }),
    'relations by level, depth 6': () =>
      findDependencies(index, any(), { direction: 'downstream', depth: 6 }),
    '5 shortest paths': () => findShortestPaths(index, path(false)),
    '5 shortest paths, undirected': () => findShortestPaths(index, path(true)),
    'points on all paths': () => findCutPoints(index, path(false)),
    'impact of a failure': () => analyzeImpact(index, { changed: [any()], change: 'failure' }),
    cycles: () => findCycles(index),
    'single points of failure': () => findSinglePoints(index),
    'all issues': () => findIssues(index, { now: 0 }),
    similar: () => findSimilar(index, any(), 10),
    'compare 5, closure': () =>
      compareDependencies(index, { compared: Array.from({ length: 5 }, any), direction: 'downstream' }),
    overview: () => describeOverview(index),
    'search a word': () => searchEntities(index, { query: nameOf(any()).slice(0, 8), limit: 20 }),
    'search with a typing error': () => searchEntities(index, { query: misspelt(nameOf(any())), limit: 20 }),
    'difference of two revisions': () =>
      findDifference(graph, { ...graph, relations: graph.relations.slice(1) }),
  }
}

function misspelt(name: string): string {
  return name.replace(/(.)(.)(.)$/, '$2$1$3')
}

const minAsked = 5
const maxAsked = 60
const maxMs = 120

async function percentiles(ask: () => unknown): Promise<Omit<QueryTimes, 'query'>> {
  // The first ones are compiled while they run.
  for (let round = 0; round < 2; round += 1) ask()
  const durations: number[] = []
  const end = performance.now() + maxMs
  while (durations.length < minAsked || (durations.length < maxAsked && performance.now() < end))
    durations.push((await measure(ask)).cpuMs)
  return { p50Ms: percentileOf(durations, 0.5), p95Ms: percentileOf(durations, 0.95) }
}

/** Measures the longest time between two turns of the event loop. */
function watchEventLoop(): { stop: () => number } {
  let longest = 0
  let last = performance.now()
  let isOver = false
  const turn = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  return {
    stop: () => {
      isOver = true
      return longest
    },
  }
}
