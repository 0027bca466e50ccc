import { mergeEntities } from '../importers/claims-collector.ts'
import { resolvePeers } from '../importers/traces/peers.ts'
import { mergeEvidence } from '../importers/traces/traffic.ts'
import type { ClaimedEntity, ClaimedEvidence, ClaimedRelation, Claims } from '../model.ts'
import type { Section, SectionKey, SeenRelation } from '../sections.ts'

/** Evidence of traffic that was not seen again for this long is dropped. */
export const droppedAfter = 90 * 24 * 60 * 60_000
/** More services and what they use would say that names hold ids. */
export const maxIngestedEntities = 5_000

/**
 * Adds what was observed to what was observed before. New entities and relations, and those that are dropped for their
 * age, make the section another; counts, times and attributes alone do not.
 * @param runId of the section, should it become another
 * @returns the section, and how many new entities were left out because there are too many
 */
export function addObserved(
  former: Section | undefined,
  observed: Claims,
  { key, at, runId }: { key: SectionKey; at: number; runId: string },
): { section: Section; leftOut: number } {
  const before = { entities: former?.entities ?? [], relations: former?.relations ?? [] }
  const { claims, leftOut } = within(before.entities, observed)
  const all = resolvePeers(mergeClaims(before, claims))
  const relations = all.relations.flatMap((relation) => stillSeen(relation, at))
  const used = new Set(relations.flatMap(({ from, to }) => [from, to]))
  const lost = new Set(
    all.relations
      .flatMap(({ from, to }) => [from, to])
      .filter((ref) => !used.has(ref) && !observed.entities.some((entity) => entity.ref === ref)),
  )
  const entities = all.entities.filter(({ ref }) => !lost.has(ref))
  const isOther =
    former === undefined ||
    !hasSame(former.entities.map(refOf), entities.map(refOf)) ||
    !hasSame(former.relations.map(relationKey), relations.map(relationKey))
  return {
    leftOut,
    section: {
      source: {
        ...former?.source,
        ...key,
        kind: 'traces',
        files: 0,
        importedAt: isOther ? at : former.source.importedAt,
        checkedAt: at,
      },
      runId: isOther ? runId : former.runId,
      entities,
      relations,
    },
  }
}

/** Claims of two times as one; the newer describe entities, and their times of traffic count. */
export function mergeClaims(older: Claims, newer: Claims): Claims {
  const entities = new Map(older.entities.map((entity) => [entity.ref, entity]))
  for (const entity of newer.entities) {
    const known = entities.get(entity.ref)
    entities.set(entity.ref, known === undefined ? entity : mergeEntities<ClaimedEntity>(entity, known))
  }
  const relations = new Map(older.relations.map((relation) => [relationKey(relation), relation]))
  for (const relation of newer.relations) {
    const known = relations.get(relationKey(relation))
    const evidence =
      known === undefined ? relation.evidence : mergeEvidence(known.evidence, relation.evidence)
    relations.set(relationKey(relation), { ...relation, evidence })
  }
  return { entities: sorted(entities), relations: sorted(relations) }
}

/** Names of entities and relations, by which it is known whether any is new. */
export function structureOf({ entities, relations }: Claims): string[] {
  return [...entities.map(refOf), ...relations.map(relationKey)]
}

function within(known: readonly ClaimedEntity[], observed: Claims): { claims: Claims; leftOut: number } {
  const refs = new Set(known.map(refOf))
  let leftOut = 0
  for (const { ref } of observed.entities) {
    if (refs.has(ref)) continue
    if (refs.size < maxIngestedEntities) refs.add(ref)
    else leftOut += 1
  }
  if (leftOut === 0) return { claims: observed, leftOut }
  const claims = {
    entities: observed.entities.filter(({ ref }) => refs.has(ref)),
    relations: observed.relations.filter(({ from, to }) => refs.has(from) && refs.has(to)),
  }
  return { claims, leftOut }
}

/** Without evidence that is too old; of clocks that are ahead, the time is now. */
function stillSeen(relation: ClaimedRelation, at: number): SeenRelation[] {
  const evidence = relation.evidence
    .map((each) => timed(each, at))
    .filter(({ lastSeen }) => at - lastSeen <= droppedAfter)
  return evidence.length === 0 ? [] : [{ ...relation, evidence }]
}

function timed(
  evidence: ClaimedEvidence,
  at: number,
): ClaimedEvidence & { firstSeen: number; lastSeen: number } {
  return {
    ...evidence,
    firstSeen: Math.min(evidence.firstSeen ?? at, at),
    lastSeen: Math.min(evidence.lastSeen ?? at, at),
  }
}

function hasSame(some: readonly string[], others: readonly string[]): boolean {
  const set = new Set(some)
  return set.size === new Set(others).size && others.every((each) => set.has(each))
}

function refOf({ ref }: ClaimedEntity): string {
  return ref
}

function relationKey({ from, to, type }: Omit<ClaimedRelation, 'evidence'>): string {
  return `${from}\n${to}\n${type}`
}

function sorted<T>(byKey: ReadonlyMap<string, T>): T[] {
  return [...byKey.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}
