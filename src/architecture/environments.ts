import { DomainError } from '../domain/errors.ts'
import { isPlaced } from './kind-groups.ts'
import { entityRef, type Claims, type Entity, type Graph } from './model.ts'

/** @throws {DomainError} `invalid_input` for a name that is none */
export function parseEnvironment(name: string | undefined): string | undefined {
  if (name === undefined || name === '') return undefined
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(name)) return name.toLowerCase()
  const message = 'An environment is named with up to 63 letters, digits, dots, dashes and underscores.'
  throw new DomainError('invalid_input', message, { field: 'environment' })
}

/** Places what runs into an environment, where a source did not say which. */
export function inEnvironment(claims: Claims, environment: string | undefined): Claims {
  if (environment === undefined) return claims
  const refs = new Map<string, string>()
  const entities = claims.entities.map((entity) => {
    if (!isPlaced(entity.kind) || entity.environment !== undefined) return entity
    const placed = { ...entity, environment }
    const ref = entityRef(placed)
    refs.set(entity.ref, ref)
    return { ...placed, ref }
  })
  const relations = claims.relations.map((relation) => ({
    ...relation,
    from: refs.get(relation.from) ?? relation.from,
    to: refs.get(relation.to) ?? relation.to,
  }))
  return { entities, relations }
}

/** Environments that occur, in alphabetical order. */
export function environmentsOf(entities: readonly Entity[]): string[] {
  return [...new Set(entities.flatMap(({ environment }) => environment ?? []))].toSorted()
}

/**
 * The part of a graph that is of one environment, or of none in particular.
 * @throws {DomainError} `not_found` naming the environments there are
 */
export function restrictTo(graph: Graph, environment: string): Graph {
  const environments = environmentsOf(graph.entities)
  const wanted = environments.find((each) => each === environment.toLowerCase())
  if (wanted === undefined) {
    const known =
      environments.length === 0
        ? 'No source names an environment; leave it out.'
        : `There are ${environments.join(', ')}.`
    const message = `There is no environment ${JSON.stringify(environment.slice(0, 100))}. ${known}`
    throw new DomainError('not_found', message, { field: 'environment' })
  }
  const entities = graph.entities.filter(
    (entity) => entity.environment === undefined || entity.environment === wanted,
  )
  const refs = new Set(entities.map(({ ref }) => ref))
  return {
    ...graph,
    entities,
    relations: graph.relations.filter(({ from, to }) => refs.has(from) && refs.has(to)),
  }
}
