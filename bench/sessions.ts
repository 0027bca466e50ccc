import { randomBytes } from 'node:crypto'
import { createDomain } from '../src/domain/domain.ts'
import type { Store } from '../src/storage/contract.ts'

const sessionsOfUser = 20

/**
 * Writes the records that signing in leaves behind, for as many client sessions of one organization as are asked for.
 * Through the front door thousands would take minutes, most of them spent on hashing passwords.
 * @returns their access tokens
 */
export async function openSessions(
  store: Store,
  { origin, organization: slug, count }: { origin: string; organization: string; count: number },
): Promise<string[]> {
  const now = Date.now
  const { users, members, organizations, clientSessions } = createDomain({ store, now })
  const organization = await organizations.findBySlug(slug)
  if (!organization) throw new Error(`there is no organization ${slug}`)
  const tokens: string[] = []
  while (tokens.length < count) {
    const number = tokens.length
    const { user, change } = users.prepareWithoutPassword({
      email: `u${number}@example.com`,
      name: `User ${number}`,
    })
    await store.documents.commit([change, members.prepare(organization.id, user.id, 'member')])
    const few = Math.min(sessionsOfUser, count - number)
    for (let i = 0; i < few; i++) tokens.push(await openSession(user.id))
  }
  return tokens

  async function openSession(userId: string): Promise<string> {
    const id = randomBytes(32).toString('base64url')
    const clientId = 'https://claude.ai/oauth/claude-code-client-metadata'
    const expiresAt = now() + 365 * 86_400_000
    await clientSessions.start({
      id,
      userId,
      organizationId: organization?.id ?? '',
      clientId,
      clientName: 'Claude Code',
      clientVerified: true,
      redirectHost: 'localhost:51819',
      scopes: ['architecture:read'],
      createdAt: now(),
      expiresAt,
      address: '127.0.0.1',
      userAgent: 'claude-code/2.1.330 (cli)',
    })
    const grant = { accountId: userId, clientId, resources: { [`${origin}/mcp/v1`]: 'architecture:read' } }
    await store.artifacts.put({ model: 'Grant', id, grantId: id, payload: grant, expiresAt })
    const token = randomBytes(32).toString('base64url')
    const seconds = Math.floor(now() / 1000)
    const payload = {
      kind: 'AccessToken',
      accountId: userId,
      grantId: id,
      clientId,
      aud: `${origin}/mcp/v1`,
      scope: 'architecture:read',
      iat: seconds,
      exp: seconds + 1800,
    }
    await store.artifacts.put({ model: 'AccessToken', id: token, payload, expiresAt: now() + 1_800_000 })
    return token
  }
}
