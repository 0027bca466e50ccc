import { z } from 'zod'
import type { GraphIndex } from '../../architecture/graph-index.ts'
import type { Entity, Relation } from '../../architecture/model.ts'
import { describeEntity, type DescribedRelation } from '../../architecture/queries/entity-description.ts'
import { resolveEntity } from '../../architecture/queries/entity-resolution.ts'
import { countThatFits, maxTokens } from './answer-budget.ts'
import { endsOf, entityReference, groupRelations, presentEnd, presentLegend } from './answer-names.ts'
import { presentEmptyGraph, presentProvenance } from './answer-provenance.ts'
import { presentAnswer, type AnswerContent } from './answer-text.ts'
import { defineTool } from './define-tool.ts'

/** One entity's card. */
export const getEntity = defineTool({
  name: 'get_entity',
  title: 'Get entity',
  description:
    'Describes one entity: what it is, what runs it (workload, image, replicas), its other names, what it directly depends on and what depends on it, with the evidence for each relation (file, line, variable). Use get_dependencies to go further than one step.',
  requiredScope: 'architecture:read',
  inputSchema: z.strictObject({
    ref: entityReference.describe('Reference such as service:shop/cart, or a name'),
    max_tokens: maxTokens,
  }),
  async handler(input, context) {
    const { graph, index } = await context.architecture.load(context.principal.organization.id)
    if (graph.entities.length === 0) return presentAnswer(presentEmptyGraph(context), [])
    const { entity, outgoing, incoming } = describeEntity(index, resolveEntity(index, input.ref, 'ref'))
    const ranked = alternate(outgoing, incoming)
    const render = (count: number, evidenceCount: number): AnswerContent => {
      const shown = ranked.slice(0, count)
      const isShown = ({ relation }: DescribedRelation) => shown.includes(relation)
      return {
        summary: summarize(entity, outgoing.length, incoming.length),
        ...presentCard(entity),
        depends_on: groupRelations(
          index,
          outgoing.filter(isShown).map(({ relation }) => relation),
        ),
        depended_on_by: groupRelations(
          index,
          incoming.filter(isShown).map(({ relation }) => relation),
        ),
        ...presentLegend(index, shown),
        evidence: shown.slice(0, evidenceCount).map((relation) => presentEvidence(index, relation)),
        total: ranked.length,
        returned: count,
        truncated: count < ranked.length || evidenceCount < count,
        hint: count < ranked.length ? 'get_dependencies pages through all relations' : undefined,
        ...presentProvenance(graph, context.now()),
      }
    }
    if (ranked.length === 0) return presentAnswer(render(0, 0), [entity.ref])
    // Evidence is why one asks for the card: it keeps a part of the budget.
    const count = countThatFits(ranked.length, input.max_tokens * 0.6, (each) => render(each, 0))
    const evidenceCount = countThatFits(count, input.max_tokens, (each) => render(count, each))
    return presentAnswer(render(count, evidenceCount), [entity.ref, ...endsOf(ranked.slice(0, count))])
  },
})

function summarize(entity: Entity, dependencies: number, dependents: number): string {
  const what =
    entity.kind === 'unresolved' ? 'an address that is used and that no source describes' : `a ${entity.kind}`
  const technology = entity.attributes.technology === undefined ? '' : ` (${entity.attributes.technology})`
  return `${entity.ref} is ${what}${technology}; relations to ${dependencies} it depends on and from ${dependents} that depend on it.`
}

function presentCard({
  ref,
  kind,
  name,
  namespace,
  description,
  aliases,
  attributes,
}: Entity): Record<string, unknown> {
  return {
    ref,
    kind,
    name,
    namespace,
    description,
    aliases: aliases.length === 0 ? undefined : aliases.slice(0, 20),
    workloads: attributes.workloads?.slice(0, 20),
    images: attributes.images?.slice(0, 10),
    technology: attributes.technology,
    replicas: attributes.replicas,
    ports: attributes.ports?.slice(0, 20),
    labels: attributes.labels,
  }
}

/** Both directions get their share where not everything fits. */
function alternate(
  outgoing: readonly DescribedRelation[],
  incoming: readonly DescribedRelation[],
): Relation[] {
  return Array.from({ length: Math.max(outgoing.length, incoming.length) }, (_, position) => [
    ...outgoing.slice(position, position + 1),
    ...incoming.slice(position, position + 1),
  ])
    .flat()
    .map(({ relation }) => relation)
}

function presentEvidence(index: GraphIndex, { from, to, type, evidence }: Relation): string {
  const places = evidence.slice(0, 3).map(({ place, basis }) => {
    const mark = basis === 'inferred' ? '~' : ''
    return `${mark}${place.field} at ${place.file}:${place.line}`
  })
  const more = evidence.length > places.length ? `; ${evidence.length - places.length} more` : ''
  return `${presentEnd(index, from)} ${type} ${presentEnd(index, to)}: ${places.join('; ')}${more}`
}
