import { z } from 'zod'
import { isApiToken, resemblesApiToken } from '../domain/api-token-format.ts'
import { describeEnd } from '../domain/client-session-end.ts'
import type { ClientSessions } from '../domain/client-sessions.ts'
import { resemblesJobToken } from '../domain/job-tokens.ts'
import type { Members } from '../domain/members.ts'
import { type Scope, scopes } from '../domain/principal.ts'
import { describeBlock, type SessionBlocks } from '../domain/session-blocks.ts'
import type { Users } from '../domain/users.ts'
import type { Artifacts, Documents } from '../storage/contract.ts'
import { type ApiTokenDeps, createApiTokenAuthentication, type Presentation } from '../http/api-token.ts'
import { createJobTokenAuthentication, type JobTokenDeps } from '../http/job-token.ts'
import { type Authentication, describeDeletion, refuse, refuseConfigured } from '../http/authentication.ts'
import { createKnownTokens } from './known-tokens.ts'

export interface BearerTokenDeps extends ApiTokenDeps, JobTokenDeps {
  artifacts: Artifacts
  documents: Documents
  users: Users
  members: Members
  clientSessions: ClientSessions
  sessionBlocks: SessionBlocks
}

/** What oidc-provider's opaque access tokens hold, as far as it matters here. */
const AccessToken = z.object({
  accountId: z.string(),
  grantId: z.string(),
  aud: z.string().optional(),
  scope: z.string().default(''),
  /** Seconds. */
  exp: z.number(),
})
type AccessToken = z.infer<typeof AccessToken>

// Ours are 43 characters. Whatever is longer need not be hashed and looked up.
const longestToken = 512
// RFC 6750 §2.1, b64token.
const tokenSyntax = /^[A-Za-z0-9\-._~+/]+=*$/

const signInAgain = 'Sign in again; in Claude Code, run /mcp.'

/**
 * Turns an Authorization header into a principal. An API token is looked at in `api-token.ts`, that of a CI job in `job-token.ts`. An access token only
 * points to its grant: whoever revoked that, left the organization or was disabled is refused at the next request, on
 * every process.
 * @throws {StoreUnavailable} which is not the client's fault and must never become a challenge
 */
export function createBearerAuthentication(deps: BearerTokenDeps) {
  const { artifacts, users, organizations, members, clientSessions, sessionBlocks, now } = deps
  const authenticateApiToken = createApiTokenAuthentication(deps)
  const authenticateJobToken = createJobTokenAuthentication(deps)
  const knownTokens = createKnownTokens(deps)

  return async function authenticate(
    authorization: string | undefined,
    presentation: Presentation,
    /** Told before anything was asked whose request it will turn out to be, where the token is remembered. */
    expect?: (accessId: string) => void,
  ): Promise<Authentication> {
    const credentials = parseAuthorization(authorization)
    if ('outcome' in credentials) return credentials
    const { token } = credentials
    const lookUp = () => lookUpToken(token, presentation)
    // Refused without the store.
    if (resemblesApiToken(token) && !isApiToken(token)) return lookUp()
    return knownTokens.authenticate(token, presentation, { lookUp, expect })
  }

  async function lookUpToken(secret: string, presentation: Presentation): Promise<Authentication> {
    if (resemblesApiToken(secret)) return authenticateApiToken(secret, presentation)
    if (resemblesJobToken(secret)) return authenticateJobToken(secret, presentation)
    // The audience the token must have been issued for.
    const resource = presentation.resource.identifier
    const artifact = await artifacts.get('AccessToken', secret)
    const token = AccessToken.safeParse(artifact?.payload).data
    if (!token || token.exp * 1000 <= now()) {
      return refuse('unknown', `This access token is unknown or has expired. ${signInAgain}`)
    }
    if (token.aud !== resource) {
      return refuse(
        'wrong_audience',
        `This access token was issued for another address than ${resource}. ${signInAgain}`,
      )
    }
    return principalOf(token)
  }

  async function principalOf(token: AccessToken): Promise<Authentication> {
    const [grant, user, { session, organization, member, block }] = await Promise.all([
      artifacts.get('Grant', token.grantId),
      users.find(token.accountId),
      findSession(token),
    ])
    if (session?.ended) return refuse('session_ended', describeEnd(session.ended))
    if (!grant || !session || session.expiresAt <= now()) {
      return refuse('session_ended', `This session has ended. ${signInAgain}`)
    }
    if (!user || user.disabledAt !== undefined) {
      return refuse('user_disabled', 'Your user has been disabled. Ask whoever runs this server.')
    }
    if (!organization || !member) {
      const name = organization?.name ?? 'the organization of this session'
      return refuse(
        'no_longer_member',
        `You are no longer a member of ${name}. Ask an administrator to invite you.`,
      )
    }
    if (organization.deletion) {
      return refuse('organization_deleted', describeDeletion(organization))
    }
    if (block) return refuse('blocked', describeBlock(block, organization.name))
    return {
      outcome: 'accepted',
      until: Math.min(token.exp * 1000, session.expiresAt),
      grantId: token.grantId,
      // That the token expires meanwhile changes nothing: its client renews it.
      isStillIn: async () => (await principalOf(token)).outcome === 'accepted',
      principal: {
        kind: 'user',
        user: { id: user.id, email: user.email, name: user.name },
        organization: { id: organization.id, slug: organization.slug, name: organization.name },
        role: member.role,
        scopes: parseScopes(token.scope),
        clientSession: { id: session.id, clientId: session.clientId, clientName: session.clientName },
        token: { kind: 'oauth_access_token', expiresAt: token.exp * 1000 },
      },
    }
  }

  async function findSession(token: AccessToken) {
    const session = await clientSessions.find(token.grantId)
    if (!session) return {}
    const [organization, member, block] = await Promise.all([
      organizations.find(session.organizationId),
      members.find(session.organizationId, token.accountId),
      sessionBlocks.findFor(session),
    ])
    return { session, organization, member, block }
  }
}

function parseAuthorization(header: string | undefined): { token: string } | Authentication {
  const [, scheme = '', credentials = ''] = /^(\S*)\s*(.*)$/.exec(header ?? '') ?? []
  if (scheme.toLowerCase() !== 'bearer') {
    return refuse('missing', `This server needs you to sign in first; in Claude Code, run /mcp.`)
  }
  // Claude Code sends a variable of .mcp.json that is not set literally.
  if (credentials.includes('${')) {
    const name = /\$\{(?:env:)?(\w{1,80})(?:\}|:-)/.exec(credentials)?.[1]
    return refuseConfigured(
      'unset_variable',
      `The environment variable${name === undefined ? '' : ` ${name}`} is not set: the configured Authorization header names it. Set it and start the client again.`,
    )
  }
  if (credentials === '') {
    const description =
      'The Authorization header is empty after "Bearer", as from a variable that is set to nothing. Set it and start the client again.'
    return refuseConfigured('malformed', description)
  }
  // A token in quotes or with a space in it is still one that somebody configured.
  if (resemblesApiToken(credentials) || resemblesJobToken(credentials)) return { token: credentials }
  if (credentials.length > longestToken || !tokenSyntax.test(credentials)) {
    return refuse('malformed', `The Authorization header holds no well-formed bearer token. ${signInAgain}`)
  }
  return { token: credentials }
}

function parseScopes(scope: string): Scope[] {
  const granted = new Set(scope.split(' '))
  return scopes.filter((known) => granted.has(known))
}
