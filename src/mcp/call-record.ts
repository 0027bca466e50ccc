import { type AuditedAct, type AuditEvent, mostEntities } from '../domain/audit-log.ts'
import type { Principal } from '../domain/principal.ts'
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
  return {
    type: 'tool.called',
    tool,
    entities: [...new Set(entities)].slice(0, mostEntities),
    outcome,
    resultBytes: Buffer.byteLength(text),
    durationMs,
    address,
    ...presentAccess(principal),
  }
}

function presentAccess(principal: Principal) {
  if (principal.kind === 'user') {
    const { user, clientSession } = principal
    const { id: clientSessionId, clientName } = clientSession
    return { actor: { kind: 'user', id: user.id }, clientSessionId, clientName } as const
  }
  const { serviceAccount, token } = principal
  const actor = { kind: 'service_account', id: serviceAccount.id } as const
  return { actor, apiTokenId: token.id, tokenName: token.name }
}
