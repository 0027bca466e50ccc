import type { ComposePlace, ComposeService } from './services.ts'
import { itemsOf, lastText } from './services.ts'
import { recordAt, textOf } from '../untyped-values.ts'
import { interpolate } from './interpolation.ts'

/** Finds the service that a host name leads to. */
export interface ServiceNames {
  /** As the network of its project would from inside `from`. */
  readonly resolve: (host: string, from: ComposeService) => ComposeService | undefined
  /** In whatever project, if there is only one of that name: projects may share networks that are made outside. */
  readonly resolveAnywhere: (host: string) => ComposeService | undefined
  /** Other names under which a service is reached, or known to Docker. */
  readonly aliasesOf: (service: ComposeService) => string[]
}

/** A service named by another under `links`. */
export interface Link {
  /** Name of a service, or of a container with `external_links`. */
  target: string
  /** Host name in the linking container alone. */
  alias: string | undefined
  at: ComposePlace
}

const maxAliases = 20
const hostName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/

/** Indexes the names of all services of an import. */
export function createServiceNames(services: readonly ComposeService[]): ServiceNames {
  const inProject = new Map<string, ComposeService>()
  const anywhere = new Map<string, Set<ComposeService>>()
  const linkAliases = new Map<ComposeService, Map<string, string>>()
  const aliases = new Map(services.map((service) => [service, readAliases(service)]))
  // Names of services before other names, whoever stands first.
  for (const service of services) inProject.set(keyOf(service, service.name), service)
  for (const [service, names] of aliases) {
    for (const name of names) {
      const key = keyOf(service, name)
      if (!inProject.has(key)) inProject.set(key, service)
    }
    for (const name of new Set([service.name, ...names].map((each) => each.toLowerCase())))
      anywhere.set(name, (anywhere.get(name) ?? new Set()).add(service))
    const links = linksOf(service, 'links').flatMap(({ alias, target }) =>
      alias === undefined ? [] : [[alias.toLowerCase(), target] as const],
    )
    if (links.length > 0) linkAliases.set(service, new Map(links))
  }
  return {
    resolve: (host, from) => {
      const linked = linkAliases.get(from)?.get(host.toLowerCase()) ?? host
      return inProject.get(keyOf(from, linked)) ?? inProject.get(keyOf(from, withoutNetwork(linked, from)))
    },
    resolveAnywhere: (host) => {
      const found = anywhere.get(host.toLowerCase())
      return found?.size === 1 ? [...found][0] : undefined
    },
    aliasesOf: (service) => aliases.get(service) ?? [],
  }
}

function keyOf({ project }: ComposeService, name: string): string {
  return `${project.name}/${name.toLowerCase()}`
}

/** Links of a service, as `SERVICE` or `SERVICE:ALIAS`. */
export function linksOf(service: ComposeService, field: 'links' | 'external_links'): Link[] {
  return itemsOf(service, field).flatMap(({ key, at }) => {
    const [target = '', alias] = key.split(':')
    return hostName.test(target) ? [{ target, alias, at }] : []
  })
}

/** https://docs.docker.com/compose/how-tos/networking/ */
function readAliases(service: ComposeService): string[] {
  const { lookup } = service.project
  const ofNetworks = service.layers.flatMap(({ spec }) =>
    Object.values(recordAt(spec, 'networks')).flatMap((network) => {
      const list = recordAt(network)['aliases']
      return (Array.isArray(list) ? (list as unknown[]) : []).flatMap((alias) => textOf(alias) ?? [])
    }),
  )
  const names = [lastText(service, 'container_name'), lastText(service, 'hostname'), ...ofNetworks]
    .flatMap((name) => name ?? [])
    .map((name) => interpolate(name, lookup))
    .filter((name) => hostName.test(name) && name !== service.name)
  return [...new Set(names)].slice(0, maxAliases)
}

/** `db.backend` is `db` on the network `backend`. */
function withoutNetwork(host: string, { project }: ComposeService): string {
  const dot = host.indexOf('.')
  const network = host.slice(dot + 1)
  const isNetwork =
    dot > 0 && project.documents.some(({ data }) => Object.hasOwn(recordAt(data, 'networks'), network))
  return isNetwork ? host.slice(0, dot) : host
}
