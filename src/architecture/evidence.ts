import type { EvidenceMethod, Relation } from './model.ts'

/** How likely a relation is real when nothing but one piece of evidence of this kind speaks for it. */
const weights = {
  environment: 0.9,
  argument: 0.9,
  config_map: 0.9,
  selector: 0.95,
  ingress: 0.95,
  network_policy: 0.6,
  link: 0.8,
  start_order: 0.5,
  label: 0.9,
  catalog: 0.9,
  code_owners: 0.9,
  trace: 0.98,
  package_manifest: 0.95,
  host_name: 0.75,
  declaration: 0.95,
} as const satisfies Record<EvidenceMethod, number>

/** A relation seen in traffic that was not seen again for this long may be gone. */
export const staleAfter = 30 * 24 * 60 * 60_000

/** How sources stand to a relation: declared and observed, one of them, or nothing but a weaker sign. */
export const standings = ['confirmed', 'declared', 'observed', 'inferred'] as const
/** One of {@link standings}. */
export type Standing = (typeof standings)[number]

/** From 0 to 1: one minus the chance that every piece of evidence is wrong, each kind of each source counted once. */
export function confidenceOf({ evidence }: Relation): number {
  const [first, second] = evidence
  // Nearly all relations have one piece, and every graph that is loaded asks for all of them.
  if (first !== undefined && second === undefined) return weights[first.method]
  let doubt = 1
  evidence.forEach(({ source, method }, position) => {
    const isAgain = evidence.findIndex((each) => each.source === source && each.method === method) < position
    if (!isAgain) doubt *= 1 - weights[method]
  })
  return Math.round((1 - doubt) * 1000) / 1000
}

/** What speaks for a relation. */
export function standingOf({ evidence }: Relation): Standing {
  let isObserved = false
  let isDeclared = false
  for (const { basis } of evidence) {
    if (basis === 'observed') isObserved = true
    else if (basis === 'declared') isDeclared = true
  }
  if (isObserved) return isDeclared ? 'confirmed' : 'observed'
  return isDeclared ? 'declared' : 'inferred'
}

/** Whether nothing but weaker signs speak for a relation. */
export function isInferred(relation: Relation): boolean {
  return standingOf(relation) === 'inferred'
}

/** Whether all evidence was last seen too long ago to rely on. */
export function isStale({ evidence }: Relation, now: number): boolean {
  return evidence.every(({ lastSeen }) => isStaleAt(lastSeen, now))
}

/** Whether what was last seen then is too old to rely on. */
export function isStaleAt(lastSeen: number, now: number): boolean {
  return now - lastSeen > staleAfter
}
