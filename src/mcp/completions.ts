import type { CompleteRequestParams, CompleteResult } from '@modelcontextprotocol/server'
import type { Architecture } from '../architecture/architecture.ts'
import { byRank, entityAt, type GraphIndex } from '../architecture/graph-index.ts'
import type { EntityKind } from '../architecture/model.ts'
import { prompts } from './prompts.ts'
import { entityTemplate } from './resources.ts'
import type { Caller } from './tool-call.ts'
import { presentName } from './tools/answer-names.ts'

/** MCP allows no more in one answer. */
const mostValues = 100
const longestValue = 200

/**
 * Completes what a person types: references of entities in addresses of resources, names of entities and teams in
 * prompts. Only of the caller's organization. What cannot be completed has no completions, which is no error.
 */
export async function complete(
  { ref, argument }: CompleteRequestParams,
  { architecture, caller }: { architecture: Architecture; caller: Caller },
): Promise<CompleteResult> {
  const typed = argument.value.slice(0, longestValue)
  if (ref.type === 'ref/resource') {
    return ref.uri === entityTemplate && argument.name === 'ref'
      ? completeEntities(typed, { architecture, caller, as: 'reference' })
      : nothing
  }
  const prompt = prompts.find(({ name }) => name === ref.name)
  const completion = prompt?.arguments.find(({ name }) => name === argument.name)?.completion
  if (completion === undefined) return nothing
  if (completion === 'entity') return completeEntities(typed, { architecture, caller, as: 'name' })
  if (completion === 'team')
    return completeEntities(typed, { architecture, caller, as: 'name', kinds: ['team', 'user'] })
  const values = completion.filter((word) => word.startsWith(typed.trim().toLowerCase()))
  return { completion: { values, total: values.length, hasMore: false } }
}

const nothing: CompleteResult = { completion: { values: [], total: 0, hasMore: false } }

async function completeEntities(
  query: string,
  how: { architecture: Architecture; caller: Caller; as: 'reference' | 'name'; kinds?: EntityKind[] },
): Promise<CompleteResult> {
  const { architecture, caller, as, kinds } = how
  const { index } = await architecture.load(caller.principal.organization.id)
  const fitting = findBeginningWith(index, query.trim().toLowerCase()).filter(
    (ordinal) => kinds === undefined || kinds.includes(entityAt(index, ordinal).kind),
  )
  // A value is put where the typed text stood; the mark of an answer does not belong there.
  const values = fitting.slice(0, mostValues).map((ordinal) => {
    const entity = entityAt(index, ordinal)
    return as === 'reference' ? entity.ref : presentName(index, entity).replace(/\?$/, '')
  })
  return { completion: { values, total: fitting.length, hasMore: fitting.length > values.length } }
}

/** Ordinals of entities whose name or reference begins with a text, then of those that contain it elsewhere. */
function findBeginningWith(index: GraphIndex, text: string): number[] {
  const beginning: number[] = []
  const containing: number[] = []
  index.names.texts().forEach(({ name, ref, aliases }, ordinal) => {
    if (name.startsWith(text) || ref.startsWith(text)) beginning.push(ordinal)
    else if (ref.includes(text) || aliases.some((alias) => alias.includes(text))) containing.push(ordinal)
  })
  const rank = byRank(index)
  return [...beginning.toSorted(rank), ...containing.toSorted(rank)]
}
