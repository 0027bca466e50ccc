import type { Role } from '../domain/principal.ts'
import type { FieldErrors, Moment, OrganizationFrame } from './view-data.ts'

/** A role to choose, with what it may do. */
export interface RoleOption {
  role: Role
  label: string
  description: string
  selected: boolean
}

/** What the pages of members and invitations are given. */
export interface MemberViewData {
  members: {
    frame: OrganizationFrame
    /** The path of this page. */
    base: string
    administers: boolean
    words: string
    /** Members in all, searched for or not. */
    known: number
    members: {
      /** Where the viewer manages them; absent where they may not. */
      href: string | undefined
      name: string
      email: string
      role: Role
      own: boolean
      suspended: boolean
      joinedAt: Moment
      /** Of a live client session; known to administrators only. */
      lastUsedAt: Moment | undefined
    }[]
    total: number
    /** The rows of this page, counted from 1. */
    range: { from: number; to: number }
    previousHref: string | undefined
    nextHref: string | undefined
    invitations: {
      id: string
      email: string
      role: Role
      inviter: string
      invitedAt: Moment
      expiresAt: Moment
      isExpired: boolean
      /** Owners alone handle invitations of owners. */
      isManageable: boolean
    }[]
  }
  /** One member, as somebody who may change or remove them sees it. */
  member: {
    frame: OrganizationFrame
    /** The path of the list. */
    base: string
    id: string
    name: string
    email: string
    role: Role
    own: boolean
    joinedAt: Moment
    roles: RoleOption[]
    /** "2 client sessions end and 1 invitation they sent is revoked." */
    loses: string
  }
  /** Shows what leaving ends, and asks once. */
  'leave-organization': { frame: OrganizationFrame; base: string; loses: string; refusal: string | undefined }
  invite: {
    frame: OrganizationFrame
    base: string
    email: string
    roles: RoleOption[]
    isMailed: boolean
    errors: FieldErrors
  }
  /** The one time a link is shown. */
  'invitation-made': {
    frame: OrganizationFrame
    base: string
    email: string
    role: Role
    link: string
    expiresAt: Moment
    mail: 'sent' | 'not_sent' | 'not_configured'
  }
  /** Stands alone: what somebody is invited to, and the one way for this browser to accept it. */
  invitation: {
    action: string
    csrf: string
    organizationName: string
    inviter: { name: string; email: string }
    email: string
    role: Role
    expiresAt: Moment
    step:
      | { kind: 'join' }
      /** Signed in as somebody else. */
      | { kind: 'switch'; signedInAs: string }
      | { kind: 'sign-in'; href: string }
      | { kind: 'new-account'; name: string; errors: FieldErrors }
  }
}
