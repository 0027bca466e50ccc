import type { GraphIndex } from './graph-index.ts'
import { measureBetweenness, type Betweenness } from './queries/betweenness.ts'
import { rankPages } from './queries/pagerank.ts'
import { singlePointSteps, type SinglePointSignals } from './queries/single-points.ts'
import { countTransitiveDependents } from './queries/transitive-counts.ts'
import { runInSlices, type Steps } from './slices.ts'

/** How much depends on each entity, in several measures; arrays by ordinal. */
export interface CriticalityScores {
  pageRank: Float64Array
  betweenness: Betweenness
  /** How many entities depend on it, directly or through others. */
  transitiveDependents: Uint32Array
  singlePoints: SinglePointSignals
}

/** The scores of one graph, computed when they are first asked for, and once. */
export interface Criticality {
  /** Computes in slices: other requests are served in between. Asking while it computes waits for the same scores. */
  readonly scores: () => Promise<CriticalityScores>
}

/** To be kept beside the index, as long as it. */
export function createCriticality(index: GraphIndex): Criticality {
  let scores: Promise<CriticalityScores> | undefined
  return { scores: async () => await (scores ??= runInSlices(scoreEntities(index))) }
}

/** The same scores in steps, for whoever can wait for them all at once. */
export function* scoreEntities(index: GraphIndex): Steps<CriticalityScores> {
  const pageRank = yield* rankPages(index.dependencies)
  const singlePoints = yield* singlePointSteps(index)
  const transitiveDependents = yield* countTransitiveDependents(index.dependencies)
  const betweenness = yield* measureBetweenness(index.dependencies)
  return { pageRank, betweenness, transitiveDependents, singlePoints }
}
