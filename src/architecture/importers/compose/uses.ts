import type { ClaimedEntity, ClaimedEvidence, RelationType } from '../../model.ts'
import { isSurelyAddress, meansKnownName, unresolvedEntity } from '../address-meaning.ts'
import type { ClaimsCollector } from '../claims-collector.ts'
import { belongsToTelemetry } from '../../kind-groups.ts'
import { relationTo, storeKinds, usualPortsOf } from '../technologies.ts'
import type { Project } from './projects.ts'
import { itemsOf, lastOf, lastText, type ComposePlace, type ComposeService } from './services.ts'
import { linksOf, type ServiceNames } from './service-names.ts'
import { startsAfter } from './start-order.ts'
import { placeAt, type FoundAddress } from './variables.ts'

/** What is known of all services. */
export interface KnownServices {
  names: ServiceNames
  entities: ReadonlyMap<ComposeService, ClaimedEntity>
}

/** What was read of one service. */
interface ReadService {
  service: ComposeService
  addresses: FoundAddress[]
}

/** Claims what each service uses. */
export function addUses(
  collector: ClaimsCollector,
  read: readonly ReadService[],
  known: KnownServices,
): void {
  const told = new Map(read.map((each) => [each.service, addToldUses(collector, each, known)]))
  const addressed = new Set([...told.values()].flatMap(({ types }) => [...types.keys()]))
  for (const { service } of read) addStartOrder(collector, service, { ...known, told, addressed })
  addRoutes(collector, read, known)
}

/** What variables, arguments and links of a service tell. */
interface ToldUses {
  /** By the reference of what is used. */
  types: ReadonlyMap<string, RelationType>
  /** Where everything reports to telemetry, that alone says nothing of what a service needs. */
  nothingButTelemetry: boolean
}

function addToldUses(
  collector: ClaimsCollector,
  { service, addresses }: ReadService,
  known: KnownServices,
): ToldUses {
  const user = known.entities.get(service)
  const types = new Map<string, RelationType>()
  let nothingButTelemetry = true
  if (user === undefined) return { types, nothingButTelemetry }
  const use = (target: ClaimedEntity, scheme: string | undefined, evidence: ClaimedEvidence) => {
    if (target.ref === user.ref) return
    const type = relationTo(target.kind, scheme)
    if (!types.has(target.ref)) types.set(target.ref, type)
    if (!belongsToTelemetry(target)) nothingButTelemetry = false
    collector.addRelation({ from: user.ref, to: target.ref, type }, evidence)
  }
  const { find, findOrClaim } = lookupFrom(service, collector, known)
  for (const { address, evidence } of addresses) {
    const target = find(address.host)
    const isMeant = target === undefined ? isSurelyAddress(address) : meansKnownName(address, portsOf(target))
    if (isMeant) use(target ?? findOrClaim(address.host), address.scheme, evidence)
  }
  for (const field of ['links', 'external_links'] as const) {
    for (const { target, at } of linksOf(service, field))
      use(findOrClaim(target), undefined, evidenceAt('link', at, `${field} ${target}`, 'declared'))
  }
  return { types, nothingButTelemetry }
}

/** Compose files need not say what an image listens on. */
function portsOf({ attributes }: ClaimedEntity): number[] {
  return [...(attributes.ports ?? []), ...usualPortsOf(attributes.technology)]
}

/**
 * Where variables, arguments or links tell what a service talks to, `depends_on` adds evidence to that. Of its other
 * targets a store is waited for in order to be used, unless another target is known to use it, which may be why it is
 * there; the rest only start before. Where nothing tells, `depends_on` is the only sign there is, and taken for one where
 * one can be called by the other; but not by who is told addresses, if only of telemetry, while others are told that one.
 */
