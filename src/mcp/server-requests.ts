import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/server'
import type { Artifacts } from '../storage/contract.ts'
import type { ProtocolSession } from './protocol-sessions.ts'

export type ServerRequests = ReturnType<typeof createServerRequests>

/** A person may have to answer. */
const patience = 10 * 60 * 1000

/**
 * What the server has asked clients (elicitation, sampling) and not been answered. Only an answer to one of these is
 * passed on to the process that waits, and only once.
 */
export function createServerRequests({ artifacts, now }: { artifacts: Artifacts; now: () => number }) {
  async function note(session: ProtocolSession, id: RequestId): Promise<void> {
    await artifacts.put({
      model: 'ServerRequest',
      id: nameOf(session, id),
      payload: {},
      expiresAt: now() + patience,
    })
  }

  /** Whether this is the first answer to something that was asked in this session. */
  async function claim(session: ProtocolSession, id: RequestId): Promise<boolean> {
    return (await artifacts.consume('ServerRequest', nameOf(session, id), { graceSeconds: 0 })) === 'first'
  }

  return { note, claim }
}

function nameOf(session: ProtocolSession, id: RequestId): string {
  return `${session.key}:${id}`
}

/**
 * Server objects count their requests from 0, each its own. With the name of the call before it, an id is unique in the
 * session and tells which call an answer belongs to.
 */
export function qualifyRequest(message: JSONRPCMessage, call: string): JSONRPCMessage {
  if ('id' in message) return { ...message, id: `${call}.${message.id}` }
  if (!('method' in message) || message.method !== 'notifications/cancelled') return message
  return {
    ...message,
    params: { ...message.params, requestId: `${call}.${String(message.params?.['requestId'])}` },
  }
}

/** The answer to a request of this call, under the id its server object knows; undefined when it is another's. */
export function unqualifyAnswer(answer: JSONRPCMessage, call: string): JSONRPCMessage | undefined {
  if (!('id' in answer) || typeof answer.id !== 'string' || !answer.id.startsWith(`${call}.`))
    return undefined
  return { ...answer, id: Number(answer.id.slice(call.length + 1)) }
}
