import {
  type Entity,
  type EntityKind,
  entityKinds,
  type EvidenceMethod,
  type RelationType,
} from '../architecture/model.ts'
import type { DescribedRelation } from '../architecture/queries/entity-description.ts'
import type { EntityHit } from '../architecture/queries/entity-search.ts'
import type { RelationView, ViewData } from '../http/view-data.ts'
import { presentMoment } from '../http/moment.ts'

const kindLabels = {
  service: 'Service',
  website: 'Website',
  job: 'Job',
  gateway: 'Gateway',
  api: 'API',
  database: 'Database',
  cache: 'Cache',
  queue: 'Queue',
  storage: 'Storage',
  library: 'Library',
  system: 'System',
  domain: 'Domain',
  team: 'Team',
  user: 'User',
  repository: 'Repository',
  external: 'External',
  unresolved: 'Unresolved',
} as const satisfies Record<EntityKind, string>

const relationLabels = {
  calls: 'calls',
  reads: 'reads',
  writes: 'writes',
  reads_writes: 'reads and writes',
  publishes: 'publishes to',
  consumes: 'consumes from',
  uses_queue: 'uses queue',
  routes_to: 'routes to',
  consumes_api: 'consumes API',
  provided_by: 'is provided by',
  uses_library: 'uses library',
  depends_on: 'depends on',
  starts_after: 'starts after',
  part_of: 'is part of',
  owned_by: 'is owned by',
  source_in: 'has its source in',
} as const satisfies Record<RelationType, string>

const methodLabels = {
  environment: 'an environment variable',
  argument: 'an argument',
  config_map: 'a ConfigMap',
  selector: 'a selector',
  ingress: 'an ingress rule',
  network_policy: 'a network policy',
  link: 'a link',
  start_order: 'an order of start',
  label: 'a label',
  catalog: 'a catalog',
  code_owners: 'code owners',
  trace: 'traces',
  package_manifest: 'a package manifest',
  host_name: 'a host name in a file',
  declaration: 'a declaration',
} as const satisfies Record<EvidenceMethod, string>

/** The kinds that occur, in the model's order. */
export function presentKinds(entities: readonly Entity[]): ViewData['architecture']['kinds'] {
  return entityKinds
    .map((kind) => ({
      kind,
      label: kindLabels[kind],
      count: entities.filter((entity) => entity.kind === kind).length,
    }))
    .filter(({ count }) => count > 0)
}

/** @param base path of the list, under which each entity has its page */
export function presentHit(
  { entity, dependencies, dependents }: EntityHit,
  base: string,
): ViewData['architecture']['entities'][number] {
  return {
    href: hrefOf(entity, base),
    name: entity.name,
    namespace: entity.namespace,
    kind: entity.kind,
    kindLabel: kindLabels[entity.kind],
    technology: entity.attributes.technology,
    dependencies,
    dependents,
  }
}

/** What is known about an entity itself; facts that no source stated are left out. */
export function presentEntity(entity: Entity): ViewData['entity']['entity'] {
  const { technology, workloads, images, replicas, ports, labels } = entity.attributes
  const facts: [label: string, values: readonly (string | number | undefined)[] | undefined][] = [
    ['Namespace', [entity.namespace]],
    ['Technology', [technology]],
    ['Runs as', workloads],
    ['Images', images],
    ['Replicas', [replicas]],
    ['Ports', ports],
    ['Also known as', entity.aliases],
    ['Labels', Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`)],
  ]
  return {
    ref: entity.ref,
    name: entity.name,
    kind: entity.kind,
    kindLabel: kindLabels[entity.kind],
    description: entity.description,
    facts: facts
      .map(([label, values]) => ({
        label,
        value: (values ?? []).filter((value) => value !== undefined).join(', '),
      }))
      .filter(({ value }) => value !== ''),
  }
}

/** @param base path of the list of entities */
export function presentRelation(
  { relation, other }: DescribedRelation,
  base: string,
  now: number,
): RelationView {
  return {
    href: hrefOf(other, base),
    name: other.name,
    kind: other.kind,
    type: relationLabels[relation.type],
    evidence: relation.evidence.map(({ place, method, basis, lastSeen }) => ({
      ...place,
      method: methodLabels[method],
      basis,
      lastSeen: presentMoment(lastSeen, now),
    })),
  }
}

function hrefOf({ ref }: Entity, base: string): string {
  return `${base}/${encodeURIComponent(ref)}`
}
