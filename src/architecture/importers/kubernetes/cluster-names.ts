import { belongsToTelemetry } from '../../kind-groups.ts'
import type { Entity } from '../../model.ts'
import type { GroupedServices } from './service-groups.ts'
import type { ServiceResource } from './resources.ts'

/** Where a host leads: a Service of the import with the entity behind it, or a name nobody describes. */
export type Resolution =
  | { found: true; entity: Entity; service: ServiceResource }
  | { found: false; name: string; namespace: string | undefined }

/** Resolves host names as the cluster's DNS would, from inside a namespace. */
export interface ClusterNames {
  readonly resolve: (host: string, fromNamespace: string) => Resolution
}

interface Known {
  entity: Entity
  service: ServiceResource
}

/** https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */
export function createClusterNames(grouped: GroupedServices): ClusterNames {
  const byName = new Map<string, Known>()
  const byHost = new Map<string, Known>()
  const byBareName = new Map<string, Known[]>()
  const namespaces = new Set<string>()
  const owned = [
    ...grouped.groups.flatMap(({ entity, services }) => services.map((service) => ({ entity, service }))),
    ...grouped.shared.map(({ group, service }) => ({ entity: group.entity, service })),
  ]
  for (const known of owned) {
    const { name, namespace, externalName, clusterIp } = known.service
    namespaces.add(namespace)
    byName.set(`${namespace}/${name}`, known)
    byBareName.set(name, [...(byBareName.get(name) ?? []), known])
    if (externalName !== undefined) byHost.set(externalName, known)
    if (clusterIp !== undefined && clusterIp !== 'None') byHost.set(clusterIp, known)
  }

  /** A Service of type ExternalName may point back into the cluster; a second such step is not followed. */
  const findService = (namespace: string | undefined, name: string | undefined): Known | undefined => {
    const known = byName.get(`${namespace}/${name}`)
    const target = known?.service.externalName
    if (known === undefined || target === undefined) return known
    const [targetName, targetNamespace, svc] = target.split('.')
    return svc === 'svc' ? (byName.get(`${targetNamespace}/${targetName}`) ?? known) : known
  }

  /**
   * Of rendered charts some state the namespace of the release and some leave it to whoever applies them, so that one
   * release seems to lie in two. Addresses of telemetry stand in charts whether or not it is there.
   */
  const findInRelease = (name: string, fromNamespace: string): Known | undefined => {
    const [only, another] = (byBareName.get(name) ?? []).filter(
      ({ entity, service }) =>
        (fromNamespace === unstated || service.namespace === unstated) && !belongsToTelemetry(entity),
    )
    return another === undefined ? only : undefined
  }

  return {
    resolve: (host, fromNamespace) => {
      const candidates = readings(host, fromNamespace)
      for (const { name, namespace } of candidates) {
        const known = findService(namespace, name)
        if (known !== undefined) return { found: true, ...known }
      }
      const inRelease = host.includes('.') ? undefined : findInRelease(host, fromNamespace)
      if (inRelease !== undefined) return { found: true, ...inRelease }
      const outside = byHost.get(host)
      if (outside !== undefined) return { found: true, ...outside }
      const inside = candidates.find(
        ({ certain, namespace }) => certain || (host.endsWith(`.${namespace}`) && namespaces.has(namespace)),
      )
      return inside === undefined
        ? { found: false, name: host, namespace: undefined }
        : { found: false, name: inside.name, namespace: inside.namespace }
    },
  }
}

/** Where objects are put that say no namespace. */
const unstated = 'default'

interface Reading {
  name: string
  namespace: string
  /** It can mean nothing outside the cluster. */
  certain: boolean
}

/** What a host may mean inside the cluster, most likely first. */
function readings(host: string, own: string): Reading[] {
  const labels = host.split('.')
  const svc = labels.indexOf('svc')
  const [first = '', second, third] = svc > 0 ? labels.slice(0, svc) : labels
  const depth = svc > 0 ? svc : labels.length
  // Pods of a StatefulSet have names under their Service: `kafka-0.kafka-headless`.
  const isPod = /-\d+$/.test(first)
  if (depth === 1) return [{ name: first, namespace: own, certain: true }]
  if (depth === 2 && second !== undefined) {
    const ofPod = isPod ? [{ name: second, namespace: own, certain: false }] : []
    return [{ name: first, namespace: second, certain: svc > 0 }, ...(svc > 0 ? [] : ofPod)]
  }
  if (depth === 3 && isPod && second !== undefined && third !== undefined) {
    return [{ name: second, namespace: third, certain: svc > 0 }]
  }
  return []
}
