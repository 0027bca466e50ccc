import { z } from 'zod'
import { restrictTo } from '../../architecture/environments.ts'
import { indexGraph, type LoadedGraph } from '../../architecture/loading.ts'
import { resolveRevision, type RevisionRecord } from '../../architecture/history.ts'
import type { Graph } from '../../architecture/model.ts'
import { findDifference } from '../../architecture/queries/difference.ts'
import { DomainError } from '../../domain/errors.ts'
import { cursorInput, paginate } from './answer-cursor.ts'
import { presentPage } from './answer-page.ts'
import { listChanges, presentChanges } from './answer-changes.ts'
import { presentAge } from './answer-provenance.ts'
import { defineGraphTool, type AskedGraph } from './graph-tool.ts'
import { readScope } from './graph-scope.ts'

const mostRevisions = 8

/** What is different from before. */
export const getChanges = defineGraphTool({
  name: 'get_changes',
  title: 'Get changes',
  description:
    'Tells what changed between two states of the architecture: entities and relations that were added, removed or changed, and which imports and sources did it. Without since it tells the newest change. Use it when something broke, to see what is new, or to review what an import did.',
  input: {
    since: z
      .union([z.string().min(1).max(40), z.int().min(0).max(1e9)])
      .optional()
      .describe('Compare with this revision or ISO time; by default the revision before'),
    until: z
      .union([z.string().min(1).max(40), z.int().min(0).max(1e9)])
      .optional()
      .describe('Revision or ISO time; by default the newest'),
    scope: z
      .string()
      .min(1)
      .max(600)
      .optional()
      .describe('Only of this team, system, namespace or around this entity'),
    namespace: z.string().min(1).max(200).optional().describe('Only of this namespace'),
    cursor: cursorInput,
  },
  async answer(input, asked) {
    const { since, until, environment, cursor } = input
    const after = until === undefined ? asked : inEnvironment(await asked.loadAt(String(until)), environment)
    const before = await loadBefore(asked, { since, after, environment })
    const [from, to] = [before.graph.revision, after.graph.revision]
    if (from > to) {
      const message = `since (revision ${from}) lies after until (revision ${to}).`
      throw new DomainError('invalid_input', message, { field: 'since' })
    }
    const { words, refs } = readScopeOfBoth(asked, input)
    const difference = findDifference(before.graph, after.graph)
    const items = listChanges(difference, refs)
    const question = ['get_changes', from, to, input.scope, input.namespace, environment]
    const pagination = paginate(cursor, asked.graph.revision, question)
    const records = asked.history.filter(({ revision }) => revision > from && revision <= to)
    return presentPage(asked, {
      items: items.slice(pagination.offset),
      total: items.length,
      pagination,
      render: (shown) => ({
        summary:
          items.length === 0
            ? `Nothing changed${words} from revision ${from} to ${to}, ${asked.bounds}.`
            : `${items.length} ${items.length === 1 ? 'change' : 'changes'}${words} from revision ${from} to ${to}.`,
        ...presentChanges(shown, { before: before.index, after: after.index }),
        revisions: presentRecords(records, asked.now),
      }),
      entitiesOf: (shown) => shown.flatMap((change) => change.refs),
    })
  },
})

async function loadBefore(
  asked: AskedGraph,
  question: {
    since: string | number | undefined
    after: LoadedGraph
    environment: string | undefined
  },
): Promise<LoadedGraph> {
  const { since, after, environment } = question
  const { history, newest } = asked
  const first = history[0]
  const wanted = since ?? after.graph.revision - 1
  // Before the first import there was nothing, of which no revision is kept.
  const isBeforeAll =
    first?.revision === 1 && (isZero(wanted) || Date.parse(String(wanted)) < first.at) && !isRevision(wanted)
  if (isZero(wanted) || isBeforeAll)
    return indexGraph({ revision: 0, entities: [], relations: [], sources: [] })
  const revision = resolveRevision(history, newest, String(wanted), 'since')
  return inEnvironment(await asked.loadAt(String(revision)), environment)
}

function isZero(wanted: string | number): boolean {
  return String(wanted) === '0'
}

function isRevision(wanted: string | number): boolean {
  return /^[1-9]\d*$/.test(String(wanted))
}

/** An environment may not have been there before. */
function inEnvironment(loaded: LoadedGraph, environment: string | undefined): LoadedGraph {
  if (environment === undefined) return loaded
  const isKnown = loaded.environments.includes(environment.toLowerCase())
  const graph: Graph = isKnown
    ? restrictTo(loaded.graph, environment)
    : { ...loaded.graph, entities: [], relations: [] }
  return indexGraph(graph)
}

/** References in scope; absent: all. What is gone counts by what it was part of by name. */
function readScopeOfBoth(
  asked: AskedGraph,
  input: { scope?: string | undefined; namespace?: string | undefined },
): { words: string; refs?: ReadonlySet<string> | undefined } {
  const { words, ordinals } = readScope(asked, input)
  if (ordinals === undefined) return { words }
  return { words, refs: new Set([...ordinals].map((ordinal) => asked.index.entities[ordinal]?.ref ?? '')) }
}

/** Newest first. */
function presentRecords(records: readonly RevisionRecord[], now: number): string[] {
  const told = records.toReversed().slice(0, mostRevisions)
  const more = records.length - told.length
  return [
    ...told.map(({ revision, at, cause, source, counts: { entities, relations } }) => {
      const of = source === undefined ? '' : ` of ${source}`
      return `revision ${revision}, ${presentAge(now - at)} ago, ${cause}${of}: entities ${count(entities)}, relations ${count(relations)}`
    }),
    ...(more > 0 ? [`and ${more} before`] : []),
  ]
}

function count({ added, removed, changed }: { added: number; removed: number; changed: number }): string {
  return `+${added} -${removed} changed ${changed}`
}
