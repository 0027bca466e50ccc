import type { ArchitecturePage, EntityField } from './architecture-view-data.ts'
import type { SelectOption } from './view-data.ts'

/** The picture of an architecture. */
export interface DiagramViewData {
  'architecture-diagram': ArchitecturePage & {
    action: string
    focus: EntityField
    depths: SelectOption[]
    telemetry: boolean
    suggestions: string[]
    /** Nothing was imported yet. */
    isEmpty: boolean
    /** It could not be laid out in time. */
    isTooMuch: boolean
    /** Escaped already: it is our own drawing. Absent where there is nothing to draw. */
    svg: string | undefined
    shown: { entities: number; relations: number; omitted: number }
    /** The entity in the middle. */
    middle: { name: string; href: string } | undefined
    everythingHref: string
    files: { label: string; href: string }[]
  }
}
