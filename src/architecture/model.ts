/**
 * What an entity can be. `unresolved` is an address that somebody uses and no source describes; `external` is declared
 * to lie outside.
 */
export const entityKinds = [
  'service',
  'job',
  'database',
  'cache',
  'queue',
  'storage',
  'external',
  'unresolved',
] as const
/** One of {@link entityKinds}. */
export type EntityKind = (typeof entityKinds)[number]

/** Verbs from dependent to provider; `uses_queue` where a source cannot tell publishing from consuming. */
export const relationTypes = ['calls', 'reads_writes', 'uses_queue', 'routes_to'] as const
/** One of {@link relationTypes}. */
export type RelationType = (typeof relationTypes)[number]

/** A node of the graph. */
export interface Entity {
  /** `kind:namespace/name`, or `kind:name` where there is no namespace. Unique within a graph. */
  ref: string
  kind: EntityKind
  name: string
  namespace?: string | undefined
  description?: string | undefined
  /** Other names it is found by: Service names, members of a group of workloads. */
  aliases: string[]
  attributes: EntityAttributes
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
}

/** How evidence was found: what kind of place told it. */
export type EvidenceMethod = 'environment' | 'argument' | 'config_map' | 'selector'

/** `observed` in traffic, `declared` by whoever runs the system, `inferred` from a weaker sign. */
export type EvidenceBasis = 'observed' | 'declared' | 'inferred'

/** Where evidence stands. Never the value itself: values hold secrets. */
export interface Place {
  file: string
  line: number
  /** Such as `env CART_SERVICE_ADDR`. */
  field: string
}

/** Where a part of the graph came from. */
export interface Source {
  id: string
  kind: 'kubernetes'
  importedAt: number
  files: number
  counts: { entities: number; relations: number }
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
  entities: Entity[]
  relations: ClaimedRelation[]
}

/** A relation as one source claims it. */
export interface ClaimedRelation {
  from: string
  to: string
  type: RelationType
  evidence: ClaimedEvidence[]
}

/** Evidence before it is known whose and when. */
export type ClaimedEvidence = Pick<Evidence, 'method' | 'place' | 'basis'>

/** @returns `kind:namespace/name`, or `kind:name` without a namespace. */
export function entityRef(entity: Pick<Entity, 'kind' | 'name' | 'namespace'>): string {
  const name = entity.namespace === undefined ? entity.name : `${entity.namespace}/${entity.name}`
  return `${entity.kind}:${name}`
}
