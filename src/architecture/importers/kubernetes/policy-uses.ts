import { telemetryTag } from '../../kind-groups.ts'
import { entityRef, type ClaimedEntity } from '../../model.ts'
import { findTechnology, relationTo } from '../technologies.ts'
import type { ClaimsCollector } from '../claims-collector.ts'
import { isTelemetry } from '../telemetry.ts'
import type { Permission, PolicyPods } from './network-policies.ts'
import { namesOf } from './label-names.ts'
import { indexPods, type Labels } from './pod-selection.ts'
import { objectName, placeOf, type Workload } from './resources.ts'
import type { ServiceGroup } from './service-groups.ts'

/** What a selector leads to, with the labels that led there. */
interface Selected {
  entity: ClaimedEntity
  labels: Labels
}

/**
 * Turns permissions into relations of the verb that a variable would give, as a weaker sign: a policy permits, it does
 * not prove. A selector that fits several things names nobody in particular. What no workload bears: where the import
 * describes nothing else of that namespace, the labels name an entity; else the selector dangles, and the name counts
 * only where another source describes it.
 * @returns warnings
 */
export function addPermittedUses(
  collector: ClaimsCollector,
  groups: readonly ServiceGroup[],
  permissions: readonly Permission[],
): string[] {
  const warnings = new Set<string>()
  const workloads = groups.flatMap((group) => group.workloads)
  const selectPods = indexPods(workloads)
  const groupOf = new Map(groups.flatMap((group) => group.workloads.map((workload) => [workload, group])))
  const described = new Set(workloads.map(({ namespace }) => namespace))

  const nameOf = namesOf(
    permissions.flatMap(({ from, to }) => [...from.selector.alternatives, ...to.selector.alternatives]),
  )
  const portsOf = portsByName(permissions, nameOf)

  const theOnly = (found: readonly Workload[]): ClaimedEntity | undefined => {
    const entities = new Set(found.flatMap((workload) => groupOf.get(workload)?.entity ?? []))
    return entities.size === 1 ? [...entities][0] : undefined
  }

  const select = (permission: Permission, pods: PolicyPods): Selected[] =>
    pods.namespaces.flatMap((namespace) =>
      pods.selector.alternatives.flatMap((labels) => {
        const found = selectPods(namespace, labels).filter(({ podLabels }) =>
          pods.selector.conditions.every((holds) => holds(podLabels)),
        )
        if (found.length > 0) {
          const entity = theOnly(found)
          return entity === undefined ? [] : [{ entity, labels }]
        }
        const isDangling = namespace === undefined ? described.size > 0 : described.has(namespace)
        const { manifest } = permission.policy
        const dangling = `${placeOf(manifest, permission.path)}: NetworkPolicy ${permission.policy.name} selects ${present(labels)}, which no workload of this import bears`
        const near = isDangling ? theOnly(selectNear(selectPods, namespace, labels)) : undefined
        if (near !== undefined) {
          warnings.add(`${dangling}; taken for ${near.name}`)
          return [{ entity: near, labels }]
        }
        if (isDangling) warnings.add(dangling)
        const stated = pods.isNamespaceStated ? namespace : undefined
        const name = nameOf(labels)
        if (name === undefined || !objectName.test(name)) return []
        const entity = entityByLabel(name, stated, portsOf.get(name) ?? [])
        const known = isDangling ? ({ mentionOnly: true } as const) : ({ byLabel: true } as const)
        return [{ entity: { ...entity, ...known }, labels }]
      }),
    )

  for (const permission of permissions) {
    const { policy, direction, path } = permission
    const users = select(permission, permission.from)
    const used = select(permission, permission.to)
    const line = policy.manifest.lineOf(path)
    for (const { entity: to, labels: toLabels } of used) {
      for (const { entity: from, labels: fromLabels } of users) {
        if (from.ref === to.ref) continue
        collector.addEntity(from)
        const { kind } = collector.addEntity(to)
        const peer = present(direction === 'ingress' ? fromLabels : toLabels)
        const field = `${direction} ${direction === 'ingress' ? 'from' : 'to'} ${peer} in NetworkPolicy ${policy.name}`
        collector.addRelation(
          { from: from.ref, to: to.ref, type: relationTo(kind, undefined) },
          {
            method: 'network_policy',
            place: { file: policy.manifest.file, line, field: field.slice(0, 300) },
            basis: 'inferred',
          },
        )
      }
    }
  }
  return [...warnings]
}

/** A real mistake: policies that select `name: cart` where the pods bear `name: carts`. */
function selectNear(
  selectPods: ReturnType<typeof indexPods>,
  namespace: string | undefined,
  labels: Labels,
): Workload[] {
  const [only, another] = Object.entries(labels)
  if (only === undefined || another !== undefined) return []
  const [label, value] = only
  return pluralsOf(value).flatMap((near) => selectPods(namespace, { [label]: near }))
}

function pluralsOf(name: string): string[] {
  return name.endsWith('s') ? [name.slice(0, -1)] : [`${name}s`]
}

function portsByName(
  permissions: readonly Permission[],
  nameOf: (labels: Labels) => string | undefined,
): Map<string, number[]> {
  const ports = new Map<string, number[]>()
  for (const { to, ports: allowed } of permissions) {
    for (const name of to.selector.alternatives.flatMap((labels) => nameOf(labels) ?? []))
      ports.set(name, [...new Set([...(ports.get(name) ?? []), ...allowed])])
  }
  return ports
}

function entityByLabel(name: string, namespace: string | undefined, ports: readonly number[]): ClaimedEntity {
  const technology = findTechnology({ names: [name], images: [], ports })
  const kind = technology?.kind ?? 'service'
  return {
    ref: entityRef({ kind, name, namespace }),
    kind,
    name,
    namespace,
    aliases: [],
    ...(isTelemetry({ names: [name], images: [] }) ? { tags: [telemetryTag] } : {}),
    attributes: technology === undefined ? {} : { technology: technology.name },
  }
}

function present(labels: Labels): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`.replaceAll(/[^\w.\-/=]/g, '?'))
    .join(',')
    .slice(0, 150)
}
