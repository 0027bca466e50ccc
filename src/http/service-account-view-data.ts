import type { FieldErrors, Moment, OrganizationFrame, SelectOption } from './view-data.ts'

/** A service account in the list, or at the head of its page. */
export interface ServiceAccountRow {
  href: string
  name: string
  description: string
  scopes: readonly string[]
  isDisabled: boolean
  liveTokens: number
  createdAt: Moment
  createdBy: string
  lastUsedAt: Moment | undefined
  /** Live ones that expire within seven days. */
  expiringTokens: number
  /** Live ones that nobody used for ninety days. */
  unusedTokens: number
}

/** A token of a service account. The token itself is in none of it. */
export interface ApiTokenRow {
  id: string
  name: string
  addresses: readonly string[]
  createdAt: Moment
  createdBy: string
  makerHasLeft: boolean
  expiresAt: Moment | undefined
  expiresSoon: boolean
  isUnused: boolean
  lastUse:
    | { at: Moment; address: string | undefined; client: string | undefined; tool: string | undefined }
    | undefined
  isLive: boolean
  /** Live, beside its successor, until `endsAt`. */
  isRotated: boolean
  endsAt: Moment | undefined
  /** Why it is not live: "revoked by Ada". */
  end: string | undefined
}

/** A rule by which a service account trusts CI jobs. */
export interface TrustRuleRow {
  id: string
  repository: string
  repositoryId: string | undefined
  issuer: string
  /** As people call it: a branch by its name, anything else in full. */
  ref: string | undefined
  environment: string | undefined
  audience: string | undefined
  createdAt: Moment
  lastUsedAt: Moment | undefined
}

/** What the pages about service accounts and their tokens are given. */
export interface ServiceAccountViewData {
  'service-accounts': {
    frame: OrganizationFrame
    base: string
    accounts: ServiceAccountRow[]
    policy: { allowsUnlimited: boolean; endsWithMaker: boolean }
    /** Whether the viewer may change the policy. */
    owns: boolean
    pattern: string
  }
  'new-service-account': {
    frame: OrganizationFrame
    base: string
    values: { name: string; description: string }
    scopeChoices: SelectOption[]
    errors: FieldErrors
  }
  'service-account': {
    frame: OrganizationFrame
    base: string
    account: ServiceAccountRow
    tokens: ApiTokenRow[]
    endedTokens: ApiTokenRow[]
    /** Of the form that changes it. */
    values: { name: string; description: string }
    scopeChoices: SelectOption[]
    errors: FieldErrors
  }
  'new-api-token': {
    frame: OrganizationFrame
    base: string
    account: { name: string; href: string }
    values: { name: string; date: string; addresses: string }
    expiries: SelectOption[]
    errors: FieldErrors
  }
  'rotate-api-token': {
    frame: OrganizationFrame
    base: string
    account: { name: string; href: string }
    token: { id: string; name: string }
    values: { date: string }
    overlaps: SelectOption[]
    expiries: SelectOption[]
    errors: FieldErrors
  }
  /** The only place where a token is ever shown: the answer to the form that made it. */
  'api-token-made': {
    frame: OrganizationFrame
    base: string
    account: { name: string; href: string }
    name: string
    token: string
    expiresAt: Moment | undefined
    /** When the one it replaces ends. */
    replacedUntil: Moment | undefined
    command: string
    /** `.mcp.json`. */
    projectFile: string
  }
  'trust-rules': {
    frame: OrganizationFrame
    base: string
    account: { name: string; href: string }
    rules: TrustRuleRow[]
    providers: SelectOption[]
    publicUrl: string
    /** What jobs need: a workflow of GitHub Actions, and a job of GitLab CI. */
    workflows: { github: string; gitlab: string }
    values: {
      issuer: string
      repository: string
      repositoryId: string
      ref: string
      environment: string
      audience: string
    }
    errors: FieldErrors
  }
  /** Stands alone: for whoever finds a token. */
  'leaked-token': {
    csrf: string
    outcome: 'revoked' | 'had_ended' | undefined
    error: string | undefined
    /** For secret scanners. */
    pattern: string
    reportUrl: string
  }
}
