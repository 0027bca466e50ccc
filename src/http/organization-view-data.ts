import type { Role } from '../domain/principal.ts'
import type { FieldErrors, Frame, Moment, OrganizationFrame } from './view-data.ts'

/** What the pages about organizations themselves are given. */
export interface OrganizationViewData {
  /** Where somebody in several organizations, or in none, arrives. */
  organizations: {
    frame: Frame
    organizations: { slug: string; name: string; role: Role }[]
    /** Deleted ones that the viewer may bring back. */
    restorable: { slug: string; name: string; dueAt: Moment }[]
  }
  'new-organization': {
    frame: Frame
    values: { name: string; slug: string }
    errors: FieldErrors
    /** Where it goes on afterwards instead of the new organization: a path of ours. */
    returnTo: string | undefined
  }
  /** The first section of the settings: name and addresses, and the way out. */
  'organization-settings': {
    frame: OrganizationFrame
    administers: boolean
    owns: boolean
    values: { name: string; slug: string }
    errors: FieldErrors
    /** The MCP endpoint of this organization alone. */
    endpoint: string
    /** Under which it goes on to be found. */
    formerSlugs: readonly string[]
  }
  /** Shows what deleting ends, and asks for the name. */
  'delete-organization': {
    frame: OrganizationFrame
    name: string
    /** "3 client sessions". */
    sessions: string
    /** What was typed. */
    typed: string
    errors: FieldErrors
    graceDays: number
  }
  /** In place of every page of an organization that was deleted and is not erased yet. */
  'deleted-organization': {
    frame: Frame
    slug: string
    name: string
    owns: boolean
    deletedAt: Moment
    dueAt: Moment
  }
}
