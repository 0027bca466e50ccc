import type { OrganizationFrame } from './view-data.ts'

/** The picture of an architecture. */
export interface DiagramViewData {
  diagram: {
    frame: OrganizationFrame
    query: { focus: string; depth: number; environment: string; asOf: string; telemetry: boolean }
    /** Why there is no picture; what was asked for stands in the form. */
    problem: string | undefined
    /** Escaped already: it is our own drawing. */
    svg: string | undefined
    shown: { entities: number; relations: number; omitted: number } | undefined
    /** Nothing was imported yet. */
    isEmpty: boolean
    environments: string[]
    depths: number[]
    suggestions: { ref: string; name: string }[]
    exports: { format: string; href: string }[]
    /** Page of the entity in the middle. */
    entityHref: string | undefined
  }
}
