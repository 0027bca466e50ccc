import { DomainError } from '../domain/errors.ts'
import { createCriticality, type Criticality } from './criticality.ts'
import { createFindings, type Findings } from './findings.ts'
import { environmentsOf, restrictTo } from './environments.ts'
import { createGraphIndex, type GraphIndex } from './graph-index.ts'
import type { GraphStore } from './graph-store.ts'
import { resolveRevision, type RevisionRecord } from './history.ts'
import { graphOf } from './joined-graph.ts'
import type { JoinDecision } from './joining.ts'
import type { Graph } from './model.ts'
import { findDifference, type GraphDifference } from './queries/difference.ts'
import { describeOverview, type Overview } from './queries/overview.ts'
import { emptySnapshot, type Snapshot } from './snapshot.ts'

/** A graph and the index built once for its revision. */
export interface LoadedGraph {
  graph: Graph
  index: GraphIndex
  /** Computed when it is first asked for. */
  criticality: Criticality
  /** Looked for when first asked for. */
  findings: Findings
  /** Described when first asked for. */
  overview: () => Overview
  /** That occur in the whole graph of this revision. */
  environments: readonly string[]
  /** The newest revision there is, when another was asked for. */
  newest: number
  /** What changed up to this revision, newest last. */
  history: readonly RevisionRecord[]
  decisions: readonly JoinDecision[]
  /** What is different from another loaded graph; compared once. */
  changesSince: (before: Graph) => GraphDifference
}

/** Which graph is meant; by default all of the newest. */
export interface GraphRequest {
  /** A revision, or a time. */
  asOf?: string | undefined
  environment?: string | undefined
}

/** What was there before anything was imported. */
export const emptyGraph: Graph = { revision: 0, entities: [], relations: [], sources: [] }

/** Loads graphs, each parsed and indexed once for each process and revision. */
export interface Loading {
  /**
   * The newest revision, also when another process wrote it; without any import an empty graph of revision 0.
   * @throws {DomainError} `not_found` or `invalid_input` for a revision or environment that there is not
   */
  readonly load: (organizationId: string, request?: GraphRequest) => Promise<LoadedGraph>
  readonly forget: (organizationId: string) => void
}

interface Kept {
  /** Of the newest snapshot, which may be written anew. */
  written: number | undefined
  whole: LoadedGraph
  byEnvironment: Map<string, LoadedGraph>
}

const keptGraphs = 32

/** @returns a cache over the store: every load asks the store whether there is something newer. */
export function createLoading({ store }: { store: GraphStore }): Loading {
  /** In the order of last use. By organization, and by organization and revision for former ones. */
  const kept = new Map<string, Kept>()

  const remember = (key: string, graph: Kept): Kept => {
    kept.delete(key)
    kept.set(key, graph)
    const [oldest] = kept.keys()
    if (kept.size > keptGraphs && oldest !== undefined) kept.delete(oldest)
    return graph
  }

  const loadNewest = async (organizationId: string): Promise<Kept> => {
    const known = kept.get(organizationId)
    const found = await store.readNewest(organizationId, known?.written)
    if (known !== undefined && found === 'unchanged') return remember(organizationId, known)
    if (found === undefined || found === 'unchanged') return { ...prepare(emptySnapshot), written: undefined }
    return remember(organizationId, { ...prepare(found.snapshot), written: found.written })
  }

  const loadRevision = async (organizationId: string, newest: Kept, asOf: string): Promise<Kept> => {
    const { whole } = newest
    const revision = resolveRevision(whole.history, whole.graph.revision, asOf)
    if (revision === whole.graph.revision) return newest
    const key = `${organizationId} ${revision}`
    const known = kept.get(key)
    if (known !== undefined) return remember(key, known)
    const snapshot = await store.readRevision(organizationId, revision)
    if (snapshot === undefined)
      throw new DomainError('not_found', `Revision ${revision} is not kept any more.`, { field: 'as_of' })
    return remember(key, { ...prepare(snapshot), written: undefined })
  }

  return {
    load: async (organizationId, { asOf, environment } = {}) => {
      const newest = await loadNewest(organizationId)
      const chosen = asOf === undefined ? newest : await loadRevision(organizationId, newest, asOf)
      const loaded = environment === undefined ? chosen.whole : ofEnvironment(chosen, environment)
      return loaded.newest === newest.whole.graph.revision
        ? loaded
        : { ...loaded, newest: newest.whole.graph.revision }
    },
    forget: (organizationId) => {
      for (const key of kept.keys()) if (key.split(' ')[0] === organizationId) kept.delete(key)
    },
  }
}

function prepare(snapshot: Snapshot): Pick<Kept, 'whole' | 'byEnvironment'> {
  return { whole: indexGraph(graphOf(snapshot), snapshot), byEnvironment: new Map() }
}

/** Makes a graph ready for questions. */
export function indexGraph(
  graph: Graph,
  { history, decisions }: Pick<Snapshot, 'history' | 'decisions'> = emptySnapshot,
): LoadedGraph {
  const environments = environmentsOf(graph.entities)
  return { ...withIndex(graph), environments, newest: graph.revision, history, decisions }
}

function ofEnvironment({ whole, byEnvironment }: Kept, environment: string): LoadedGraph {
  const known = byEnvironment.get(environment)
  if (known !== undefined) return known
  const loaded = { ...whole, ...withIndex(restrictTo(whole.graph, environment)) }
  byEnvironment.set(environment, loaded)
  return loaded
}

function withIndex(
  graph: Graph,
): Pick<LoadedGraph, 'graph' | 'index' | 'criticality' | 'findings' | 'overview' | 'changesSince'> {
  const index = createGraphIndex(graph)
  const differences = new WeakMap<Graph, GraphDifference>()
  const changesSince = (before: Graph) => {
    const difference = differences.get(before) ?? findDifference(before, graph)
    differences.set(before, difference)
    return difference
  }
  let overview: Overview | undefined
  return {
    graph,
    index,
    criticality: createCriticality(index),
    findings: createFindings(index),
    overview: () => (overview ??= describeOverview(index)),
    changesSince,
  }
}
