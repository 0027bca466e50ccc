import type { Moment, OrganizationFrame, SelectOption } from './view-data.ts'

/** What all pages about an architecture have in common. */
export interface ArchitecturePage {
  frame: OrganizationFrame
  /** `/organizations/{slug}/architecture`. */
  base: string
  administers: boolean
  tabs: { label: string; href: string; isCurrent: boolean }[]
  /** Which graph is looked at; absent where that is no question. */
  scope: ScopeView | undefined
}

/** A form that chooses the environment and the revision. */
export interface ScopeView {
  action: string
  /** Other parameters of the page, which stay. */
  keeps: { name: string; value: string }[]
  /** Empty when no source names any. */
  environments: SelectOption[]
  revisions: SelectOption[]
  /** Set when a former revision is looked at. */
  former: { revision: number; newestHref: string } | undefined
}

/** An entity as a link. */
export interface EntityLink {
  href: string
  ref: string
  name: string
  kind: string
  /** What tells it from its namesakes: namespace and environment. */
  place: string | undefined
}

/** A word beside something that is not plainly so. */
export interface Mark {
  label: string
  tone: '' | 'warning' | 'success' | 'error'
  /** What it means, in a sentence. */
  title: string
}

/** An edge seen from the entity at one end: the entity at the other end, and why we believe it. */
export interface RelationView {
  other: EntityLink
  verb: string
  marks: Mark[]
  /** In per cent. */
  confidence: number
  evidence: EvidenceView[]
}

/** Why an edge is believed. */
export interface EvidenceView {
  source: string
  /** `file:line`. */
  place: string
  field: string
  method: string
  basis: string
  firstSeen: Moment
  lastSeen: Moment
  /** Such as `12,000 calls, 0.3 % failed, half within 12 ms, 95 % within 40 ms`. */
  traffic: string | undefined
}

/** Where a part of the graph came from. */
export interface SourceView {
  id: string
  kind: string
  /** Told where it is not the kind. */
  scope: string | undefined
  environment: string | undefined
  checkedAt: Moment
  importedAt: Moment
  isStale: boolean
  files: number
  entities: number
  relations: number
  failure: { at: Moment; message: string } | undefined
  removeHref: string
}

/** Field of a form that names an entity. */
export interface EntityField {
  name: string
  label: string
  value: string
  placeholder: string
  /** It may stay empty. */
  isOptional?: true
  /** Why what was typed names no entity. */
  error: string | undefined
  /** What may have been meant; each link asks again with it. */
  candidates: (EntityLink & { kindLabel: string })[]
}

/** The pages that show an architecture. */
export interface ArchitectureViewData {
  architecture: ArchitecturePage & {
    /** Nothing was imported, or all of it is removed. */
    isEmpty: boolean
    importCommand: string
    kinds: { kind: string; label: string; count: number; href: string }[]
    relations: number
    sources: SourceView[]
    critical: (EntityLink & { reason: string; impactHref: string })[]
    entryPoints: EntityLink[]
    moreEntryPoints: number
    gaps: {
      label: string
      count: number
      of: number
      advice: string
      examples: EntityLink[]
      href: string | undefined
    }[]
    issues: { severity: string; tone: Mark['tone']; type: string; summary: string; entities: EntityLink[] }[]
    /** Of all issues, also those that are not shown. */
    issueCount: number
    /** Shows every issue; absent when it does. */
    allIssuesHref: string | undefined
    teams: { name: string; count: number; href: string }[]
  }
  'architecture-entities': ArchitecturePage & {
    action: string
    query: string
    kinds: SelectOption[]
    owners: SelectOption[]
    tags: SelectOption[]
    isFiltered: boolean
    clearHref: string
    /** Nothing matches; the entities are those whose names are spelled alike. */
    onlySimilar: boolean
    entities: (EntityLink & {
      kindLabel: string
      technology: string | undefined
      description: string | undefined
      owners: string | undefined
      dependencies: number
      dependents: number
    })[]
    total: number
    /** The rows of this page, counted from 1. */
    range: { from: number; to: number }
    previousHref: string | undefined
    nextHref: string | undefined
  }
  entity: ArchitecturePage & {
    entity: EntityLink & {
      kindLabel: string
      kindHref: string
      description: string | undefined
      marks: Mark[]
      facts: { label: string; value: string }[]
      links: { title: string; url: string }[]
    }
    actions: { label: string; href: string }[]
    /** Owners, systems, source repositories: what it belongs to. */
    belongs: { label: string; entities: EntityLink[] }[]
    /** What belongs to it. */
    members: RelationView[]
    dependsOn: RelationView[]
    dependedOnBy: RelationView[]
    startsAfter: RelationView[]
    similar: (EntityLink & { reasons: string; isLikelyDuplicate: boolean })[]
    /** What other sources call it. */
    joined: {
      ref: string
      sources: string
      because: string
      isDecided: boolean
    }[]
    /** Words of people on what it is the same as, or not. */
    decisions: { ref: string; other: string; verdict: string; at: Moment }[]
    decide: { action: string; suggestions: string[] } | undefined
    history: { revision: number; at: Moment; cause: string; what: string[]; href: string }[]
  }
  'architecture-paths': ArchitecturePage & {
    action: string
    from: EntityField
    to: EntityField
    counts: SelectOption[]
    hops: SelectOption[]
    suggestions: string[]
    answer:
      | {
          paths: {
            steps: { entity: EntityLink; verb: string | undefined; marks: Mark[] }[]
            length: string
          }[]
          /** What every path passes. */
          cutPoints: EntityLink[]
          /** Where there is none: what to try instead. */
          none:
            | { message: string; reverseHref: string | undefined; undirectedHref: string | undefined }
            | undefined
          isUndirected: boolean
        }
      | undefined
  }
  'architecture-impact': ArchitecturePage & {
    action: string
    entity: EntityField
    changes: SelectOption[]
    suggestions: string[]
    answer:
      | {
          summary: string
          levels: {
            level: number
            title: string
            entities: (EntityLink & { through: string | undefined; marks: Mark[] })[]
            more: number
          }[]
          teams: { name: string; owned: string }[]
          unowned: number
          entryPoints: EntityLink[]
          dataStores: EntityLink[]
          notes: string[]
        }
      | undefined
  }
}
