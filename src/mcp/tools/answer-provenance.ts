import type { RevisionRecord } from '../../architecture/history.ts'
import type { LoadedGraph } from '../../architecture/loading.ts'
import type { Graph, ImporterType, Source } from '../../architecture/model.ts'
import type { AnswerContent } from './answer-text.ts'
import type { ToolContext } from './define-tool.ts'

/** What every answer ends with. */
export interface Provenance {
  revision: number
  /** Where a former revision was asked for. */
  newest_revision?: number | undefined
  as_of?: string | undefined
  environment?: string | undefined
  freshness: string[]
}

/** So many sources are told one by one, those with trouble first. */
const mostSources = 6
/** What was not looked at again for so long may have changed without anybody noticing. */
const staleSourceAfter = 7 * 24 * 60 * 60_000
const longestFailure = 120

/** Which state of the graph an answer speaks of, and how old its sources are; a failed or stale one is said. */
export function presentProvenance(
  { graph, newest, history }: Pick<LoadedGraph, 'graph' | 'newest' | 'history'>,
  { now, environment }: { now: number; environment?: string | undefined },
): Provenance {
  const isFormer = graph.revision !== newest
  return {
    revision: graph.revision,
    newest_revision: isFormer ? newest : undefined,
    as_of: isFormer ? timeOf(history, graph.revision) : undefined,
    environment,
    freshness: presentFreshness(graph.sources, now),
  }
}

function timeOf(history: readonly RevisionRecord[], revision: number): string | undefined {
  const record = history.findLast((each) => each.revision === revision)
  return record === undefined ? undefined : new Date(record.at).toISOString()
}

function presentFreshness(sources: readonly Source[], now: number): string[] {
  const trouble = (source: Source) =>
    source.failure === undefined ? Number(now - source.checkedAt > staleSourceAfter) : 2
  const ordered = sources.toSorted((a, b) => trouble(b) - trouble(a))
  const told = ordered.slice(0, mostSources).map((source) => presentSource(source, now))
  const rest = ordered.slice(mostSources)
  if (rest.length === 0) return told
  const oldest = Math.min(...rest.map(({ checkedAt }) => checkedAt))
  return [...told, `${rest.length} more sources, all read within ${presentAge(now - oldest)}`]
}

function presentSource(source: Source, now: number): string {
  const { kind, files, importedAt, checkedAt, failure } = source
  const isReadSince = presentAge(now - checkedAt) !== presentAge(now - importedAt)
  const parts = [
    files === 0 ? undefined : counted(files, 'file'),
    `changed ${presentAge(now - importedAt)} ago`,
    isReadSince ? `read ${presentAge(now - checkedAt)} ago` : undefined,
    now - checkedAt > staleSourceAfter ? 'STALE' : undefined,
    failure === undefined
      ? undefined
      : `FAILED ${presentAge(now - failure.at)} ago: ${failure.message.slice(0, longestFailure)}`,
  ]
  const name = source.id === kind ? kind : `${source.id} (${kind})`
  return `${name}: ${parts.filter((part) => part !== undefined).join(', ')}`
}

/** Kinds of sources whose absence weakens a negative, and what each would have told. */
const expectedSources: { what: string; kinds: readonly ImporterType[] }[] = [
  { what: 'traces', kinds: ['traces'] },
  { what: 'manifests', kinds: ['kubernetes', 'compose'] },
  { what: 'catalog', kinds: ['backstage', 'declared'] },
]

/** Bounds a negative: what is not there is not there in these sources, and others were never asked. */
export function presentBounds(graph: Graph, environment?: string): string {
  const present = new Set(graph.sources.map(({ kind }) => kind))
  const missing = expectedSources.filter(({ kinds }) => !kinds.some((kind) => present.has(kind)))
  const ids = [...new Set(graph.sources.map(({ id }) => id))]
  const more = ids.length > mostSources ? ` and ${ids.length - mostSources} more` : ''
  const sources = [
    `sources: ${ids.slice(0, mostSources).join(', ')}${more}`,
    ...missing.map(({ what }) => `no ${what}`),
  ]
  const where = environment === undefined ? '' : ` of ${environment}`
  return `in revision ${graph.revision}${where} (${sources.join('; ')})`
}

/** Instead of an answer where nothing was imported: what the model's user can do. */
export function presentEmptyGraph({
  principal,
  publicUrl,
}: Pick<ToolContext, 'principal' | 'publicUrl'>): AnswerContent {
  const { slug, name } = principal.organization
  return {
    summary: `The architecture graph of ${name} is empty: nothing was imported yet. This says nothing about what exists.`,
    next_step: `Someone with access to the server imports Kubernetes manifests: opentrace import --organization ${slug} FILES…`,
    dashboard: `${publicUrl}/organizations/${slug}/architecture`,
    revision: 0,
  }
}

/** Such as `3 minutes`. */
export function presentAge(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000))
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return counted(minutes, 'minute')
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? counted(hours, 'hour') : counted(Math.floor(hours / 24), 'day')
}

/** @returns such as `1 minute` or `3 minutes` */
export function counted(count: number, unit: string, units = `${unit}s`): string {
  return `${count} ${count === 1 ? unit : units}`
}
