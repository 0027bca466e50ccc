import { z } from 'zod'
import { emptyGraph, indexGraph, type LoadedGraph } from '../../architecture/loading.ts'
import { resolveRevision, type RevisionRecord } from '../../architecture/history.ts'
import { DomainError } from '../../domain/errors.ts'
import { cursorInput, paginate } from './answer-cursor.ts'
import { presentPage } from './answer-page.ts'
import { listChanges, presentChanges } from './answer-changes.ts'
import { presentAge } from './answer-provenance.ts'
import { defineGraphTool, type AskedGraph } from './graph-tool.ts'
import { readScope, scopeInputs } from './graph-scope.ts'

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
    ...scopeInputs,
    cursor: cursorInput,
  },
  async answer(input, asked) {
    const { since, until, environment, cursor } = input
    const after = until === undefined ? asked : await asked.loadAt(String(until))
    const before = await loadBefore(asked, since, after)
    const [from, to] = [before.graph.revision, after.graph.revision]
    if (from > to) {
      const message = `since (revision ${from}) lies after until (revision ${to}).`
      throw new DomainError('invalid_input', message, { field: 'since' })
    }
    const { words, refs } = readScopeOfBoth(asked, input)
    const difference = after.changesSince(before.graph)
    const question = ['get_changes', from, to, input.scope, input.namespace, environment]
    const pagination = paginate(cursor, asked.graph.revision, question)
    const { items, total } = listChanges(difference, { scope: refs, offset: pagination.offset })
    const records = asked.history.filter(({ revision }) => revision > from && revision <= to)
    return presentPage(asked, {
      items,
      total,
      pagination,
      render: (shown) => ({
        summary:
          total === 0
            ? `Nothing changed${words} from revision ${from} to ${to}, ${asked.bounds()}.`
            : `${total} ${total === 1 ? 'change' : 'changes'}${words} from revision ${from} to ${to}.`,
        ...presentChanges(shown, { before: before.index, after: after.index }),
        revisions: presentRecords(records, asked.now),
      }),
      entitiesOf: (shown) => shown.flatMap((change) => change.refs),
    })
  },
})

async function loadBefore(
  asked: AskedGraph,
  since: string | number | undefined,
  after: LoadedGraph,
): Promise<LoadedGraph> {
  const { history, newest } = asked
  const first = history[0]
  const wanted = String(since ?? after.graph.revision - 1)
  // Before the first import there was nothing, of which no revision is kept.
  const isBeforeAll = first?.revision === 1 && !/^[1-9]\d*$/.test(wanted) && Date.parse(wanted) < first.at
  if (wanted === '0' || isBeforeAll) return indexGraph(emptyGraph)
  return asked.loadAt(String(resolveRevision(history, newest, wanted, 'since')))
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
