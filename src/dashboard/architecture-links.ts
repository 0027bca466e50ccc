import type { ParsedUrlQuery } from 'node:querystring'
import type { OrganizationViewer } from './viewer.ts'

/** Which graph a page is about; what is absent restricts nothing. */
export interface GraphScope {
  environment: string | undefined
  /** A revision or time. */
  asOf: string | undefined
}

/** Addresses of the pages about an architecture; those that show a graph stay with the chosen one. */
export interface ArchitectureLinks {
  base: string
  scope: GraphScope
  to: (page: string, parameters?: Parameters) => string
  entity: (ref: string) => string
}

/** Of a query; what is undefined or empty is left out. */
export type Parameters = Record<string, string | number | undefined>

/** Of the whole newest graph. */
export const wholeGraph: GraphScope = { environment: undefined, asOf: undefined }

/** Reads the scope from a query. */
export function parseScope({ environment, as_of: asOf }: ParsedUrlQuery): GraphScope {
  return { environment: parameterOf(environment, 63), asOf: parameterOf(asOf, 40) }
}

/** One parameter of a query; empty and repeated ones count as absent. */
export function parameterOf(value: string | string[] | undefined, maxLength: number): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim().slice(0, maxLength)
  return text === '' ? undefined : text
}

/** @returns the addresses for an organization and a graph of it */
export function createLinks(viewer: OrganizationViewer, scope: GraphScope): ArchitectureLinks {
  const base = `/organizations/${viewer.membership.organization.slug}/architecture`
  const to: ArchitectureLinks['to'] = (page, parameters = {}) => {
    const query = new URLSearchParams()
    const all: Parameters = { ...parameters, environment: scope.environment, as_of: scope.asOf }
    for (const [name, value] of Object.entries(all))
      if (value !== undefined && value !== '') query.append(name, String(value))
    return `${base}${page === '' ? '' : `/${page}`}${query.size === 0 ? '' : `?${query.toString()}`}`
  }
  return { base, scope, to, entity: (ref) => to(encodeURIComponent(ref)) }
}
