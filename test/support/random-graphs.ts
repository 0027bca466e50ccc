import type { Entity, Evidence, Graph, Relation, RelationType } from '../../src/architecture/model.ts'

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const evidence: Evidence = {
  source: 'kubernetes',
  method: 'environment',
  place: { file: 'deploy/shop.yaml', line: 12, field: 'env API_URL' },
  basis: 'declared',
  firstSeen: 0,
  lastSeen: 0,
}

/** A relation with evidence of one variable. */
export function relation(from: string, to: string, type: RelationType = 'calls'): Relation {
  return { from, to, type, evidence: [evidence] }
}

export function entity(name: string, more: Partial<Entity> = {}): Entity {
  const { kind = 'service', namespace = 'shop' } = more
  return { ref: `${kind}:${namespace}/${name}`, kind, name, namespace, aliases: [], attributes: {}, ...more }
}

export function graph(entities: Entity[], relations: Relation[], revision = 1): Graph {
  const counts = { entities: entities.length, relations: relations.length }
  return {
    revision,
    entities: entities.toSorted((a, b) => (a.ref < b.ref ? -1 : 1)),
    relations,
    sources: [
      {
        id: 'kubernetes',
        kind: 'kubernetes',
        scope: 'kubernetes',
        importedAt: 0,
        checkedAt: 0,
        files: 1,
        counts,
      },
    ],
  }
}

/** Entities `node-00000` and so on; those with small numbers are depended on most, as in real systems. */
export function randomGraph(seed: number, size: number, edges: number): Graph {
  const random = randomNumbers(seed)
  const entities = Array.from({ length: size }, (_, at) => entity(`node-${String(at).padStart(5, '0')}`))
  const types: RelationType[] = ['calls', 'reads_writes', 'uses_queue']
  const found = new Map<string, Relation>()
  for (let attempt = 0; attempt < edges * 3 && found.size < edges; attempt += 1) {
    const from = entities[Math.floor(random() * size)]?.ref ?? ''
    const to = entities[Math.floor(random() * random() * size)]?.ref ?? ''
    const type = types[Math.floor(random() * types.length)] ?? 'calls'
    if (from !== to) found.set(`${from} ${to} ${type}`, relation(from, to, type))
  }
  return graph(entities, [...found.values()])
}

const places =
  'billing cart catalog checkout fraud identity ledger mail orders payments reports shipping'.split(' ')
const roles: readonly [string, Entity['kind'], RelationType][] = [
  ['api', 'service', 'calls'],
  ['worker', 'service', 'calls'],
  ['db', 'database', 'reads_writes'],
  ['cache', 'cache', 'reads'],
  ['events', 'queue', 'publishes'],
]

/**
 * A system as large organizations have them: services in layers depend on few that many use, on stores and queues of
 * their own, and on each other in some circles; teams own them. Same for the same seed.
 */
export function layeredGraph(seed: number, size: number, edges: number): Graph {
  const random = randomNumbers(seed)
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const teams = Array.from({ length: Math.ceil(size / 50) }, (_, at) =>
    entity(`team-${at}`, { kind: 'team' }),
  )
  const members = Array.from({ length: size - teams.length }, (_, at) => {
    const [role = 'api', kind = 'service'] = pick(roles) ?? []
    const name = `${pick(places)}-${pick(places)}-${role}-${at}`
    const description = `The ${role} of ${pick(places)} for ${pick(places)}, made by squad ${at % 97}`
    const attributes = kind === 'service' ? { replicas: 1 + (at % 3) } : { technology: role }
    return entity(name, { kind, description, attributes })
  })
  const found = new Map<string, Relation>()
  for (const { ref } of members.slice(0, Math.floor(members.length * 0.8)))
    found.set(`${ref} owner`, relation(ref, pick(teams)?.ref ?? '', 'owned_by'))
  for (let attempt = 0; attempt < edges * 3 && found.size < edges; attempt += 1) {
    const a = Math.floor(random() * members.length)
    const b = Math.floor(random() * random() * members.length)
    const isBackwards = random() < 0.05
    const [from, to] = a > b !== isBackwards ? [members[a], members[b]] : [members[b], members[a]]
    if (from === undefined || to === undefined || from === to || from.kind !== 'service') continue
    const type = roles.find(([, kind]) => kind === to.kind)?.[2] ?? 'calls'
    const made = relation(from.ref, to.ref, type === 'publishes' && random() < 0.5 ? 'consumes' : type)
    const isInferred = random() < 0.1
    const basis = isInferred ? 'inferred' : 'declared'
    found.set(`${from.ref} ${to.ref}`, {
      ...made,
      evidence: made.evidence.map((each) => ({ ...each, basis })),
    })
  }
  return graph([...teams, ...members], [...found.values()])
}
