import type { Graph } from '../../architecture/model.ts'
import type { AnswerContent } from './answer-text.ts'
import type { ToolContext } from './define-tool.ts'

/** What every answer ends with: which state of the graph it speaks of, and how old its sources are. */
export function presentProvenance(graph: Graph, now: number): { revision: number; freshness: string[] } {
  const freshness = graph.sources.map(({ id, kind, files, importedAt }) => {
    const name = id === kind ? kind : `${id} (${kind})`
    return `${name}: ${files} ${files === 1 ? 'file' : 'files'}, changed ${presentAge(now - importedAt)} ago`
  })
  return { revision: graph.revision, freshness }
}

/** Bounds a negative: what is not there is not there in these sources. */
export function presentBounds(graph: Graph): string {
  return `in revision ${graph.revision} (sources: ${graph.sources.map(({ id }) => id).join(', ')})`
}

/** Instead of an answer where nothing was imported: what the model's user can do. */
export function presentEmptyGraph({ principal, publicUrl }: ToolContext): AnswerContent {
  const { slug, name } = principal.organization
  return {
    summary: `The architecture graph of ${name} is empty: nothing was imported yet. This says nothing about what exists.`,
    next_step: `Someone with access to the server imports Kubernetes manifests: opentrace import --organization ${slug} FILES…`,
    dashboard: `${publicUrl}/organizations/${slug}/architecture`,
    revision: 0,
  }
}

function presentAge(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000))
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return counted(minutes, 'minute')
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? counted(hours, 'hour') : counted(Math.floor(hours / 24), 'day')
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