function addStartOrder(
  collector: ClaimsCollector,
  service: ComposeService,
  {
    told,
    addressed,
    ...known
  }: KnownServices & { told: ReadonlyMap<ComposeService, ToldUses>; addressed: ReadonlySet<string> },
): void {
  const user = known.entities.get(service)
  if (user === undefined) return
  const { types, nothingButTelemetry = true } = told.get(service) ?? {}
  const { find, findOrClaim } = lookupFrom(service, collector, known)
  const predecessors = startsAfter(service).map((each) => ({
    ...each,
    other: known.names.resolve(each.target, service),
  }))
  const usedByPredecessors = new Set(
    predecessors.flatMap(({ other }) => (other && [...(told.get(other)?.types.keys() ?? [])]) ?? []),
  )
  for (const { target: name, other, untilEnd, at } of predecessors) {
    const isOnlySign = nothingButTelemetry && !untilEnd
    const target = find(name) ?? (isOnlySign ? findOrClaim(name) : undefined)
    if (target === undefined || target.ref === user.ref) continue
    const lacksAddress = (types?.size ?? 0) > 0 && addressed.has(target.ref)
    const isMeant = storeKinds.has(target.kind)
      ? !untilEnd && (nothingButTelemetry || !usedByPredecessors.has(target.ref))
      : isOnlySign &&
        !lacksAddress &&
        !storeKinds.has(user.kind) &&
        !isInBackground(target) &&
        !runSameProgram(service, other)
    const type = types?.get(target.ref) ?? (isMeant ? relationTo(target.kind, undefined) : 'starts_after')
    const evidence = evidenceAt('start_order', at, `depends_on ${name}`, 'inferred')
    collector.addRelation({ from: user.ref, to: target.ref, type }, evidence)
  }
}

/** Workers take their work out of a queue; there is nothing to call. */
function isInBackground({ name, attributes }: ClaimedEntity): boolean {
  return (
    attributes.ports === undefined &&
    /(?:^|[-_.])(?:worker|beat|scheduler|cron|consumer)s?(?:$|[-_.])/.test(name)
  )
}

/** Processes of one program, such as a server and its worker, meet in their stores. */
function runSameProgram(service: ComposeService, other: ComposeService | undefined): boolean {
  const programs = [service, other].map((each) => {
    if (each === undefined) return undefined
    return JSON.stringify(lastText(each, 'image') ?? lastOf(each, 'build')?.value)
  })
  return programs[0] !== undefined && programs[0] === programs[1]
}

function lookupFrom(service: ComposeService, collector: ClaimsCollector, { names, entities }: KnownServices) {
  const entityOf = (found: ComposeService | undefined) =>
    found === undefined ? undefined : entities.get(found)
  const find = (name: string) => entityOf(names.resolve(name, service))
  const findOrClaim = (name: string) =>
    find(name) ?? entityOf(names.resolveAnywhere(name)) ?? collector.addEntity(unresolvedEntity({ name }))
  return { find, findOrClaim }
}

/** Traefik finds what it routes to by their labels, and has no other list. */
function addRoutes(
  collector: ClaimsCollector,
  read: readonly ReadService[],
  { entities }: KnownServices,
): void {
  const routers = new Map<Project, ClaimedEntity | undefined>()
  for (const { service } of read) {
    const entity = entities.get(service)
    if (entity === undefined || !runsTraefik(entity)) continue
    // With a second router of the project nobody can say which one the labels are for.
    routers.set(service.project, routers.has(service.project) ? undefined : entity)
  }
  for (const { service } of read) {
    const router = routers.get(service.project)
    const entity = entities.get(service)
    if (router === undefined || entity === undefined) continue
    const label = itemsOf(service, 'labels').find(({ key }) => /^traefik\.(?:http|tcp|udp)\./.test(key))
    if (label === undefined) continue
    const evidence = evidenceAt('label', label.at, 'labels traefik', 'declared')
    collector.addRelation({ from: router.ref, to: entity.ref, type: 'routes_to' }, evidence)
  }
}

function runsTraefik({ attributes }: ClaimedEntity): boolean {
  return attributes.images?.some((image) => /(?:^|\/)traefik(?::|@|$)/.test(image)) ?? false
}

function evidenceAt(
  method: ClaimedEvidence['method'],
  at: ComposePlace,
  field: string,
  basis: ClaimedEvidence['basis'],
): ClaimedEvidence {
  return { method, place: placeAt(at, field.slice(0, 150)), basis }
}
