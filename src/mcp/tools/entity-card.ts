import { entityAt, forEachStep, type GraphIndex } from '../../architecture/graph-index.ts'
import type { RevisionRecord } from '../../architecture/history.ts'
import type { Entity, RelationType } from '../../architecture/model.ts'
import { describeCriticality } from '../../architecture/queries/critical-entities.ts'
import { ownersOf } from '../../architecture/queries/ownership.ts'
import { presentEnd } from './answer-names.ts'
import { counted } from './answer-provenance.ts'
import type { AskedGraph } from './graph-tool.ts'

/** Parts of a card that can be chosen. */
export const cardSections = [
  'config',
  'endpoints',
  'deployments',
  'owners',
  'sources',
  'history',
  'criticality',
] as const
/** One of {@link cardSections}. */
export type CardSection = (typeof cardSections)[number]

const longestDescription = 400
const mostChanges = 8

/** What an entity is, in one sentence. */
export function summarizeCard(entity: Entity, dependencies: number, dependents: number): string {
  const what =
    entity.kind === 'unresolved' ? 'an address that is used and that no source describes' : `a ${entity.kind}`
  const technology = entity.attributes.technology === undefined ? '' : ` (${entity.attributes.technology})`
  return `${entity.ref} is ${what}${technology}; it has ${counted(dependencies, 'dependency', 'dependencies')} and ${counted(dependents, 'dependent')}.`
}

/** The chosen parts of what is known about an entity itself. Lists are cut: the card has to leave room for relations. */
export async function presentCard(
  asked: AskedGraph,
  ordinal: number,
  include: readonly CardSection[],
): Promise<Record<string, unknown>> {
  const { index } = asked
  const entity = entityAt(index, ordinal)
  const { attributes } = entity
  const has = (section: CardSection) => include.includes(section)
  const { reason } = has('criticality')
    ? describeCriticality(index, await asked.criticality.scores(), ordinal)
    : { reason: undefined }
  return {
    ref: entity.ref,
    kind: entity.kind,
    name: entity.name,
    namespace: entity.namespace,
    environment_of_entity: entity.environment,
    description: entity.description?.slice(0, longestDescription),
    aliases: some(entity.aliases, 8),
    tags: some(entity.tags, 8),
    technology: attributes.technology,
    ...(has('config') && {
      language: attributes.language,
      lifecycle: attributes.lifecycle,
      tier: attributes.tier,
      form: attributes.form,
      labels: attributes.labels === undefined ? undefined : firstEntries(attributes.labels, 6),
    }),
    ...(has('endpoints') && {
      ports: some(attributes.ports, 8),
      apis: neighbours(index, ordinal, 'provided_by', 'upstream', 8),
      links: some(
        attributes.links?.map(({ title, url }) => `${title}: ${url}`),
        4,
      ),
    }),
    ...(has('deployments') && {
      workloads: some(attributes.workloads, 5),
      images: some(attributes.images, 3),
      replicas: attributes.replicas,
    }),
    ...(has('owners') && {
      owners: some(
        ownersOf(index, ordinal).map((ref) => presentEnd(index, ref)),
        4,
      ),
      part_of: neighbours(index, ordinal, 'part_of', 'downstream', 4),
      code: neighbours(index, ordinal, 'source_in', 'downstream', 4),
    }),
    ...(has('sources') && {
      joined_from: some(
        entity.joined?.map(({ ref, sources, because }) => `${ref} of ${sources.join(', ')} by ${because}`),
        4,
      ),
    }),
    criticality: reason === '' ? undefined : reason,
    history: has('history') ? presentHistory(asked.history, entity.ref) : undefined,
  }
}

function some<T>(items: readonly T[] | undefined, most: number): T[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items.slice(0, most)
}

function firstEntries(record: Record<string, string>, most: number): Record<string, string> {
  return Object.fromEntries(Object.entries(record).slice(0, most))
}

function neighbours(
  index: GraphIndex,
  ordinal: number,
  type: RelationType,
  direction: 'upstream' | 'downstream',
  most: number,
): string[] | undefined {
  const names: string[] = []
  forEachStep(index, ordinal, direction, (neighbour, relation) => {
    if (relation.type === type) names.push(presentEnd(index, entityAt(index, neighbour).ref))
  })
  return some(names, most)
}

/** Newest first. */
function presentHistory(history: readonly RevisionRecord[], ref: string): string[] {
  return history
    .toReversed()
    .flatMap(({ revision, at, changes: { entities, relations } }) => {
      const concerns = (relation: { from: string; to: string }) =>
        relation.from === ref || relation.to === ref
      const field = entities.changed.find((each) => each.ref === ref)?.fields.join(', ')
      const changes = [
        entities.added.includes(ref) ? 'appeared' : undefined,
        entities.removed.includes(ref) ? 'disappeared' : undefined,
        field === undefined ? undefined : `changed ${field}`,
        ...relations.added.filter(concerns).map(({ from, to, type }) => `+ ${from} ${type} ${to}`),
        ...relations.removed.filter(concerns).map(({ from, to, type }) => `- ${from} ${type} ${to}`),
      ].filter((change) => change !== undefined)
      const more = changes.length > 3 ? ` and ${changes.length - 3} more` : ''
      const when = new Date(at).toISOString().slice(0, 16)
      return changes.length === 0
        ? []
        : [`revision ${revision}, ${when}Z: ${changes.slice(0, 3).join('; ')}${more}`]
    })
    .slice(0, mostChanges)
}
