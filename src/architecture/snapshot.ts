import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { mergeEntities } from './importers/claims-collector.ts'
import type { ClaimedEvidence, ClaimedRelation, Claims, Entity, Graph, Relation, Source } from './model.ts'

/** What is stored of an organization: each source's claims apart, so that one can be replaced without the others. */
export interface Snapshot {
  format: 1
  sections: Section[]
}

/** One source and what it said last. Everything in it was seen at `importedAt`. */
export interface Section {
  source: Pick<Source, 'id' | 'kind' | 'importedAt' | 'files'>
  entities: Entity[]
  relations: SeenRelation[]
}

type SeenRelation = Omit<ClaimedRelation, 'evidence'> & {
  evidence: (ClaimedEvidence & { firstSeen: number })[]
}

/** Before the first import. */
export const emptySnapshot: Snapshot = { format: 1, sections: [] }

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/** @returns gzip of JSON. */
export async function encodeSnapshot(snapshot: Snapshot): Promise<Uint8Array> {
  return compress(JSON.stringify(snapshot))
}

/** The inverse of {@link encodeSnapshot}. */
export async function decodeSnapshot(bytes: Uint8Array): Promise<Snapshot> {
  const snapshot = JSON.parse((await decompress(bytes)).toString('utf8')) as Snapshot
  if (snapshot.format !== 1)
    throw new Error(`a graph of format ${String(snapshot.format)} was written by a newer version`)
  return snapshot
}

/**
 * Puts a source's claims in the place of its former ones; other sources keep theirs. Evidence that was there before
 * keeps the time it was first seen, also when its line moved.
 * @returns undefined when the source says what it said before.
 */
export function replaceSource(
  snapshot: Snapshot,
  source: Section['source'],
  claims: Claims,
): Snapshot | undefined {
  const former = snapshot.sections.find((section) => section.source.id === source.id)
  if (former !== undefined && saysTheSame(former, claims)) return undefined
  const firstSeen = new Map(
    former?.relations.flatMap((relation) =>
      relation.evidence.map((evidence) => [evidenceKey(relation, evidence), evidence.firstSeen] as const),
    ),
  )
  const relations = claims.relations.map((relation) => ({
    ...relation,
    evidence: relation.evidence.map((evidence) => ({
      ...evidence,
      firstSeen: firstSeen.get(evidenceKey(relation, evidence)) ?? source.importedAt,
    })),
  }))
  const section = { source, entities: claims.entities, relations }
  const sections =
    former === undefined
      ? [...snapshot.sections, section]
      : snapshot.sections.map((each) => (each === former ? section : each))
  return { format: 1, sections }
}

/** Joins what all sources say into one graph, in the order of references. */
export function graphOf(snapshot: Snapshot, revision: number): Graph {
  const entities = new Map<string, Entity>()
  const relations = new Map<string, Relation>()
  for (const section of snapshot.sections) {
    for (const entity of section.entities) {
      const known = entities.get(entity.ref)
      entities.set(entity.ref, known === undefined ? entity : mergeEntities(known, entity))
    }
    const seen = { source: section.source.id, lastSeen: section.source.importedAt }
    for (const { from, to, type, evidence } of section.relations) {
      const key = JSON.stringify([from, to, type])
      const known = relations.get(key) ?? { from, to, type, evidence: [] }
      known.evidence.push(...evidence.map((each) => ({ ...each, ...seen })))
      relations.set(key, known)
    }
  }
  return {
    revision,
    entities: [...entities.values()].toSorted((a, b) => (a.ref < b.ref ? -1 : 1)),
    relations: [...relations.values()],
    sources: snapshot.sections.map((section) => ({
      ...section.source,
      counts: { entities: section.entities.length, relations: section.relations.length },
    })),
  }
}

function saysTheSame(section: Section, claims: Claims): boolean {
  const relations = section.relations.map((relation) => ({
    ...relation,
    evidence: relation.evidence.map(({ method, place, basis }) => ({ method, place, basis })),
  }))
  const text = (entities: Entity[], related: ClaimedRelation[]) => canonical({ entities, relations: related })
  return text(section.entities, relations) === text(claims.entities, claims.relations)
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
