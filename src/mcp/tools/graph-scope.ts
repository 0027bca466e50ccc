import { z } from 'zod'
import { entityAt, forEachStep, type GraphIndex } from '../../architecture/graph-index.ts'
import { isGroup } from '../../architecture/kind-groups.ts'
import { unknownName } from '../../architecture/queries/entity-resolution.ts'
import type { RelationType } from '../../architecture/model.ts'
import type { AskedGraph } from './graph-tool.ts'

/** The inputs that {@link readScope} reads. */
export const scopeInputs = {
  scope: z
    .string()
    .min(1)
    .max(600)
    .optional()
    .describe('Only of this team, system, namespace or around this entity'),
  namespace: z.string().min(1).max(200).optional().describe('Only of this namespace'),
}

/** A part of the graph that a question is limited to. */
export interface GraphScope {
  /** Absent: everything. */
  ordinals?: ReadonlySet<number> | undefined
  /** Such as ` in namespace shop`, for a summary. */
  words: string
}

const belonging: ReadonlySet<RelationType> = new Set(['owned_by', 'part_of', 'source_in'])

/**
 * What a scope means: a namespace; all that a team owns or that a system, domain or repository consists of, also through
 * others; or one entity and its direct neighbours.
 * @throws {DomainError} `not_found` with candidates
 */
export function readScope(
  asked: AskedGraph,
  { scope, namespace }: { scope?: string | undefined; namespace?: string | undefined },
): GraphScope {
  const parts = [
    namespace === undefined ? undefined : requireNamespace(asked.index, namespace),
    scope === undefined ? undefined : readText(asked, scope),
  ].filter((part) => part !== undefined)
  const [first, second] = parts
  if (first === undefined) return { words: '' }
  if (second === undefined) return first
  const both = [...(first.ordinals ?? [])].filter((ordinal) => second.ordinals?.has(ordinal))
  return { ordinals: new Set(both), words: first.words + second.words }
}

function readText(asked: AskedGraph, text: string): GraphScope {
  const { index } = asked
  const wanted = text.trim().toLowerCase()
  const named = index.names.byName.get(wanted) ?? []
  const groups = named.filter((ordinal) => isGroup(entityAt(index, ordinal).kind))
  const [group, another] = groups
  if (group !== undefined && another === undefined) return scopeOfGroup(index, group)
  const members = ofNamespace(index, wanted)
  if (members.size > 0) return { ordinals: members, words: ` in namespace ${wanted}` }
  const ordinal = asked.resolve(text, 'scope')
  const { kind, ref } = entityAt(index, ordinal)
  if (isGroup(kind)) return scopeOfGroup(index, ordinal)
  const around = new Set([ordinal])
  for (const direction of ['upstream', 'downstream'] as const)
    forEachStep(index, ordinal, direction, (neighbour) => around.add(neighbour))
  return { ordinals: around, words: ` around ${ref}` }
}

function requireNamespace(index: GraphIndex, namespace: string): GraphScope {
  const members = ofNamespace(index, namespace.trim().toLowerCase())
  if (members.size === 0) throw unknownName(index, namespace, 'namespace')
  return { ordinals: members, words: ` in namespace ${namespace}` }
}

function ofNamespace(index: GraphIndex, namespace: string): Set<number> {
  const members = new Set<number>()
  index.names.texts().forEach((text, ordinal) => {
    if (text.namespace === namespace) members.add(ordinal)
  })
  return members
}

function scopeOfGroup(index: GraphIndex, group: number): GraphScope {
  const members = new Set([group])
  const queue = [group]
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    forEachStep(index, at, 'upstream', (member, { type }) => {
      if (!belonging.has(type) || members.has(member)) return
      members.add(member)
      queue.push(member)
    })
  }
  return { ordinals: members, words: ` of ${entityAt(index, group).ref}` }
}
