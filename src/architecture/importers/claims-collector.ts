import type {
  ClaimedEntity,
  ClaimedEvidence,
  ClaimedRelation,
  Claims,
  Entity,
  EntityAttributes,
} from '../model.ts'

/** Gathers claims; what is said twice becomes one claim. */
export interface ClaimsCollector {
  /** @returns the entity under this reference, with what both say. */
  readonly addEntity: (entity: ClaimedEntity) => ClaimedEntity
  readonly addRelation: (relation: Omit<ClaimedRelation, 'evidence'>, evidence: ClaimedEvidence) => void
  /** Claims in an order that depends on their content alone, so that equal input gives equal output. */
  readonly finish: () => Claims
}

/** The first places convince; a hundred more of the same only weigh. */
const maxEvidencePerRelation = 10

/** @returns an empty collector. */
export function collectClaims(): ClaimsCollector {
  const entities = new Map<string, ClaimedEntity>()
  const relations = new Map<string, ClaimedRelation & { seen: Set<string> }>()
  return {
    addEntity: (entity) => {
      const known = entities.get(entity.ref)
      const merged = known === undefined ? entity : mergeClaims(known, entity)
      entities.set(entity.ref, merged)
      return merged
    },
    addRelation: ({ from, to, type }, evidence) => {
      if (from === to) return
      const key = JSON.stringify([from, to, type])
      const relation = relations.get(key) ?? { from, to, type, evidence: [], seen: new Set() }
      relations.set(key, relation)
      const evidenceKey = JSON.stringify(evidence)
      if (relation.seen.has(evidenceKey)) return
      relation.seen.add(evidenceKey)
      relation.evidence.push(evidence)
    },
    finish: () => ({
      entities: [...entities.values()].toSorted((a, b) => compare(a.ref, b.ref)),
      relations: [...relations.entries()]
        .toSorted(([a], [b]) => compare(a, b))
        .map(([, { from, to, type, evidence }]) => ({
          from,
          to,
          type,
          evidence: evidence.toSorted(byPlace).slice(0, maxEvidencePerRelation),
        })),
    }),
  }
}

/** Whatever describes an entity makes it more than a mention or a label. */
function mergeClaims(known: ClaimedEntity, entity: ClaimedEntity): ClaimedEntity {
  const { mentionOnly, byLabel, ...merged } = mergeEntities<ClaimedEntity>(known, entity)
  if (mentionOnly && entity.mentionOnly) return { ...merged, mentionOnly }
  const isDescribed = !(byLabel || mentionOnly) || !(entity.byLabel || entity.mentionOnly)
  return isDescribed ? merged : { ...merged, byLabel: true }
}

/** Two descriptions of one thing: lists are joined, of single values the first counts. */
export function mergeEntities<T extends Entity>(first: T, second: Entity): T {
  const attributes: EntityAttributes = {
    ...second.attributes,
    ...withoutAbsent(first.attributes),
    workloads: union(first.attributes.workloads, second.attributes.workloads),
    images: union(first.attributes.images, second.attributes.images),
    ports: union(first.attributes.ports, second.attributes.ports),
    links: unionOfLinks(first.attributes.links, second.attributes.links),
  }
  return {
    ...first,
    description: first.description ?? second.description,
    aliases: union(first.aliases, second.aliases) ?? [],
    ...(first.tags || second.tags ? { tags: union(first.tags, second.tags) } : {}),
    attributes,
  }
}

function withoutAbsent(attributes: EntityAttributes): EntityAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}

function union<T extends string | number>(first: T[] | undefined, second: T[] | undefined): T[] | undefined {
  return first === undefined && second === undefined
    ? undefined
    : [...new Set([...(first ?? []), ...(second ?? [])])]
}

function unionOfLinks(
  first: EntityAttributes['links'],
  second: EntityAttributes['links'],
): EntityAttributes['links'] {
  if (first === undefined || second === undefined) return first ?? second
  const urls = new Set(first.map(({ url }) => url))
  return [...first, ...second.filter(({ url }) => !urls.has(url))]
}

function byPlace(a: ClaimedEvidence, b: ClaimedEvidence): number {
  return (
    compare(a.place.file, b.place.file) ||
    a.place.line - b.place.line ||
    compare(a.place.field, b.place.field)
  )
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
