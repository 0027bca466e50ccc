import type { ClientSessionEnd } from '../domain/client-session-end.ts'
import type { ClientSession, ClientSessions } from '../domain/client-sessions.ts'
import type { Members, Membership } from '../domain/members.ts'
import type { Organizations } from '../domain/organizations.ts'
import { parseResource } from '../http/resource.ts'
import { reaches, type SignIn } from '../http/sign-ins.ts'
import { type Interaction, resourceOf } from './interaction.ts'

/** An organization the authorization can be for. */
export interface OfferedOrganization extends Membership {
  /** What the user chose last, for whatever client. */
  isLastChoice: boolean
  /** How many live sessions the user has there with this client, on this machine or another. */
  connections: number
}

export interface ConsentOffer {
  /** The slug in the address the client was given; absent where the user chooses. */
  pinnedTo: string | undefined
  organizations: OfferedOrganization[]
  /** How the user's last session of this client ended, when an administrator ended it. */
  revocation: ClientSessionEnd | undefined
}

export interface ConsentOffersDeps {
  publicUrl: string
  members: Members
  organizations: Organizations
  clientSessions: ClientSessions
  now: () => number
}

/** What an authorization can be for: all organizations that the sign-in reaches, or the one its resource is pinned to. */
export function createConsentOffers(deps: ConsentOffersDeps) {
  const { publicUrl, members, organizations, clientSessions, now } = deps

  return async function offerOf(interaction: Interaction, signIn: SignIn): Promise<ConsentOffer> {
    const { user } = signIn
    const pinnedTo = parseResource(publicUrl, resourceOf(interaction))?.slug
    const [memberships, history, pinned] = await Promise.all([
      members.listMemberships(user.id),
      clientSessions.listHistory(user.id),
      pinnedTo === undefined ? undefined : organizations.findBySlug(pinnedTo),
    ])
    const clientId = String(interaction.params['client_id'])
    const ofClient = history.filter((session) => session.clientId === clientId)
    const live = ofClient.filter(({ ended, expiresAt }) => !ended && expiresAt > now())
    return {
      pinnedTo,
      organizations: memberships
        // Whether a pinned organization does not exist or is one of others makes no difference to whoever asks.
        .filter(({ organization }) => pinnedTo === undefined || organization.id === pinned?.id)
        .filter(({ organization }) => reaches(signIn, organization.id))
        .map(({ organization, role }) => ({
          organization,
          role,
          isLastChoice: history.at(-1)?.organizationId === organization.id,
          connections: live.filter(({ organizationId }) => organizationId === organization.id).length,
        })),
      revocation: revocationOf(ofClient),
    }
  }
}

function revocationOf(sessions: readonly ClientSession[]): ClientSessionEnd | undefined {
  const ended = sessions.at(-1)?.ended
  return ended?.by.kind === 'administrator' ? ended : undefined
}
