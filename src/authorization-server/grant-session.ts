import type { Client, Provider } from 'oidc-provider'
import type { AuditLog } from '../domain/audit-log.ts'
import { type ClientSessions, clientSessionLifetimeSeconds } from '../domain/client-sessions.ts'
import { newId } from '../domain/identifiers.ts'
import type { Organization } from '../domain/organizations.ts'
import { scopes } from '../domain/principal.ts'
import type { User } from '../domain/users.ts'
import type { Context } from '../http/request-context.ts'
import type { Artifacts } from '../storage/contract.ts'
import { identityOf, keepRegistration } from './clients.ts'
import { nameOf } from './interaction.ts'
import { redirectHost } from './redirect-uris.ts'

/** Makes the Grant and the client session of one authorization; both carry the id that is returned. */
export type GrantSession = (
  ctx: Context,
  consent: {
    client: Client
    user: User
    organization: Organization
    /** The audience of its tokens. */
    resource: string
    redirectUri: string
  },
) => Promise<string>

export interface GrantSessionDeps {
  provider: Provider
  artifacts: Artifacts
  clientSessions: ClientSessions
  auditLog: AuditLog
  now: () => number
}

/** What Allow on the consent page brings about. */
export function createGrantSession(deps: GrantSessionDeps): GrantSession {
  const { provider, artifacts, clientSessions, auditLog, now } = deps
  return async (ctx, { client, user, organization, resource, redirectUri }) => {
    const grant = new provider.Grant({ accountId: user.id, clientId: client.clientId })
    grant.addOIDCScope('offline_access')
    grant.addResourceScope(resource, scopes.join(' '))
    // Ours sorts by time, as the ids of all records do; it is no secret.
    grant.jti = newId(now())
    const id = await grant.save()
    const expiresAt = now() + clientSessionLifetimeSeconds * 1000
    await keepRegistration(artifacts, client.clientId, expiresAt)
    const facts = {
      clientId: client.clientId,
      clientName: nameOf(client),
      clientVerified: identityOf(client.clientId) !== 'claimed',
      redirectHost: redirectHost(redirectUri),
    }
    await clientSessions.start({
      id,
      userId: user.id,
      organizationId: organization.id,
      ...facts,
      scopes: [...scopes],
      createdAt: now(),
      expiresAt,
      address: ctx.state.address,
      userAgent: ctx.get('User-Agent').slice(0, 200),
    })
    await auditLog.append(organization.id, {
      type: 'consent.given',
      clientSessionId: id,
      ...facts,
      actor: { kind: 'user', id: user.id },
      address: ctx.state.address,
    })
    return id
  }
}
