/** What a principal may be asked for at the MCP endpoint. */
export const scopes = ['architecture:read'] as const
export type Scope = (typeof scopes)[number]

export const roles = ['owner', 'admin', 'member'] as const
export type Role = (typeof roles)[number]

/** Whoever acts at the MCP endpoint: one user, in one organization, through one client session. */
export interface Principal {
  user: { id: string; email: string; name: string }
  organization: { id: string; slug: string; name: string }
  role: Role
  scopes: readonly Scope[]
  clientSession: { id: string; clientId: string; clientName: string }
  token: { kind: 'oauth_access_token'; /** Epoch milliseconds. */ expiresAt: number }
}
