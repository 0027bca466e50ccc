import { telemetryTag } from '../../kind-groups.ts'
import { entityRef, type Entity, type EntityKind } from '../../model.ts'
import { isTelemetry } from '../telemetry.ts'
import { describeBy, namesBy, type Fact } from './facts.ts'
import { applicationOf, indexPods } from './pod-selection.ts'
import { objectName, placeOf, type ServiceResource, type Workload } from './resources.ts'
import { findTechnology, isGateway } from '../technologies.ts'

/** What others see as one thing: workloads, and the Services that lead to them and nowhere else. */
export interface ServiceGroup {
  entity: Entity
  workloads: Workload[]
  services: ServiceResource[]
}

/** A Service that leads to several groups and so is a thing of its own. */
export interface SharedService {
  group: ServiceGroup
  service: ServiceResource
  behind: ServiceGroup[]
}

/** All workloads and Services of an import, grouped. */
export interface GroupedServices {
  groups: ServiceGroup[]
  shared: SharedService[]
  warnings: string[]
}

/** Joins workloads and Services by selector, inside their namespace, as kube-proxy does. */
export function groupServices(
  workloads: readonly Workload[],
  services: readonly ServiceResource[],
): GroupedServices {
  const warnings: string[] = []
  const selectPods = indexPods(workloads)
  const selected = new Map(
    services.map((service) => [service, selectPods(service.namespace, service.selector)]),
  )
  const drafts = new Map<Workload, Draft>(
    workloads.map((workload) => [workload, { workloads: [workload], services: [] }]),
  )
  for (const [service, members] of selected) {
    if (members.length > 1 && areOneService(members, selected)) mergeDrafts(drafts, members)
    if (members.length > 0 || Object.keys(service.selector).length === 0) continue
    const namesake = workloads.find(
      ({ name, namespace }) => name === service.name && namespace === service.namespace,
    )
    const place = placeOf(service.manifest, ['spec', 'selector'])
    warnings.push(`${place}: the selector of Service ${service.name} matches no workload of this import`)
    // Nothing else can be meant, and two entities of one name would only be in each other's way.
    if (namesake !== undefined) selected.set(service, [namesake])
  }
  const sharing: { service: ServiceResource; behind: Draft[] }[] = []
  const alone: Draft[] = []
  for (const [service, members] of selected) {
    const behind = [...new Set(members.flatMap((member) => drafts.get(member) ?? []))]
    const [only] = behind
    if (only === undefined) alone.push({ workloads: [], services: [service] })
    else if (behind.length === 1) only.services.push(service)
    else sharing.push({ service, behind })
  }
  const finished = new Map(
    [...new Set([...drafts.values(), ...alone])].map((draft) => [draft, finish(draft)]),
  )
  const shared = sharing.map(({ service, behind }) => ({
    service,
    group: finish({ workloads: [], services: [service] }),
    behind: behind.flatMap((draft) => finished.get(draft) ?? []),
  }))
  const groups = [...finished.values()]
  addNamesByLabels([...groups, ...shared.map(({ group }) => group)])
  return { groups, shared, warnings }
}

type Draft = Omit<ServiceGroup, 'entity'>

/**
 * Versions of one thing (`reviews-v1`, `reviews-v2`) share the label that names the application, and no other Service
 * tells them apart. Otherwise a wide selector would melt a whole system into one entity.
 */
function areOneService(members: Workload[], selected: ReadonlyMap<ServiceResource, Workload[]>): boolean {
  const applications = new Set(members.map(({ podLabels }) => applicationOf(podLabels)))
  if (applications.size !== 1 || applications.has(undefined)) return false
  const toldApart = (other: Workload[]) =>
    other.length > 0 && other.length < members.length && other.some((workload) => members.includes(workload))
  return ![...selected.values()].some(toldApart)
}

function mergeDrafts(drafts: Map<Workload, Draft>, members: Workload[]): void {
  const parts = new Set(members.flatMap((member) => drafts.get(member) ?? []))
  const merged: Draft = { workloads: [...parts].flatMap((part) => part.workloads), services: [] }
  for (const workload of merged.workloads) drafts.set(workload, merged)
}

