import type { ClaimedEntity, ClaimedEvidence, EntityKind, RelationType } from '../../model.ts'
import { isSurelyAddress, meansKnownName, unresolvedEntity } from '../address-meaning.ts'
import type { ClaimsCollector } from '../claims-collector.ts'
import { relationTo, usualPortsOf } from '../technologies.ts'
import type { Project } from './projects.ts'
import { itemsOf, type ComposePlace, type ComposeService } from './services.ts'
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
  for (const { service } of read) addStartOrder(collector, service, { ...known, told })
  addRoutes(collector, read, known)
}

/** Types of the relations that variables, arguments and links of a service tell, by the reference of what is used. */
type ToldUses = ReadonlyMap<string, RelationType>

function addToldUses(
  collector: ClaimsCollector,
  { service, addresses }: ReadService,
  known: KnownServices,
): ToldUses {
  const user = known.entities.get(service)
  const used = new Map<string, RelationType>()
  if (user === undefined) return used
  const use = (target: ClaimedEntity, scheme: string | undefined, evidence: ClaimedEvidence) => {
    if (target.ref === user.ref) return
    const type = relationTo(target.kind, scheme)
    if (!used.has(target.ref)) used.set(target.ref, type)
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
  return used
}

/** Compose files need not say what an image listens on. */
function portsOf({ attributes }: ClaimedEntity): number[] {
  return [...(attributes.ports ?? []), ...usualPortsOf(attributes.technology)]
}

const storeKinds: ReadonlySet<EntityKind> = new Set(['database', 'cache', 'queue', 'storage'])

/**
 * Where variables, arguments or links tell what a service talks to, `depends_on` adds evidence to that. Of its other
 * targets a store is waited for in order to be used, unless another target is known to use it, which may be why it is
 * there; the rest only start before. Where nothing tells, `depends_on` is the only sign there is, and taken for one; but a
 * product out of a box calls nobody's services.
 */
function addStartOrder(
  collector: ClaimsCollector,
  service: ComposeService,
  { told, ...known }: KnownServices & { told: ReadonlyMap<ComposeService, ToldUses> },
): void {
  const user = known.entities.get(service)
  if (user === undefined) return
  const used: ToldUses = told.get(service) ?? new Map()
  const { find, findOrClaim } = lookupFrom(service, collector, known)
  const predecessors = startsAfter(service)
  const usedByPredecessors = new Set(
    predecessors.flatMap(({ target }) => {
      const other = known.names.resolve(target, service)
      return other === undefined ? [] : [...(told.get(other) ?? new Map<string, RelationType>()).keys()]
    }),
  )
  for (const { target: name, untilEnd, at } of predecessors) {
    const isOnlySign = used.size === 0 && !untilEnd
    const target = find(name) ?? (isOnlySign ? findOrClaim(name) : undefined)
    if (target === undefined || target.ref === user.ref) continue
    const isStore = storeKinds.has(target.kind)
    const isMeant = isStore
      ? !untilEnd && (used.size === 0 || !usedByPredecessors.has(target.ref))
      : isOnlySign && !storeKinds.has(user.kind)
    const type = used.get(target.ref) ?? (isMeant ? relationTo(target.kind, undefined) : 'starts_after')
    const evidence = evidenceAt('start_order', at, `depends_on ${name}`, 'inferred')
    collector.addRelation({ from: user.ref, to: target.ref, type }, evidence)
  }
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
