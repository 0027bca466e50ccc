import { z } from 'zod'
import { defineTool } from './define-tool.ts'

const kindNames = { oauth_access_token: 'OAuth access token' } as const

/** Tells a model, and so its user, under whose authority it reads, and where to end that. */
export const whoami = defineTool({
  name: 'whoami',
  title: 'Who am I',
  description:
    'Shows which user and organization this connection reads as, its role and permissions, when its token expires and where the session is managed. Use it when access is in question.',
  requiredScope: 'architecture:read',
  inputSchema: z.strictObject({}),
  async handler(_input, { principal, publicUrl, now }) {
    const { user, organization, role, scopes, clientSession, token } = principal
    const minutes = Math.max(0, Math.round((token.expiresAt - now()) / 60_000))
    const expiresAt = new Date(token.expiresAt).toISOString()
    const manageUrl = `${publicUrl}/organizations/${organization.slug}/sessions`
    return {
      structuredContent: {
        user: { name: user.name, email: user.email },
        organization: { slug: organization.slug, name: organization.name },
        role,
        scopes,
        client: clientSession.clientName,
        token: {
          kind: token.kind,
          expires_at: expiresAt,
          expires_in_minutes: minutes,
          renewal: 'The client renews it by itself.',
        },
        manage_url: manageUrl,
      },
      text: [
        `User: ${user.name} <${user.email}>`,
        `Organization: ${organization.name} (${organization.slug}), role ${role}`,
        `Scopes: ${scopes.join(' ')}`,
        `Client: ${clientSession.clientName}`,
        `Token: ${kindNames[token.kind]}, expires ${expiresAt} (in ${minutes} minutes); the client renews it by itself.`,
        `Manage or end this session: ${manageUrl}`,
      ].join('\n'),
      entities: [],
    }
  },
})
