import type { Logs } from '../storage/contract.ts'
import type { BlockSubject } from './session-blocks.ts'

/** What happened, by whom or what, in one organization. No payloads, no secrets. */
export type AuditEvent =
  | {
      type: 'client_session.ended'
      clientSessionId: string
      /** `client_session.ended` by a person carries their user id. */
      by: 'administrator' | 'user' | 'client' | 'replay' | 'operator'
      userId?: string | undefined
    }
  | {
      type: 'refresh_token.reused'
      clientSessionId: string
      /** Whether the reuse ended the session, or was only refused because it came from where the session lives. */
      outcome: 'session_ended' | 'refused'
      address: string
      userAgent: string
    }
  | {
      type: 'client_sessions.blocked' | 'client_sessions.block_lifted'
      subject: BlockSubject
      /** The administrator's. */
      userId: string
    }
  | {
      /** Somebody ended their browser sign-ins from afar; told in each of their organizations. */
      type: 'sign_ins.ended'
      userId: string
    }

/** An event with its place and time. */
export type AuditEntry = AuditEvent & { id: string; at: number }

export type AuditLog = ReturnType<typeof createAuditLog>

const retention = { ttlSeconds: 400 * 24 * 60 * 60 }

/** The append-only record of each organization. */
export function createAuditLog({ logs }: { logs: Logs }) {
  async function append(organizationId: string, event: AuditEvent): Promise<void> {
    await logs.append(`audit:${organizationId}`, event, retention)
  }

  /** Newest first. @param from the last id of the page before */
  async function page(
    organizationId: string,
    { limit, from }: { limit: number; from?: string },
  ): Promise<AuditEntry[]> {
    const entries = await logs.page(`audit:${organizationId}`, { limit, order: 'newest-first', from })
    return entries.map(({ id, at, entry }) => ({ ...(entry as AuditEvent), id, at }))
  }

  return { append, page }
}
