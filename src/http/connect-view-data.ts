import type { Connection } from './connection.ts'
import type { Moment, OrganizationFrame } from './view-data.ts'

/** What people copy to connect their clients to one address. */
export interface ClientInstructions {
  claudeCode: {
    local: string
    user: string
    remote: string
    signInAgain: string
    addAgain: string
    project: string
  }
  cursor: string
  vsCode: string
  codex: { commands: string; file: string }
  curl: string
}

/** What people copy to connect machines with an API token. */
export interface TokenInstructions {
  /** The environment variable that holds the token. */
  variable: string
  command: string
  project: string
  cursor: string
  vsCode: string
  codex: string
  curl: string
}

/** Jobs people copy, each with the exchange of an identity token and with a stored API token. */
export interface CiJobs {
  github: { exchange: string; stored: string }
  gitlab: { exchange: string; stored: string }
}

/** Where repositories are trusted whose jobs store no token. */
export interface TrustPlaces {
  /** Of the service accounts, few enough to name; none for members. */
  accounts: { name: string; href: string }[]
  /** Of the list of service accounts. */
  href: string
  /** What stands in the jobs for an id that people fill in; absent when they name the only account. */
  placeholder: string | undefined
}

/** What the server knows of why a viewer's client might not work. */
export interface ConnectionState {
  /** The viewer's live client sessions here. */
  sessions: number
  lastSession: { client: string; usedAt: Moment } | undefined
  /** The newest of the last days. */
  refusal: { at: Moment; reason: string } | undefined
  /** The organization's API tokens, for administrators; `lastEnd` when one expired or was revoked. */
  tokens: { live: number; lastEnd: Moment | undefined } | undefined
  /** Absent until something was imported. */
  graph: { entities: number; importedAt: Moment } | undefined
}

/** What the pages about connecting clients are given. */
export interface ConnectViewData {
  connect: {
    frame: OrganizationFrame
    administers: boolean
    /** Of this organization alone. */
    endpoint: string
    /** Of every organization; one is chosen at sign-in. */
    sharedEndpoint: string
    instructions: ClientInstructions
    tokenInstructions: TokenInstructions
    ciJobs: CiJobs
    trust: TrustPlaces
    state: ConnectionState
  }
  'connection-check': {
    frame: OrganizationFrame
    endpoint: string
    publicUrl: string
    /** How this browser's request arrived. */
    request: Connection & {
      peer: string
      /** X-Forwarded-For and X-Forwarded-Proto as they came. */
      forwardedBy: string | undefined
      scheme: string | undefined
      httpVersion: string
    }
    /** Absent until the examination was asked for. */
    findings:
      | {
          title: string
          outcome: 'holds' | 'doubtful' | 'broken' | 'unchecked'
          says: string
          mend?: string | undefined
        }[]
      | undefined
  }
}
