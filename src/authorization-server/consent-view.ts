import type { ClientSessionEnd } from '../domain/client-session-end.ts'
import { type ClientScope, scopes } from '../domain/principal.ts'
import type { User } from '../domain/users.ts'
import { presentMoment } from '../http/moment.ts'
import type { ViewData } from '../http/view-data.ts'
import { identityOf } from './clients.ts'
import type { ConsentOffer } from './consent-offer.ts'
import { isLoopbackRedirect, redirectHost } from './redirect-uris.ts'

const permissions: Record<ClientScope, { title: string; description: string }> = {
  'architecture:read': {
    title: 'Read the architecture',
    description:
      'Services, databases and queues, how they depend on each other, and the evidence. It cannot change anything.',
  },
}

export interface ConsentRequest {
  client: { id: string; name: string }
  redirectUri: string
  user: User
  offer: ConsentOffer
  refusal: string | undefined
  now: number
}

/**
 * What a person needs to decide: who asks and how far its name can be believed, what it gets, for which organization,
 * and where the answer goes (MCP 2026-07-28, Security Considerations: localhost redirects can be anybody's).
 */
export function presentConsent(
  request: ConsentRequest,
): Omit<ViewData['consent'], 'action' | 'switchAction' | 'csrf'> {
  const { client, redirectUri, user, offer } = request
  return {
    client: { name: client.name, identity: identityOf(client.id), id: client.id },
    redirect: {
      host: redirectHost(redirectUri),
      loopback: isLoopbackRedirect(redirectUri),
      uri: redirectUri,
    },
    user: { name: user.name, email: user.email },
    isPinned: offer.pinnedTo !== undefined,
    organizations: offer.organizations.map(({ organization, role, isLastChoice, connections }) => ({
      slug: organization.slug,
      name: organization.name,
      role,
      selected: isLastChoice || offer.organizations.length === 1,
      connected:
        connections === 0
          ? undefined
          : `${connections === 1 ? '1 session' : `${connections} sessions`} of this client`,
    })),
    permissions: scopes.map((scope) => ({ scope, ...permissions[scope] })),
    lifetime: '30 days without use, one year at most',
    revocation: offer.revocation && presentRevocation(offer.revocation, request.now),
    errors: request.refusal === undefined ? {} : { organization: request.refusal },
  }
}

/** Clients show their own words for a revoked session ("sign in again"); here the person learns the reason. */
function presentRevocation({ at, by }: ClientSessionEnd, now: number): ViewData['consent']['revocation'] {
  if (by.kind !== 'administrator') return undefined
  return { when: presentMoment(at, now), organizationName: by.organizationName }
}
