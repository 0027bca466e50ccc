/** What OAuth clients may ask for, and a person may let them: all reading. */
export const scopes = ['architecture:read'] as const
/** One of {@link scopes}. */
export type ClientScope = (typeof scopes)[number]

/**
 * What an administrator may give to a service account. `architecture:ingest` lets it send traces, and read nothing; it
 * is never offered to OAuth clients.
 */
export const serviceAccountScopes = [...scopes, 'architecture:ingest'] as const
/** One of {@link serviceAccountScopes}. */
export type Scope = (typeof serviceAccountScopes)[number]

export const roles = ['owner', 'admin', 'member'] as const
export type Role = (typeof roles)[number]

/** Whoever acts at the MCP endpoint, in one organization. */
export type Principal = UserPrincipal | ServiceAccountPrincipal

/** A user, through one client session. */
export interface UserPrincipal {
  kind: 'user'
  user: { id: string; email: string; name: string }
  organization: { id: string; slug: string; name: string }
  role: Role
  scopes: readonly Scope[]
  clientSession: { id: string; clientId: string; clientName: string }
  token: { kind: 'oauth_access_token'; /** Epoch milliseconds. */ expiresAt: number }
}

/** A service account, through one of its tokens. It has no role: it administers nothing. */
export interface ServiceAccountPrincipal {
  kind: 'service_account'
  serviceAccount: { id: string; name: string }
  organization: { id: string; slug: string; name: string }
  scopes: readonly Scope[]
  token: {
    /** Of a CI job: what an identity token was exchanged for. */
    kind: 'api_token' | 'job_token'
    id: string
    name: string
    /** Epoch milliseconds; undefined when it does not expire. */
    expiresAt: number | undefined
  }
}

/** What lets a principal in, and takes its open streams along when it ends: a client session, or a token. */
export function accessIdOf(principal: Principal): string {
  return principal.kind === 'user' ? principal.clientSession.id : principal.token.id
}

/**
 * Whose protocol sessions a principal goes on with: those of its client session, or of its service account, so that
 * work goes on when a token is rotated.
 */
export function protocolSessionOwnerOf(principal: Principal): string {
  return principal.kind === 'user' ? principal.clientSession.id : principal.serviceAccount.id
}
