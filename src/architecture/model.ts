/**
 * What an entity can be. `unresolved` is an address or name that somebody uses and no source describes; `external` is
 * declared to lie outside.
 */
export const entityKinds = [
  'service',
  'website',
  'job',
  'gateway',
  'api',
  'database',
  'cache',
  'queue',
  'storage',
  'library',
  'system',
  'domain',
  'team',
  'user',
  'repository',
  'external',
  'unresolved',
] as const
/** One of {@link entityKinds}. */
export type EntityKind = (typeof entityKinds)[number]

/**
 * Verbs from dependent to provider, along which failures travel backwards. `uses_queue` and `reads_writes` where a
 * source cannot tell which; `depends_on` where it does not say how; `provided_by` leads from an API to who serves it.
 */
export const dependencyTypes = [
  'calls',
  'reads',
  'writes',
  'reads_writes',
  'publishes',
  'consumes',
  'uses_queue',
  'routes_to',
  'consumes_api',
  'provided_by',
  'uses_library',
  'depends_on',
] as const
/** Verbs that tell where something belongs, or only when it starts: no failure travels along them. */
export const structureTypes = ['starts_after', 'part_of', 'owned_by', 'source_in'] as const
/** All verbs. */
export const relationTypes = [...dependencyTypes, ...structureTypes] as const
/** One of {@link relationTypes}. */
export type RelationType = (typeof relationTypes)[number]

const dependencies: ReadonlySet<RelationType> = new Set(dependencyTypes)

/** Whether a failure of the provider can be felt by the dependent. Questions about dependencies follow only these. */
export function isDependency(type: RelationType): boolean {
  return dependencies.has(type)
}

/** A node of the graph. */
export interface Entity {
  /** `kind:namespace/name@environment`, without the parts that are unknown. Unique within a graph. */
  ref: string
  kind: EntityKind
  name: string
  namespace?: string | undefined
  /** Such as `production`. Absent: of no environment in particular, and so part of each. */
  environment?: string | undefined
  description?: string | undefined
  /** Other names it is found by: Service names, members of a group of workloads. */
  aliases: string[]
  /** Free words, such as `telemetry` for what only watches the others. */
  tags?: string[] | undefined
  attributes: EntityAttributes
  /** What other sources called it, as far as that differs. Set when sources are joined. */
  joined?: JoinedEntity[] | undefined
}

/** Another source's entity that was found to be the same thing. A person can undo it. */
export interface JoinedEntity {
  ref: string
  sources: string[]
  /** Why they are taken for the same. */
  because: 'name' | 'alias' | 'plural' | 'decision'
}

/** Facts about an entity that nobody follows as a relation. */
export interface EntityAttributes {
  /** What runs it, such as `Deployment frontend`. */
  workloads?: string[] | undefined
  images?: string[] | undefined
  /** Name of the product behind the kind, such as `postgres`. */
  technology?: string | undefined
  replicas?: number | undefined
  ports?: number[] | undefined
  /** Programming language. */
  language?: string | undefined
  /** Such as `experimental`, `production`, `deprecated`. */
  lifecycle?: string | undefined
  /** How much hangs on it, as its owners say: `critical`, `high`, `medium`, `low`. */
  tier?: string | undefined
  /** Form of an API, such as `openapi` or `grpc`; version of a library; `topic` of a queue that is one of a broker's. */
  form?: string | undefined
  /** Only http and https. */
  links?: { title: string; url: string }[] | undefined
  /** A chosen few; arbitrary labels are not kept. */
  labels?: Record<string, string> | undefined
}

/** An edge from dependent to provider. Unique by `from`, `to` and `type`. */
export interface Relation {
  from: string
  to: string
  type: RelationType
  evidence: Evidence[]
}

/** Why a relation is believed. */
export interface Evidence {
  /** Id of the {@link Source}. */
  source: string
  method: EvidenceMethod
  place: Place
  basis: EvidenceBasis
  firstSeen: number
  lastSeen: number
  observed?: ObservedTraffic | undefined
}

/** How evidence was found: what kind of place told it. */
export const evidenceMethods = [
  'environment',
  'argument',
  'config_map',
  'selector',
  'ingress',
  'network_policy',
  'link',
  'start_order',
  'label',
  'catalog',
  'code_owners',
  'trace',
  'package_manifest',
  'host_name',
  'declaration',
] as const
/** One of {@link evidenceMethods}. */
export type EvidenceMethod = (typeof evidenceMethods)[number]

/** What traces told of a relation, summed up over all that were seen. */
export interface ObservedTraffic {
  count: number
  errorCount: number
  /** Milliseconds, as the dependent saw them; of the newest batch with at least one finished call. */
  p50Ms?: number | undefined
  p95Ms?: number | undefined
}

/** `observed` in traffic, `declared` by whoever runs the system, `inferred` from a weaker sign. */
export type EvidenceBasis = 'observed' | 'declared' | 'inferred'

/** Where evidence stands. Never the value itself: values hold secrets. */
export interface Place {
  file: string
  line: number
  /** Such as `env CART_SERVICE_ADDR`. */
  field: string
}

/** What reads files of one kind. */
export const importerTypes = [
  'kubernetes',
  'compose',
  'backstage',
  'codeowners',
  'traces',
  'packages',
  'hosts',
  'declared',
] as const
/** One of {@link importerTypes}. */
export type ImporterType = (typeof importerTypes)[number]

/** Where a part of the graph came from. One source may have several parts, told apart by `scope`. */
export interface Source {
  id: string
  kind: ImporterType
  /** What of the source: an import replaces what was said before about the same scope. By default the kind. */
  scope: string
  environment?: string | undefined
  /** When what it says last changed. */
  importedAt: number
  /** When it last said so. */
  checkedAt: number
  files: number
  counts: { entities: number; relations: number }
  /** Why the newest attempt to import it changed nothing; absent when it succeeded. */
  failure?: { at: number; message: string } | undefined
}

/** Everything known about one organization's architecture at one revision. Revision 0 is the empty graph. */
export interface Graph {
  revision: number
  entities: Entity[]
  relations: Relation[]
  sources: Source[]
}

/** What one source says, before times and other sources come in. */
export interface Claims {
  entities: ClaimedEntity[]
  relations: ClaimedRelation[]
}

/** An entity as one source claims it. */
export interface ClaimedEntity extends Omit<Entity, 'joined'> {
  /**
   * Only a name that the source mentions, such as a host in a file: it counts where another source describes an entity
   * of that name, and else neither it nor its relations become part of the graph.
   */
  mentionOnly?: true | undefined
  /**
   * Known by nothing but a label that somebody selects by: it counts alone too, but gives way to what another source
   * describes, also where the label lacks a plural `s` or has one too many.
   */
  byLabel?: true | undefined
}

/** A relation as one source claims it. */
export interface ClaimedRelation {
  from: string
  to: string
  type: RelationType
  evidence: ClaimedEvidence[]
}

/** Evidence before it is known whose. Times only where the source tells them; else they are those of its imports. */
export interface ClaimedEvidence extends Pick<Evidence, 'method' | 'place' | 'basis' | 'observed'> {
  firstSeen?: number | undefined
  lastSeen?: number | undefined
}

/** @returns `kind:namespace/name@environment`, without the parts that are absent. */
export function entityRef(entity: Pick<Entity, 'kind' | 'name' | 'namespace' | 'environment'>): string {
  const name = entity.namespace === undefined ? entity.name : `${entity.namespace}/${entity.name}`
  return `${entity.kind}:${name}${entity.environment === undefined ? '' : `@${entity.environment}`}`
}