function finish(draft: Draft): ServiceGroup {
  const [workload] = draft.workloads
  const [service] = draft.services
  const namespace = workload?.namespace ?? service?.namespace
  const name = nameOf(draft)
  const images = [...new Set(draft.workloads.flatMap(mainContainers).flatMap(({ image }) => image ?? []))]
  const ports = [
    ...new Set([...draft.services, ...draft.workloads.flatMap(mainContainers)].flatMap((part) => part.ports)),
  ]
  const technology = findTechnology({ names: [name], images, ports })
  const kind = kindOf(draft, technology?.kind ?? (isGateway(images) ? 'gateway' : undefined))
  const names = [
    ...draft.workloads.map((member) => member.name),
    ...draft.services.map((member) => member.name),
  ]
  const hosts = draft.services.flatMap(({ externalName }) => externalName ?? [])
  const replicas = draft.workloads.flatMap((member) => member.replicas ?? [])
  const { description, attributes } = describeBy(factsOf(draft))
  const tags = [
    ...(replicas.length > 0 && replicas.every((count) => count === 0) ? ['switched-off'] : []),
    ...(isTelemetry({ names: [...names, ...applicationsOf(draft)], images }) ? [telemetryTag] : []),
  ]
  const entity: Entity = {
    ref: entityRef({ kind, name, namespace }),
    kind,
    name,
    namespace,
    description,
    aliases: [...new Set([...names, ...hosts])].filter((alias) => alias !== name).toSorted(),
    ...(tags.length > 0 ? { tags } : {}),
    attributes: {
      ...attributes,
      workloads: orAbsent(draft.workloads.map((member) => `${member.kind} ${member.name}`).toSorted()),
      images: orAbsent(images.toSorted()),
      technology: kind === technology?.kind ? technology.name : undefined,
      replicas: replicas.length === 0 ? undefined : replicas.reduce((sum, count) => sum + count, 0),
      ports: orAbsent(
        [...new Set(draft.services.flatMap((member) => member.ports))].toSorted((a, b) => a - b),
      ),
    },
  }
  return { ...draft, entity }
}

/** What labels and annotations of a group's parts say. */
export function factsOf({ workloads, services }: Draft): Fact[] {
  return [...workloads, ...services].flatMap(({ facts }) => facts)
}

/**
 * Other sources may know a thing by what its labels call it. A name that two things could have says nothing.
 */
function addNamesByLabels(groups: readonly ServiceGroup[]): void {
  const namesakes = new Map<string, Set<ServiceGroup>>()
  const note = (group: ServiceGroup, name: string) => {
    const key = nameKey(group, name)
    namesakes.set(key, (namesakes.get(key) ?? new Set()).add(group))
  }
  const offered = groups.map((group) => {
    const names = [group.entity.name, ...group.entity.aliases]
    const byLabels = [...applicationsOf(group), ...namesBy(factsOf(group), names)]
    for (const name of new Set([...names, ...byLabels])) note(group, name)
    return { group, byLabels }
  })
  for (const { group, byLabels } of offered) {
    const { name, aliases } = group.entity
    const clear = byLabels.filter((each) => namesakes.get(nameKey(group, each))?.size === 1)
    group.entity.aliases = [...new Set([...aliases, ...clear])].filter((alias) => alias !== name).toSorted()
  }
}

function nameKey({ entity }: ServiceGroup, name: string): string {
  return `${entity.namespace}/${name.toLowerCase()}`
}

function applicationsOf({ workloads }: Draft): string[] {
  return workloads
    .flatMap(({ podLabels }) => applicationOf(podLabels) ?? [])
    .filter((name) => objectName.test(name))
}

function kindOf(draft: Draft, technologyKind: EntityKind | undefined): EntityKind {
  if (draft.workloads.length > 0 && draft.workloads.every(({ kind }) => kind === 'Job' || kind === 'CronJob'))
    return 'job'
  if (draft.services.some(({ externalName }) => externalName !== undefined)) return 'external'
  return technologyKind ?? 'service'
}

/** The workload's name, unless a Service bears the application's: `details`, not `details-v1`. */
function nameOf(draft: Draft): string {
  const applications = new Set(draft.workloads.map(({ podLabels }) => applicationOf(podLabels)))
  const serviceNames = draft.services.map(({ name }) => name).toSorted()
  const ofApplication = serviceNames.find((name) => applications.has(name))
  const [onlyWorkload, anotherWorkload] = draft.workloads
  const fromWorkload = anotherWorkload === undefined ? onlyWorkload?.name : undefined
  return ofApplication ?? fromWorkload ?? serviceNames[0] ?? onlyWorkload?.name ?? ''
}

function mainContainers(workload: Workload): Workload['containers'] {
  return workload.containers.filter(({ init }) => !init)
}

function orAbsent<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list
}
