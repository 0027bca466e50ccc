import { listAt, recordAt, textOf } from '../untyped-values.ts'
import type { NodePath } from '../yaml-documents.ts'
import type { NamedResource } from './resources.ts'

/** Where traffic comes in: an Ingress or Gateway, a route without one, or a Service that is parent of a route. */
export interface Entrance {
  kind: string
  name: string
  namespace: string
}

/** Traffic that an entrance passes on to a Service. */
export interface Route {
  entrance: Entrance
  hosts: string[]
  /** The Service, as a host name that the cluster would resolve from inside the namespace of the route. */
  target: string
  resource: NamedResource
  path: NodePath
  /** Such as `host shop.example.com path /api`. */
  field: string
}

/** Ways in that exist whether or not anything is behind them, and what each passes on. */
export interface Routing {
  entrances: { entrance: Entrance; hosts: string[]; resource: NamedResource }[]
  routes: Route[]
}

/**
 * Reads Ingress, the Gateway API and Istio's VirtualService. Who implements them (IngressClass, GatewayClass) does not
 * matter.
 */
export function readRouting(resources: readonly NamedResource[]): Routing {
  const routing: Routing = { entrances: [], routes: [] }
  for (const resource of resources) {
    const { kind, data } = resource.manifest
    const spec = recordAt(data, 'spec')
    if (kind === 'Ingress') addIngress(routing, resource, spec)
    else if (kind === 'Gateway') addGateway(routing, resource, spec)
    else if (kind === 'VirtualService') addVirtualService(routing, resource, spec)
    else addAttachedRoute(routing, resource, spec)
  }
  return routing
}

/** https://kubernetes.io/docs/concepts/services-networking/ingress/, and its beta form with `serviceName`. */
function addIngress(routing: Routing, resource: NamedResource, spec: Record<string, unknown>): void {
  const entrance = entranceOf(resource)
  const add = (backend: Record<string, unknown>, path: NodePath, where: string, hosts: string[]) => {
    const target = textOf(recordAt(backend, 'service')['name']) ?? textOf(backend['serviceName'])
    if (target !== undefined)
      routing.routes.push({ entrance, hosts, target, resource, path, field: `${where} of Ingress` })
  }
  const rules = listAt(spec, 'rules')
  const hosts = rules.flatMap((rule) => hostsIn([recordAt(rule)['host']]))
  routing.entrances.push({ entrance, hosts, resource })
  for (const key of ['defaultBackend', 'backend'])
    add(recordAt(spec, key), ['spec', key], 'default backend', [])
  rules.forEach((rule, ruleAt) => {
    const own = hostsIn([recordAt(rule)['host']])
    listAt(rule, 'http', 'paths').forEach((item, itemAt) => {
      const where = fieldOf(own, textOf(recordAt(item)['path']))
      add(recordAt(item, 'backend'), ['spec', 'rules', ruleAt, 'http', 'paths', itemAt], where, own)
    })
  })
}

/** A Gateway of the Gateway API has listeners, one of Istio servers. */
function addGateway(routing: Routing, resource: NamedResource, spec: Record<string, unknown>): void {
  const hosts = [
    ...hostsIn(listAt(spec, 'listeners').map((listener) => recordAt(listener)['hostname'])),
    ...listAt(spec, 'servers').flatMap((server) => hostsIn(listAt(server, 'hosts'))),
  ]
  routing.entrances.push({ entrance: entranceOf(resource), hosts, resource })
}

/** https://gateway-api.sigs.k8s.io/reference/spec/ */
function addAttachedRoute(routing: Routing, resource: NamedResource, spec: Record<string, unknown>): void {
  const hosts = hostsIn(listAt(spec, 'hostnames'))
  const parents = listAt(spec, 'parentRefs').flatMap((item): Entrance[] => {
    const { kind, name, namespace } = recordAt(item)
    const named = textOf(name)
    if (named === undefined) return []
    return [
      {
        kind: textOf(kind) ?? 'Gateway',
        name: named,
        namespace: textOf(namespace) ?? resource.namespace,
      },
    ]
  })
  const entrances = parents.length > 0 ? parents : [entranceOf(resource)]
  listAt(spec, 'rules').forEach((rule, ruleAt) => {
    const match = recordAt(listAt(rule, 'matches')[0])
    const where = fieldOf(hosts, textOf(recordAt(match, 'path')['value']))
    listAt(rule, 'backendRefs').forEach((item, itemAt) => {
      const { kind = 'Service', name, namespace } = recordAt(item)
      const target = textOf(name)
      if (target === undefined || kind !== 'Service') return
      const path = ['spec', 'rules', ruleAt, 'backendRefs', itemAt]
      const inside = textOf(namespace)
      for (const entrance of entrances) {
        routing.routes.push({
          entrance,
          hosts,
          target: inside === undefined ? target : `${target}.${inside}.svc`,
          resource,
          path,
          field: `${where} of ${resource.manifest.kind} ${resource.name}`,
        })
      }
    })
  })
}

/** https://istio.io/latest/docs/reference/config/networking/virtual-service/; only what comes in from outside. */
function addVirtualService(routing: Routing, resource: NamedResource, spec: Record<string, unknown>): void {
  const hosts = hostsIn(listAt(spec, 'hosts'))
  const gateways = listAt(spec, 'gateways').flatMap((item) => {
    const text = textOf(item)
    if (text === undefined || text === 'mesh') return []
    const [namespace, name] = text.includes('/') ? text.split('/') : [resource.namespace, text]
    return name === undefined || namespace === undefined ? [] : [{ kind: 'Gateway', name, namespace }]
  })
  for (const protocol of ['http', 'tls', 'tcp']) {
    listAt(spec, protocol).forEach((rule, ruleAt) => {
      const uri = recordAt(listAt(rule, 'match')[0], 'uri')
      const where = fieldOf(hosts, textOf(uri['prefix'] ?? uri['exact']))
      listAt(rule, 'route').forEach((item, itemAt) => {
        const target = textOf(recordAt(item, 'destination')['host'])
        if (target === undefined) return
        const path = ['spec', protocol, ruleAt, 'route', itemAt]
        const field = `${where} of VirtualService ${resource.name}`
        for (const entrance of gateways)
          routing.routes.push({ entrance, hosts, target, resource, path, field })
      })
    })
  }
}

function entranceOf({ name, namespace, manifest }: NamedResource): Entrance {
  return { kind: manifest.kind, name, namespace }
}

function hostsIn(values: readonly unknown[]): string[] {
  return values.flatMap((value) => {
    const host = textOf(value)?.toLowerCase()
    return host !== undefined && /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(host) ? [host] : []
  })
}

function fieldOf(hosts: readonly string[], path: string | undefined): string {
  const host = hosts.length === 0 ? 'any host' : `host ${hosts.slice(0, 5).join(', ')}`
  const safe = path?.replaceAll(/[^\w./*:~-]/g, '?').slice(0, 100)
  return safe === undefined || safe === '' ? host : `${host} path ${safe}`
}
