import { z } from 'zod'
import type { ServiceAccountPrincipal, UserPrincipal } from '../../domain/principal.ts'
import { defineTool, type ToolAnswer } from './define-tool.ts'

/** Tells a model, and so its user, under whose authority it reads, and where to end that. */
export const whoami = defineTool({
  name: 'whoami',
  title: 'Who am I',
  description:
    'Shows which user or service account and which organization this connection reads as, its permissions, when its token expires and where it is managed. Use it when access is in question.',
  requiredScope: 'architecture:read',
  inputSchema: z.strictObject({}),
  async handler(_input, { principal, publicUrl, now }) {
    const base = `${publicUrl}/organizations/${principal.organization.slug}`
    return principal.kind === 'user'
      ? describeUser(principal, `${base}/sessions`, now())
      : describeServiceAccount(principal, `${base}/service-accounts/${principal.serviceAccount.id}`, now())
  },
})

function describeUser(principal: UserPrincipal, manageUrl: string, now: number): ToolAnswer {
  const { user, organization, role, scopes, clientSession, token } = principal
  const expiry = presentExpiry(token.expiresAt, now)
  return {
    structuredContent: {
      user: { name: user.name, email: user.email },
      organization: { slug: organization.slug, name: organization.name },
      role,
      scopes,
      client: clientSession.clientName,
      token: { kind: token.kind, ...expiry, renewal: 'The client renews it by itself.' },
      manage_url: manageUrl,
    },
    text: [
      `User: ${user.name} <${user.email}>`,
      `Organization: ${organization.name} (${organization.slug}), role ${role}`,
      `Scopes: ${scopes.join(' ')}`,
      `Client: ${clientSession.clientName}`,
      `Token: OAuth access token, expires ${expiry.expires_at} (in ${expiry.expires_in_minutes} minutes); the client renews it by itself.`,
      `Manage or end this session: ${manageUrl}`,
    ].join('\n'),
    entities: [],
  }
}

function describeServiceAccount(
  principal: ServiceAccountPrincipal,
  manageUrl: string,
  now: number,
): ToolAnswer {
  const { serviceAccount, organization, scopes, token } = principal
  const expiry = token.expiresAt === undefined ? undefined : presentExpiry(token.expiresAt, now)
  const isOfJob = token.kind === 'job_token'
  const renewal = isOfJob ? 'The job exchanges another identity token.' : 'An administrator rotates it.'
  const end = expiry ? `expires ${expiry.expires_at}` : 'does not expire'
  return {
    structuredContent: {
      service_account: { name: serviceAccount.name },
      organization: { slug: organization.slug, name: organization.name },
      scopes,
      token: { kind: token.kind, name: token.name, ...expiry, renewal },
      manage_url: manageUrl,
    },
    text: [
      `Service account: ${serviceAccount.name}`,
      `Organization: ${organization.name} (${organization.slug})`,
      `Scopes: ${scopes.join(' ')}`,
      `Token: ${isOfJob ? 'of the CI job' : 'API token'} "${token.name}", ${end}. ${renewal}`,
      `Manage or end this token: ${manageUrl}`,
    ].join('\n'),
    entities: [],
  }
}

function presentExpiry(expiresAt: number, now: number) {
  return {
    expires_at: new Date(expiresAt).toISOString(),
    expires_in_minutes: Math.max(0, Math.round((expiresAt - now) / 60_000)),
  }
}
