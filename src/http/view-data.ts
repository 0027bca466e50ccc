import type { Role } from '../domain/principal.ts'
import type { ConnectViewData } from './connect-view-data.ts'
import type { AccountViewData } from './account-view-data.ts'
import type { ArchitectureViewData } from './architecture-view-data.ts'
import type { ArchitectureChangeViewData } from './architecture-change-view-data.ts'
import type { AuditViewData } from './audit-view-data.ts'
import type { ConsentViewData } from './consent-view-data.ts'
import type { DiagramViewData } from './diagram-view-data.ts'
import type { ProviderViewData } from './provider-view-data.ts'
import type { MemberViewData } from './member-view-data.ts'
import type { OrganizationViewData } from './organization-view-data.ts'
import type { ServiceAccountViewData } from './service-account-view-data.ts'

/** A time as pages show it. */
export interface Moment {
  iso: string
  /** In UTC, for the title. */
  exact: string
  /** "3 minutes ago". */
  relative: string
}

/** What stands around every page of the dashboard. */
export interface Frame {
  user: { name: string; email: string }
  /** For every form of the page, sign-out included. */
  csrf: string
  /** Absent on the pages before one is chosen. */
  organization: { slug: string; name: string; role: Role } | undefined
  /** Those the user may switch to, the present one included. */
  organizations: { slug: string; name: string; role: Role }[]
  mayCreateOrganizations: boolean
  section:
    | 'overview'
    | 'architecture'
    | 'sessions'
    | 'members'
    | 'service-accounts'
    | 'audit-log'
    | 'connect'
    | 'settings'
    | 'account'
    | 'account-sessions'
    | undefined
  /** What a form before this page did. */
  notice: string | undefined
  /** What a form before this page could not do. */
  problem: string | undefined
}

/** The frame of a page under `/organizations/{slug}`. */
export interface OrganizationFrame extends Frame {
  organization: NonNullable<Frame['organization']>
}

/** A client session in a list. */
export interface SessionRow {
  id: string
  client: { name: string; verified: boolean; version: string | undefined }
  /** The machine of the user, or the host the client runs at. */
  place: string
  user: { name: string; email: string }
  /** The viewer's. */
  own: boolean
  /** Named where sessions of several are listed. */
  organization: string | undefined
  startedAt: Moment
  lastUsedAt: Moment
  expiresAt: Moment
  /** Where the last use came from, if it was another address than the first. */
  lastAddress: string | undefined
  lastTool: string | undefined
  protocolRevision: string | undefined
}

export interface SelectOption {
  value: string
  label: string
  selected: boolean
}

/** Refusals beside their fields; the key `form` is about the whole form. */
export type FieldErrors = Record<string, string>

/** What each page of `views/` is given; a name or field that does not exist is a type error. */
export interface ViewData
  extends
    AccountViewData,
    ArchitectureViewData,
    ArchitectureChangeViewData,
    AuditViewData,
    ConnectViewData,
    ConsentViewData,
    MemberViewData,
    OrganizationViewData,
    ProviderViewData,
    ServiceAccountViewData,
    DiagramViewData {
  /** Stands alone: what went wrong and what to do next. `error` is the OAuth code or one of ours. */
  error: {
    status: number
    title: string
    message: string
    error: string
    requestId: string
    nextSteps: string[]
  }
  /** An error would go to a host nobody vouched for: names it instead of redirecting (RFC 9700 §4.11.2). */
  leaving: { host: string; url: string; message: string }
  /** Stands alone: first run. */
  setup: {
    action: string
    csrf: string
    values: { name: string; email: string; organization: string; slug: string; sample: boolean }
    errors: FieldErrors
  }
  /** The home of an organization. */
  organization: {
    frame: OrganizationFrame
    administers: boolean
    /** The viewer has no live client session yet. */
    invitesToConnect: boolean
    sessions: number
    /** `sessions` counts everybody's, not only the viewer's. */
    seesAllSessions: boolean
    /** Absent until something was imported. */
    graph:
      | {
          entities: number
          relations: number
          unresolved: number
          sources: {
            id: string
            kind: string
            importedAt: Moment
            files: number
            entities: number
            relations: number
          }[]
        }
      | undefined
    importCommand: string
  }
  sessions: {
    frame: OrganizationFrame
    seesAll: boolean
    /** The path of this page, under which revocations are. */
    base: string
    sessions: SessionRow[]
    /** Live sessions the viewer may see, filtered or not. */
    known: number
    total: number
    /** The rows of this page, counted from 1. */
    range: { from: number; to: number }
    filter: {
      words: string
      before: string
      isActive: boolean
      people: SelectOption[]
      clients: SelectOption[]
      kinds: SelectOption[]
      idle: SelectOption[]
      orders: SelectOption[]
    }
    /** Shows what revoking everything that matches would end. */
    revokeAllHref: string
    previousHref: string | undefined
    nextHref: string | undefined
    /** API tokens of service accounts that are in use. */
    machines: {
      href: string
      account: string
      isDisabled: boolean
      token: string
      lastUsedAt: Moment
      lastAddress: string | undefined
      lastTool: string | undefined
    }[]
    /** What admins keep from making sessions. */
    blocks: { id: string; kind: 'client' | 'user'; label: string; blockedAt: Moment }[]
  }
  /** Shows what a block will end, and asks once. */
  'block-sessions': {
    frame: Frame
    base: string
    label: string
    kind: 'client' | 'user'
    /** The session that leads to whom is blocked. */
    session: string
    /** "3 sessions". */
    ends: string
    sessions: SessionRow[]
  }
  /** Shows what will end, and asks once. */
  'revoke-sessions': {
    frame: Frame
    base: string
    /** The button: "Revoke 3 sessions of bob@example.com". */
    title: string
    sessions: SessionRow[]
    ids: string
    showsPeople: boolean
    /** More matched than can be ended at once; these are the first. */
    isCut: boolean
  }
}

export type ViewName = keyof ViewData
