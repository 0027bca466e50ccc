import type { Moment, OrganizationFrame } from './view-data.ts'

/** What the page of the audit log is given. */
export interface AuditViewData {
  'audit-log': {
    frame: OrganizationFrame
    /** The path of this page. */
    base: string
    filter: {
      who: string
      entity: string
      from: string
      to: string
      /** A client session's id. */
      session: string
      isActive: boolean
      what: { label: string; options: { value: string; label: string; selected: boolean }[] }[]
      /** Ways to ask for a period without typing dates. */
      periods: { label: string; href: string; selected: boolean }[]
    }
    entries: AuditRow[]
    /** Whether this is not the first page. */
    isContinued: boolean
    newestHref: string
    older: { href: string; until: Moment } | undefined
    /** The search stopped before it had a whole page. */
    isPartial: boolean
    exports: { csv: string; jsonl: string }
    retention: {
      days: number
      /** Only owners choose. */
      choices: { days: number; label: string; selected: boolean }[] | undefined
    }
  }
}

/** One entry. */
export interface AuditRow {
  id: string
  at: Moment
  who: { name: string; email: string | undefined; href: string | undefined }
  address: string | undefined
  words: string
  /** Whom it was done to, where that is somebody else. */
  concerned: string | undefined
  tool: string | undefined
  client: string | undefined
  outcome: { label: string; isRefusal: boolean } | undefined
  entities: { ref: string; href: string }[]
  moreEntities: number
  facts: { label: string; value: string; href?: string | undefined }[]
}
