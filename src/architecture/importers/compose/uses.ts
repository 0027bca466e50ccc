import type { ClaimedEntity, ClaimedEvidence, RelationType } from '../../model.ts'
import { isSurelyAddress, meansKnownName, unresolvedEntity } from '../address-meaning.ts'
import type { ClaimsCollector } from '../claims-collector.ts'
import { relationTo } from '../technologies.ts'
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
  for (const each of read) addUsesOf(collector, each, known)
  addRoutes(collector, read, known)
}

/**
 * Where variables, arguments or links tell what a service talks to, `depends_on` adds evidence to that; its other targets
 * only start before. Where nothing tells, `depends_on` is the only sign there is, and taken for one.
 */
function addUsesOf(
  collector: ClaimsCollector,
  { service, addresses }: ReadService,
  known: KnownServices,
): void {
  const user = known.entities.get(service)
  if (user === undefined) return
  const used = new Map<string, RelationType>()
  const use = (target: ClaimedEntity, scheme: string | undefined, evidence: ClaimedEvidence) => {
    if (target.ref === user.ref) return
    const type = relationTo(target.kind, scheme)
    if (!used.has(target.ref)) used.set(target.ref, type)
    collector.addRelation({ from: user.ref, to: target.ref, type }, evidence)
  }
  const entityOf = (found: ComposeService | undefined) =>
    found === undefined ? undefined : known.entities.get(found)
  const find = (name: string) => entityOf(known.names.resolve(name, service))
  const findOrClaim = (name: string) =>
    find(name) ??
    entityOf(known.names.resolveAnywhere(name)) ??
    collector.addEntity(unresolvedEntity({ name }))

  for (const { address, evidence } of addresses) {
    const target = find(address.host)
    const isMeant =
      target === undefined ? isSurelyAddress(address) : meansKnownName(address, target.attributes.ports ?? [])
    if (isMeant) use(target ?? findOrClaim(address.host), address.scheme, evidence)
  }
  for (const field of ['links', 'external_links'] as const) {
    for (const { target, at } of linksOf(service, field))
      use(findOrClaim(target), undefined, evidenceAt('link', at, `${field} ${target}`, 'declared'))
  }
  const nothingTold = used.size === 0
  for (const { target: name, untilEnd, at } of startsAfter(service)) {
    const isOnlySign = nothingTold && !untilEnd
    const target = find(name) ?? (isOnlySign ? findOrClaim(name) : undefined)
    if (target === undefined || target.ref === user.ref) continue
    const told = used.get(target.ref)
    const type = told ?? (isOnlySign ? relationTo(target.kind, undefined) : 'starts_after')
    const evidence = evidenceAt('start_order', at, `depends_on ${name}`, 'inferred')
    collector.addRelation({ from: user.ref, to: target.ref, type }, evidence)
  }
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
