import type { ClientMetadata } from 'oidc-provider'
import type { Artifacts } from '../storage/contract.ts'

/** How far a client's name can be believed: its metadata document is pinned or was fetched, or it only claims it. */
export type ClientIdentity = 'pinned' | 'fetched' | 'claimed'

/**
 * Client ID metadata documents of well-known clients, pinned so that they work without egress. As published in
 * November 2026, reduced to what an authorization needs; none of the loopback ports is fixed (RFC 8252 §7.3).
 */
const pinnedDocuments = [
  {
    client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
    client_name: 'Claude Code',
    redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
  },
  {
    client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
    client_name: 'Claude',
    redirect_uris: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
  },
  {
    client_id: 'https://vscode.dev/oauth/client-metadata.json',
    client_name: 'Visual Studio Code',
    redirect_uris: ['http://127.0.0.1:33418/', 'http://127.0.0.1/', 'https://vscode.dev/redirect'],
  },
  {
    client_id: 'https://chatgpt.com/oauth/codex/client.json',
    client_name: 'Codex',
    redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
  },
] as const

/** The pinned documents as oidc-provider's static clients, which it consults before fetching anything. */
export function pinnedClients(): ClientMetadata[] {
  return pinnedDocuments.map((document) => ({
    ...document,
    redirect_uris: [...document.redirect_uris],
    // The documents leave the type out, which oidc-provider reads as `web`: exact ports, so no loopback client works.
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }))
}

/** How a client of this id is known. */
export function identityOf(clientId: string): ClientIdentity {
  if (pinnedDocuments.some((document) => document.client_id === clientId)) return 'pinned'
  return clientId.startsWith('https://') ? 'fetched' : 'claimed'
}

/**
 * Keeps a registration for as long as a client session that starts now can live. Registrations without any session
 * expire by themselves; one with a live session never does.
 */
export async function keepRegistration(artifacts: Artifacts, clientId: string, until: number): Promise<void> {
  const registration = await artifacts.get('Client', clientId)
  if (registration && (registration.expiresAt ?? Infinity) < until) {
    await artifacts.put({ model: 'Client', id: clientId, payload: registration.payload, expiresAt: until })
  }
}
