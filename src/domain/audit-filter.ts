import { auditCatalogue, type AuditCategory, type AuditEventType } from './audit-catalogue.ts'
import type { Actor, AuditedAct } from './audit-log.ts'

/** Which entries of an audit log are meant; what is absent restricts nothing. Times are epoch milliseconds. */
export interface AuditFilter {
  /** Who did it, or whom it was done to. */
  who?: Actor | undefined
  what?: AuditCategory | AuditEventType | undefined
  /** A client session's id. */
  session?: string | undefined
  /** A reference of an entity a tool call told about. */
  entity?: string | undefined
  since?: number | undefined
  before?: number | undefined
}

/** The labels under which an act is found without reading those between, each once. */
export function labelsOf(act: AuditedAct): string[] {
  const { userId, serviceAccountId, clientSessionId } = act as Partial<Record<string, unknown>>
  const labels = [labelOfActor(act.actor)]
  const subjects = [
    typeof userId === 'string' ? labelOfActor({ kind: 'user', id: userId }) : undefined,
    typeof serviceAccountId === 'string'
      ? labelOfActor({ kind: 'service_account', id: serviceAccountId })
      : undefined,
  ]
  // People also do things to themselves.
  for (const label of subjects) if (label !== undefined && !labels.includes(label)) labels.push(label)
  labels.push(`what:${auditCatalogue[act.type].category}`)
  if (typeof clientSessionId === 'string') labels.push(`session:${clientSessionId}`)
  if (act.type === 'tool.called') for (const ref of act.entities) labels.push(`entity:${ref}`)
  return labels
}

/** The label that leaves least to read, and a test for what remains. */
export function planSearch(filter: AuditFilter): {
  label: string | undefined
  matches: (act: AuditedAct) => boolean
} {
  const { who, what, session, entity } = filter
  const isType = what !== undefined && what in auditCatalogue
  const category = isType ? auditCatalogue[what as AuditEventType].category : what
  const ofCategory = category === undefined ? [] : [`what:${category}`]
  // The rarest first, by what is common: most of any log are tool calls, and most of those by a few people.
  const wanted = [
    ...(entity === undefined ? [] : [`entity:${entity}`]),
    ...(session === undefined ? [] : [`session:${session}`]),
    ...(category === 'tool_calls' ? [] : ofCategory),
    ...(who === undefined ? [] : [labelOfActor(who)]),
    ...(category === 'tool_calls' ? ofCategory : []),
  ]
  const [label, ...others] = wanted
  return {
    label,
    matches(act) {
      if (isType && act.type !== what) return false
      if (others.length === 0) return true
      const labels = labelsOf(act)
      return others.every((other) => labels.includes(other))
    },
  }
}

function labelOfActor(actor: Actor): string {
  return 'id' in actor ? `who:${actor.kind}:${actor.id}` : `who:${actor.kind}`
}
