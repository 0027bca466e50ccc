import type { Middleware } from 'koa'
import type { AuditLog } from '../domain/audit-log.ts'
import type { ClientSession, ClientSessions } from '../domain/client-sessions.ts'
import type { RequestState } from '../http/request-context.ts'
import type { Artifacts, Limiter } from '../storage/contract.ts'
import type { FindResourceOwner } from './accounts.ts'
import { parametersOf } from './token-request.ts'

export interface RefusedRefreshesDeps {
  artifacts: Artifacts
  limiter: Limiter
  clientSessions: ClientSessions
  auditLog: AuditLog
  findResourceOwner: FindResourceOwner
}

// A client that does not understand its refusal may ask for ever; its organization has read it by then.
const told = { name: 'refresh-refused', limit: 20, windowSeconds: 3600 }

/**
 * Writes down the refreshes that oidc-provider refuses, in the organization of their session. A token that is not known
 * belongs to nobody.
 */
export function refusedRefreshes(deps: RefusedRefreshesDeps): Middleware<RequestState> {
  const { artifacts, limiter, clientSessions, auditLog, findResourceOwner } = deps

  async function reasonOf({ id, userId, ended }: ClientSession) {
    if (ended) return 'session_ended'
    return (await findResourceOwner(userId, id)) ? 'token_not_valid' : 'no_longer_allowed'
  }

  return async (ctx, next) => {
    await next()
    const token = parametersOf(ctx).get('refresh_token')
    if (!token || (ctx.body as { error?: string } | undefined)?.error !== 'invalid_grant') return
    const grantId = (await artifacts.get('RefreshToken', token))?.payload['grantId']
    const session = typeof grantId === 'string' ? await clientSessions.find(grantId) : undefined
    if (!session || !(await limiter.hit(`${told.name}:${session.id}`, told)).allowed) return
    await auditLog.append(session.organizationId, {
      type: 'refresh_token.refused',
      clientSessionId: session.id,
      userId: session.userId,
      reason: await reasonOf(session),
      actor: { kind: 'client', id: session.clientId },
      address: ctx.state.address,
    })
  }
}
