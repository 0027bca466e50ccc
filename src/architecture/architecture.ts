import { Conflict, type Blobs } from '../storage/contract.ts'
import { DomainError } from '../domain/errors.ts'
import { createGraphIndex, type GraphIndex } from './graph-index.ts'
import { readKubernetes } from './importers/kubernetes/importer.ts'
import type { ImportFile } from './importers/kubernetes/manifest-reader.ts'
import type { Graph } from './model.ts'
import { sampleFiles } from './sample.ts'
import { decodeSnapshot, emptySnapshot, encodeSnapshot, graphOf, replaceSource } from './snapshot.ts'

/** Every organization's architecture graph: read at its newest revision, changed by imports. */
export interface Architecture {
  /** The newest revision, also when another process wrote it; without any import an empty graph of revision 0. */
  readonly load: (organizationId: string) => Promise<LoadedGraph>
  /**
   * Replaces what `source` (`kubernetes` by default) said before by what these manifests say. All or nothing.
   * @throws {DomainError} `import_refused` with `FILE:LINE: why`; the graph stays as it was.
   */
  readonly importKubernetes: (
    organizationId: string,
    files: readonly ImportFile[],
    options?: { source?: string },
  ) => Promise<ImportResult>
  /** Imports the invented system that shows what the product can do, as the source `sample`. */
  readonly importSample: (organizationId: string) => Promise<ImportResult>
  /** Deletes everything known about an organization. */
  readonly erase: (organizationId: string) => Promise<void>
}

/** A graph and the index built once for its revision. */
export interface LoadedGraph {
  graph: Graph
  index: GraphIndex
}

/** What an import did. */
export interface ImportResult {
  source: string
  revision: number
  /** False when the source said the same before; then there is no new revision. */
  changed: boolean
  files: number
  documents: number
  entities: number
  relations: number
  /** References of entities that are used but described nowhere. */
  unresolved: string[]
  /** How many documents of each kind say nothing about dependencies. */
  ignored: Record<string, number>
  /** What was left out and why, each with file and line. */
  warnings: string[]
}

const keptGraphs = 32
const importAttempts = 20

/** @returns the graphs kept in `blobs`, under `graph:{organizationId}`. */
export function createArchitecture({ blobs, now }: { blobs: Blobs; now: () => number }): Architecture {
  /** In the order of last use. Only a cache: every load asks the store whether there is a newer revision. */
  const loaded = new Map<string, LoadedGraph>()

  const remember = (organizationId: string, graph: LoadedGraph): LoadedGraph => {
    loaded.delete(organizationId)
    loaded.set(organizationId, graph)
    const [oldest] = loaded.keys()
    if (loaded.size > keptGraphs && oldest !== undefined) loaded.delete(oldest)
    return graph
  }

  const load = async (organizationId: string): Promise<LoadedGraph> => {
    const known = loaded.get(organizationId)
    const blob = await blobs.get(
      keyOf(organizationId),
      known === undefined ? {} : { unlessRevision: known.graph.revision },
    )
    if (known !== undefined && blob === 'unchanged') return remember(organizationId, known)
    if (blob === undefined || blob === 'unchanged') return withIndex(graphOf(emptySnapshot, 0))
    return remember(organizationId, withIndex(graphOf(await decodeSnapshot(blob.bytes), blob.revision)))
  }

  const importKubernetes: Architecture['importKubernetes'] = async (organizationId, files, options = {}) => {
    const { claims, ...reading } = readKubernetes(files)
    const source = {
      id: sourceId(options.source),
      kind: 'kubernetes' as const,
      files: files.length,
      importedAt: now(),
    }
    for (let attempt = 0; attempt < importAttempts; attempt += 1) {
      const blob = await blobs.get(keyOf(organizationId))
      const stored = blob === undefined || blob === 'unchanged' ? undefined : blob
      const before = stored === undefined ? emptySnapshot : await decodeSnapshot(stored.bytes)
      const after = replaceSource(before, source, claims)
      const revision = stored?.revision ?? 0
      const written =
        after === undefined
          ? revision
          : await putUnlessRaced(keyOf(organizationId), await encodeSnapshot(after), revision)
      if (written === undefined) continue
      return {
        ...reading,
        source: source.id,
        revision: written,
        changed: after !== undefined,
        files: files.length,
        entities: claims.entities.length,
        relations: claims.relations.length,
        unresolved: claims.entities.filter(({ kind }) => kind === 'unresolved').map(({ ref }) => ref),
      }
    }
    throw new DomainError(
      'conflict',
      'Other imports into this organization kept coming in between. Try again.',
    )
  }

  const putUnlessRaced = async (
    key: string,
    bytes: Uint8Array,
    expected: number,
  ): Promise<number | undefined> => {
    try {
      return await blobs.put(key, bytes, expected)
    } catch (error) {
      if (error instanceof Conflict) return undefined
      throw error
    }
  }

  return {
    load,
    importKubernetes,
    importSample: async (organizationId) =>
      importKubernetes(organizationId, sampleFiles, { source: 'sample' }),
    erase: async (organizationId) => {
      loaded.delete(organizationId)
      await blobs.delete(keyOf(organizationId))
    },
  }
}

function withIndex(graph: Graph): LoadedGraph {
  return { graph, index: createGraphIndex(graph) }
}

function keyOf(organizationId: string): string {
  return `graph:${organizationId}`
}

function sourceId(name = 'kubernetes'): string {
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) return name
  const message = 'A source is named with up to 63 lower-case letters, digits, dots, dashes and underscores.'
  throw new DomainError('invalid_input', message, { field: 'source' })
}
