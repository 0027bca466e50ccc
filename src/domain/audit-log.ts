import type { Logs } from '../storage/contract.ts'
import type { BlockSubject } from './session-blocks.ts'

/** Who did it. Names and addresses of users are looked up when the log is read, so a log never repeats an old one. */
export type Actor =
  | { kind: 'user'; id: string }
  /** An OAuth client on its own, such as one that revokes its own token. */
  | { kind: 'client'; id: string }
  /** Whoever runs the server, at the command line. */
  | { kind: 'operator' }
  /** The server by its own rules. */
  | { kind: 'server' }

/** What happened in one organization. No payloads, no secrets. */
export type AuditEvent =
  | { type: 'client_session.ended'; clientSessionId: string }
  | {
      type: 'refresh_token.reused'
      clientSessionId: string
      /** Whether the reuse ended the session, or was only refused because it came from where the session lives. */
      outcome: 'session_ended' | 'refused'
      userAgent: string
    }
  | { type: 'client_sessions.blocked' | 'client_sessions.block_lifted'; subject: BlockSubject }
  /** Somebody ended their browser sign-ins from afar; told in each of their organizations. */
  | { type: 'sign_ins.ended' }

/** An event by somebody, from the network address where one is known. */
export type AuditedAct = AuditEvent & { actor: Actor; address?: string | undefined }

/** An act with its place in the log and its time in epoch milliseconds. */
export type AuditEntry = AuditedAct & { id: string; at: number }

export type AuditLog = ReturnType<typeof createAuditLog>

const retention = { ttlSeconds: 400 * 24 * 60 * 60 }

/** The append-only record of each organization. */
export function createAuditLog({ logs }: { logs: Logs }) {
  async function append(organizationId: string, act: AuditedAct): Promise<void> {
    await logs.append(`audit:${organizationId}`, act, retention)
  }

  /** Newest first. @param from the last id of the page before */
  async function page(
    organizationId: string,
    { limit, from }: { limit: number; from?: string },
  ): Promise<AuditEntry[]> {
    const entries = await logs.page(`audit:${organizationId}`, { limit, order: 'newest-first', from })
    return entries.map(({ id, at, entry }) => ({ ...(entry as AuditedAct), id, at }))
  }

  return { append, page }
}
