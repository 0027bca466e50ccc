import { entityRef, type ClaimedEntity, type Entity } from '../../model.ts'
import type { ClaimsCollector } from '../claims-collector.ts'
import type { ClusterNames } from './cluster-names.ts'
import { describeBy, readFacts } from './facts.ts'
import { objectName } from './resources.ts'
import type { Entrance, Routing } from './routes.ts'
import type { ServiceGroup } from './service-groups.ts'

/** What lies behind a host of the outside, as far as one entrance alone has it. */
export type EntranceByHost = ReadonlyMap<string, ClaimedEntity>

/**
 * Adds each way in as a gateway that routes to the Services behind it.
 * @param describe The entity of a Service that no manifest of the import describes.
 */
export function addEntrances(
  collector: ClaimsCollector,
  { entrances, routes }: Routing,
  around: {
    groups: readonly ServiceGroup[]
    names: ClusterNames
    describe: (missing: { name: string; namespace: string | undefined }) => ClaimedEntity
  },
): EntranceByHost {
  const taken = new Set(
    around.groups.flatMap(({ entity }) =>
      [entity.name, ...entity.aliases].map((name) => `${entity.namespace}/${name}`),
    ),
  )
  for (const { target, resource } of routes) taken.add(`${resource.namespace}/${target}`)
  const byHost = new Map<string, Set<string>>()
  const made = new Map<string, Entity>()

  const gatewayOf = (entrance: Entrance): Entity | undefined => {
    const { name, namespace } = entrance
    if (!objectName.test(name) || !objectName.test(namespace)) return undefined
    const key = `${entrance.kind} ${namespace}/${name}`
    const known = made.get(key)
    if (known !== undefined) return known
    const entity = gateway(nameBeside(taken, entrance), entrance)
    made.set(key, entity)
    return entity
  }

  for (const { entrance, hosts, resource } of entrances) {
    const entity = gatewayOf(entrance)
    if (entity === undefined) continue
    const { description, attributes } = describeBy(readFacts(resource.manifest))
    collector.addEntity({ ...entity, description, attributes })
    noteHosts(byHost, hosts, entity)
  }
  for (const { entrance, hosts, target, resource, path, field } of routes) {
    const resolve = (host: string) => {
      const resolution = around.names.resolve(host, resource.namespace)
      return resolution.found ? resolution.entity : collector.addEntity(around.describe(resolution))
    }
    if (!/^[a-z0-9][a-z0-9.-]{0,251}$/.test(target)) continue
    const parent =
      entrance.kind === 'Service'
        ? resolve(`${entrance.name}.${entrance.namespace}.svc`)
        : gatewayOf(entrance)
    if (parent === undefined) continue
    if (entrance.kind !== 'Service') {
      collector.addEntity(parent)
      noteHosts(byHost, hosts, parent)
    }
    const { manifest } = resource
    collector.addRelation(
      { from: parent.ref, to: resolve(target).ref, type: 'routes_to' },
      {
        method: 'ingress',
        place: { file: manifest.file, line: manifest.lineOf(path), field },
        basis: 'declared',
      },
    )
  }
  const found = onlyOnes(byHost, new Map([...made.values()].map((entity) => [entity.ref, entity])))
  for (const [host, entity] of found) collector.addEntity({ ...entity, aliases: [host] })
  return found
}

/** People name an Ingress as what is behind it; two things of one name would be in each other's way. */
function nameBeside(taken: ReadonlySet<string>, { kind, name, namespace }: Entrance): string {
  if (!taken.has(`${namespace}/${name}`)) return name
  return `${name}-${kind === 'Ingress' ? 'ingress' : 'gateway'}`
}

function gateway(name: string, { namespace }: Entrance): Entity {
  return {
    ref: entityRef({ kind: 'gateway', name, namespace }),
    kind: 'gateway',
    name,
    namespace,
    aliases: [],
    attributes: {},
  }
}

function noteHosts(byHost: Map<string, Set<string>>, hosts: readonly string[], { ref }: Entity): void {
  for (const host of hosts) {
    if (host.startsWith('*')) continue
    byHost.set(host, new Set([...(byHost.get(host) ?? []), ref]))
  }
}

function onlyOnes(byHost: Map<string, Set<string>>, entities: Map<string, Entity>): EntranceByHost {
  const found = new Map<string, ClaimedEntity>()
  for (const [host, refs] of byHost) {
    const [ref] = refs
    const entity = ref === undefined || refs.size > 1 ? undefined : entities.get(ref)
    if (entity !== undefined) found.set(host, entity)
  }
  return found
}
