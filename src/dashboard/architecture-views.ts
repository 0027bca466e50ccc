import {
  type Entity,
  type EntityKind,
  entityKinds,
  type EvidenceMethod,
  type ImporterType,
  type RelationType,
} from '../architecture/model.ts'
import type { RevisionRecord } from '../architecture/history.ts'
import type { EntityLink } from '../http/architecture-view-data.ts'
import type { ArchitectureLinks } from './architecture-links.ts'

export const kindLabels = {
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

export const relationLabels = {
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

export const methodLabels = {
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

export const importerLabels = {
  kubernetes: 'Kubernetes manifests',
  compose: 'Compose files',
  backstage: 'Backstage catalog',
  codeowners: 'CODEOWNERS',
  traces: 'Traces',
  packages: 'Package manifests',
  hosts: 'Host names in files',
  declared: 'Declarations',
} as const satisfies Record<ImporterType, string>

const causeLabels = {
  import: 'Import',
  ingest: 'Traces came in',
  removal: 'Source removed',
  decision: 'Decision on names',
} as const satisfies Record<RevisionRecord['cause'], string>

/** What led to a revision: `Import of kubernetes`. */
export function presentCause({ cause, source }: RevisionRecord): string {
  if (source === undefined) return causeLabels[cause]
  return cause === 'import' ? `Import of ${source}` : `${causeLabels[cause]}: ${source}`
}

/** The kinds that occur, in the model's order. */
export function countKinds(
  entities: readonly Entity[],
): { kind: EntityKind; label: string; count: number }[] {
  return entityKinds
    .map((kind) => ({
      kind,
      label: kindLabels[kind],
      count: entities.filter((entity) => entity.kind === kind).length,
    }))
    .filter(({ count }) => count > 0)
}

/** An entity as a link to its page. */
export function presentLink(entity: Entity, links: ArchitectureLinks): EntityLink {
  const { ref, name, kind, namespace, environment } = entity
  const place = [namespace, environment].filter((part) => part !== undefined).join(' · ')
  return { href: links.entity(ref), ref, name, kind, place: place === '' ? undefined : place }
}

/** As {@link presentLink}, from a reference alone, of an entity that need not exist any more. */
export function presentRef(ref: string, links: ArchitectureLinks): EntityLink {
  const [, kind = 'unresolved', path = ref, environment] = /^(\w+):(.+?)(?:@([\w.-]+))?$/.exec(ref) ?? []
  const slash = path.lastIndexOf('/')
  const namespace = slash < 0 ? undefined : path.slice(0, slash)
  const place = [namespace, environment].filter((part) => part !== undefined).join(' · ')
  return {
    href: links.entity(ref),
    ref,
    name: path.slice(slash + 1),
    kind: kind in kindLabels ? kind : 'unresolved',
    place: place === '' ? undefined : place,
  }
}
