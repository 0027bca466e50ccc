import { type AuditedAct, type AuditEvent, mostEntities } from '../domain/audit-log.ts'
import type { Caller } from './tool-call.ts'

export type Outcome = Extract<AuditEvent, { type: 'tool.called' }>['outcome']

/** A tool call as the audit log keeps it: what it was about and how large it was, never what was said. */
export function presentCall(
  { principal, address }: Caller,
  call: {
    tool: string
    outcome: Outcome
    entities: readonly string[]
    /** All of the answer, which is measured. */
    text: string
    durationMs: number
  },
): AuditedAct {
  const { tool, outcome, entities, text, durationMs } = call
  const { user, clientSession } = principal
  return {
    type: 'tool.called',
    tool,
    clientSessionId: clientSession.id,
    clientName: clientSession.clientName,
    entities: [...new Set(entities)].slice(0, mostEntities),
    outcome,
    resultBytes: Buffer.byteLength(text),
    durationMs,
    actor: { kind: 'user', id: user.id },
    address,
  }
}
