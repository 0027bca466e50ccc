import { belongsToTelemetry, telemetryTag } from '../../kind-groups.ts'
import type { Claims } from '../../model.ts'
import { storeKinds } from '../technologies.ts'
import type { ClusterNames } from './cluster-names.ts'
import type { FindConfigMap } from './environment.ts'
import type { ServiceGroup } from './service-groups.ts'

/** Of each file; a dashboard's queries come late and name no store. */
const maxConfigLength = 200_000

/**
 * Tags stores that only telemetry uses, such as the OpenSearch behind a collector. What telemetry says in files mounted
 * from ConfigMaps counts for this alone: such files often list what is merely known.
 */
export function tagTelemetryStores(
  claims: Claims,
  groups: readonly ServiceGroup[],
  { names, findConfigMap }: { names: ClusterNames; findConfigMap: FindConfigMap },
): Claims {
  const telemetry = groups.filter(({ entity }) => belongsToTelemetry(entity))
  if (telemetry.length === 0) return claims
  const watching = new Set(telemetry.map(({ entity }) => entity.ref))
  const ofTelemetry = new Set(telemetry.flatMap((group) => [...storesInFiles(group, names, findConfigMap)]))
  const ofOthers = new Set<string>()
  for (const { from, to } of claims.relations) (watching.has(from) ? ofTelemetry : ofOthers).add(to)
  const entities = claims.entities.map((entity) => {
    const isTelemetry =
      storeKinds.has(entity.kind) && ofTelemetry.has(entity.ref) && !ofOthers.has(entity.ref)
    return isTelemetry ? { ...entity, tags: [...new Set([...(entity.tags ?? []), telemetryTag])] } : entity
  })
  return { ...claims, entities }
}

function storesInFiles(group: ServiceGroup, names: ClusterNames, findConfigMap: FindConfigMap): Set<string> {
  const stores = new Set<string>()
  for (const { namespace, mountedConfigMaps } of group.workloads) {
    const texts = mountedConfigMaps.flatMap((name) =>
      Object.values(findConfigMap(namespace, name)?.data ?? {}),
    )
    for (const text of texts) {
      const hosts = text.slice(0, maxConfigLength).matchAll(/(?<![\w.-])([a-z][a-z0-9.-]{0,252}):\d{2,5}\b/g)
      for (const host of new Set([...hosts].flatMap((match) => match[1] ?? []))) {
        const resolution = names.resolve(host, namespace)
        if (resolution.found && storeKinds.has(resolution.entity.kind)) stores.add(resolution.entity.ref)
      }
    }
  }
  return stores
}
