import type { ClaimedEntity, ClaimedEvidence, ClaimedRelation, Claims, Source } from './model.ts'

/** One scope of one source and what it said last. */
export interface Section {
  source: Omit<Source, 'counts' | 'failure'>
  /** Names the import that wrote it. */
  runId: string
  entities: ClaimedEntity[]
  relations: SeenRelation[]
}

/** A claimed relation with the time its evidence was first seen. */
export type SeenRelation = Omit<ClaimedRelation, 'evidence'> & {
  evidence: (ClaimedEvidence & { firstSeen: number })[]
}

/** Which section is meant. */
export type SectionKey = Pick<Source, 'id' | 'scope'>

/** Compares keys. */
export function isSection(a: SectionKey, b: SectionKey): boolean {
  return a.id === b.id && a.scope === b.scope
}

/**
 * Puts what a source says now in the place of what it said before: what it no longer says is swept with it, and nothing
 * of other sources and scopes is touched. Evidence that was there before keeps the time it was first seen, also when its
 * line moved.
 * @returns the section, and whether it says anything new
 */
export function replaceSection(
  former: Section | undefined,
  { source, runId, claims }: { source: Omit<Section['source'], 'importedAt'>; runId: string; claims: Claims },
): { section: Section; changed: boolean } {
  if (
    former !== undefined &&
    saysTheSame(former, claims) &&
    former.source.environment === source.environment
  ) {
    return { section: { ...former, source: { ...former.source, ...source } }, changed: false }
  }
  const importedAt = source.checkedAt
  const firstSeen = new Map(
    former?.relations.flatMap((relation) =>
      relation.evidence.map((evidence) => [evidenceKey(relation, evidence), evidence.firstSeen] as const),
    ),
  )
  const relations = claims.relations.map((relation) => ({
    ...relation,
    evidence: relation.evidence.map((evidence) => ({
      ...evidence,
      firstSeen: firstSeen.get(evidenceKey(relation, evidence)) ?? evidence.firstSeen ?? importedAt,
    })),
  }))
  return {
    section: { source: { ...source, importedAt }, runId, entities: claims.entities, relations },
    changed: true,
  }
}

function saysTheSame(section: Section, claims: Claims): boolean {
  const relations = section.relations.map((relation) => ({
    ...relation,
    evidence: relation.evidence.map(said),
  }))
  const claimed = claims.relations.map((relation) => ({ ...relation, evidence: relation.evidence.map(said) }))
  return (
    canonical({ entities: section.entities, relations }) ===
    canonical({ entities: claims.entities, relations: claimed })
  )
}

/** Without first times, which a section knows better than the claims that come in. */
function said({ firstSeen: _firstSeen, ...evidence }: ClaimedEvidence): ClaimedEvidence {
  return evidence
}

/** JSON with sorted keys: the order in which code sets them says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

function evidenceKey(
  relation: Omit<ClaimedRelation, 'evidence'>,
  { method, place }: ClaimedEvidence,
): string {
  return JSON.stringify([relation.from, relation.to, relation.type, method, place.file, place.field])
}
