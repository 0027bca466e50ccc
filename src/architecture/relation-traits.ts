import type { Entity, Evidence, Relation, RelationType } from './model.ts'

const structural: ReadonlySet<string> = new Set(['owned_by', 'part_of', 'source_in', 'starts_after'])

/** Whether a dependent needs the provider to work; false for what merely says where something belongs. */
export function isDependency(type: RelationType): boolean {
  return !structural.has(type)
}

/** 0 to 1: how sure it is that a relation exists. */
export function confidenceOf({ evidence }: Relation): number {
  return 1 - evidence.reduce((product, each) => product * doubtOf(each), 1)
}

function doubtOf({ basis }: Evidence): number {
  return basis === 'inferred' ? 0.7 : 0.1
}

/** Whether nothing but weaker signs speak for a relation. */
export function isInferred(relation: Relation): boolean {
  return relation.evidence.every(({ basis }) => basis === 'inferred')
}

/** Words put on an entity by those who run it. */
export function tagsOf(entity: Entity): readonly string[] {
  return (entity as { tags?: readonly string[] }).tags ?? []
}

/** Where an entity runs, such as `production`. */
export function environmentOf(entity: Entity): string | undefined {
  return (entity as { environment?: string }).environment
}

const staleAfter = 30 * 24 * 60 * 60_000

/** What speaks for a relation. */
export function standingOf({ evidence }: Relation): 'confirmed' | 'declared' | 'observed' | 'inferred' {
  const has = (basis: Evidence['basis']) => evidence.some((each) => each.basis === basis)
  if (has('observed')) return has('declared') ? 'confirmed' : 'observed'
  return has('declared') ? 'declared' : 'inferred'
}

/** Whether all evidence was last seen too long ago to rely on. */
export function isStale({ evidence }: Relation, now: number): boolean {
  return evidence.every(({ lastSeen }) => now - lastSeen > staleAfter)
}
