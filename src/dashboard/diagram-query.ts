import type { ParsedUrlQuery } from 'node:querystring'

/** What of the architecture a diagram shows, as its address says it. */
export interface DiagramQuery {
  /** Name or reference of the entity in the middle; blank: everything. */
  focus: string
  depth: number
  environment: string
  /** Revision or time; blank: the newest. */
  asOf: string
  telemetry: boolean
}

const depths = [1, 2, 3, 4, 6] as const
/** The depths there are to choose from. */
export const diagramDepths: readonly number[] = depths
const defaultDepth = 2

/** Links get old and are typed by hand, so what makes no sense counts as absent. */
export function parseDiagramQuery(query: ParsedUrlQuery): DiagramQuery {
  const text = (name: string, longest: number) => {
    const value = query[name]
    return typeof value === 'string' ? value.trim().slice(0, longest) : ''
  }
  return {
    focus: text('focus', 600),
    depth: depths.find((depth) => depth === Number(query['depth'])) ?? defaultDepth,
    environment: text('environment', 100),
    asOf: text('as_of', 100),
    telemetry: query['telemetry'] === '1',
  }
}

/** @returns the query string, with its question mark; empty for what is the default */
export function formatDiagramQuery({ focus, depth, environment, asOf, telemetry }: DiagramQuery): string {
  const parameters = new URLSearchParams({
    ...(focus !== '' && { focus, depth: String(depth) }),
    ...(environment !== '' && { environment }),
    ...(asOf !== '' && { as_of: asOf }),
    ...(telemetry && { telemetry: '1' }),
  })
  return parameters.size === 0 ? '' : `?${parameters}`
}
