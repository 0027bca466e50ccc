import type { ClaimedEntity, ClaimedRelation, Claims } from '../../model.ts'
import { mergeEvidence } from './traffic.ts'

/**
 * Takes what was called by its name or host for the service of that name, where one sent spans, in the same environment.
 * Namesakes in several namespaces are only told apart by a namespace that was said.
 */
export function resolvePeers({ entities, relations }: Claims): Claims {
  const services = new Map<string, ClaimedEntity[]>()
  for (const entity of entities) {
    if (entity.kind !== 'service' && entity.kind !== 'website') continue
    const { name, namespace } = entity
    for (const key of [name, ...(namespace === undefined ? [] : [`${name}.${namespace}`])])
      services.set(key.toLowerCase(), [...(services.get(key.toLowerCase()) ?? []), entity])
  }
  const resolved = new Map<string, string>()
  for (const peer of entities) {
    if (peer.kind !== 'unresolved') continue
    const fitting = (services.get(peer.name.toLowerCase()) ?? []).filter(
      ({ namespace, environment }) =>
        environment === peer.environment && (peer.namespace === undefined || namespace === peer.namespace),
    )
    const [only, another] = fitting
    if (only !== undefined && another === undefined) resolved.set(peer.ref, only.ref)
  }
  if (resolved.size === 0) return { entities, relations }
  return {
    entities: entities.filter(({ ref }) => !resolved.has(ref)),
    relations: joinSame(
      relations.map((relation) => ({ ...relation, to: resolved.get(relation.to) ?? relation.to })),
    ),
  }
}

function joinSame(relations: readonly ClaimedRelation[]): ClaimedRelation[] {
  const joined = new Map<string, ClaimedRelation>()
  for (const relation of relations) {
    if (relation.from === relation.to) continue
    const key = `${relation.from}\n${relation.to}\n${relation.type}`
    const known = joined.get(key)
    joined.set(
      key,
      known === undefined
        ? relation
        : { ...known, evidence: mergeEvidence(known.evidence, relation.evidence) },
    )
  }
  return [...joined.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, relation]) => relation)
}
