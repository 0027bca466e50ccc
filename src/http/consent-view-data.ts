import type { Role } from '../domain/principal.ts'
import type { FieldErrors, Moment } from './view-data.ts'

/** What the last page of an authorization is given, whichever it is. */
export interface ConsentViewData {
  /** Stands alone: who asks, what it gets, for which organization, where the answer goes. Nothing is pre-approved. */
  consent: {
    action: string
    /** Signs out here and goes on as somebody else. */
    switchAction: string
    csrf: string
    client: {
      name: string
      /** `pinned`/`fetched`: the client's metadata document vouches for it; `claimed`: it only says so itself. */
      identity: 'pinned' | 'fetched' | 'claimed'
      id: string
    }
    redirect: { host: string; loopback: boolean; uri: string }
    user: { name: string; email: string }
    /** The client's address is one organization's: there is one, and nothing to choose. */
    isPinned: boolean
    organizations: {
      slug: string
      name: string
      role: Role
      selected: boolean
      /** "2 sessions of this client". */
      connected: string | undefined
    }[]
    permissions: { scope: string; title: string; description: string }[]
    /** "30 days without use, one year at most". */
    lifetime: string
    /** An administrator ended this client's last session. */
    revocation: { when: Moment; organizationName: string } | undefined
    errors: FieldErrors
  }
  /**
   * Stands alone: there is no organization to choose. The user is in none, or the client's address names one that they
   * are not a member of, or that does not exist.
   */
  'no-organization': {
    action: string
    switchAction: string
    csrf: string
    clientName: string
    user: { name: string; email: string }
    /** What the client was configured with, and the slug in it. */
    pinned: { address: string; slug: string } | undefined
    /** Where the user can make an organization and come back. */
    createHref: string | undefined
  }
}
