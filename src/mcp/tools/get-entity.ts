import { z } from 'zod'
import { isDependency, type Relation, type RelationType } from '../../architecture/model.ts'
import { describeEntity, type DescribedRelation } from '../../architecture/queries/entity-description.ts'
import { countThatFits, measureAnswer } from './answer-budget.ts'
import {
  endsOf,
  entityReference,
  groupRelations,
  presentEnd,
  presentLegend,
  type Naming,
} from './answer-names.ts'
import { formsOf, presentAnswer, type AnswerContent } from './answer-text.ts'
import { cardSections, presentCard, summarizeCard } from './entity-card.ts'
import { defineGraphTool } from './graph-tool.ts'

/** One entity's card. */
export const getEntity = defineGraphTool({
  name: 'get_entity',
  title: 'Get entity',
  description:
    'Describes one entity: what it is, what runs it, who owns it, where its code is, how critical it is, what it directly depends on and what depends on it, with the evidence for each relation (file, line, variable). include chooses parts. Use get_dependencies to go further than one step.',
  input: {
    ref: entityReference.describe('Reference such as service:shop/cart, or a name'),
    include: z
      .array(z.enum(cardSections))
      .default(['config', 'endpoints', 'deployments', 'owners', 'sources'])
      .describe('Parts of the card; history tells the changes that concern it'),
  },
  async answer({ ref, include }, asked) {
    const { index } = asked
    const ordinal = asked.resolve(ref, 'ref')
    const { entity, outgoing, incoming } = describeEntity(index, ordinal)
    const [needs, users] = [outgoing.filter(isOfDependency), incoming.filter(isOfDependency)]
    const members = incoming.filter((each) => !isOfDependency(each))
    const isTold = ({ relation }: DescribedRelation) =>
      include.includes('owners') && inCard.has(relation.type)
    const told = outgoing.filter((each) => !isOfDependency(each) && !isTold(each))
    const ranked = [...alternate(needs, users), ...alternate(told, members)]
    const card = await presentCard(asked, ordinal, include)
    const render = (count: number, evidenceCount: number): AnswerContent => {
      const shown = new Set(ranked.slice(0, count))
      const isShown = ({ relation }: DescribedRelation) => shown.has(relation)
      const group = (relations: readonly DescribedRelation[]) =>
        groupRelations(
          asked,
          relations.filter(isShown).map(({ relation }) => relation),
        )
      return {
        summary: summarizeCard(entity, needs.length, users.length),
        ...card,
        depends_on: group(needs),
        depended_on_by: group(users),
        belongs_to: told.length === 0 ? undefined : group(told),
        comprises: members.length === 0 ? undefined : group(members),
        ...presentLegend(asked, [...shown]),
        evidence: include.includes('sources')
          ? ranked.slice(0, evidenceCount).map((relation) => presentEvidence(asked, relation))
          : undefined,
        total: ranked.length,
        returned: count,
        truncated: count < ranked.length,
        hint: count < ranked.length ? 'get_dependencies pages through all relations' : undefined,
        ...asked.closing(),
      }
    }
    if (ranked.length === 0) return presentAnswer(render(0, 0), [entity.ref])
    // Evidence is why one asks for the card: it keeps a part of the budget.
    const count = countThatFits(ranked.length, asked.maxTokens * 0.6, (each) => formsOf(render(each, 0)))
    const evidenceCount = include.includes('sources') ? countEvidence(asked.maxTokens, count, render) : 0
    return presentAnswer(render(count, evidenceCount), [entity.ref, ...endsOf(ranked.slice(0, count))])
  },
})

function isOfDependency({ relation }: DescribedRelation): boolean {
  return isDependency(relation.type)
}

/** The owners of the card tell of these. */
const inCard: ReadonlySet<RelationType> = new Set(['owned_by', 'part_of', 'source_in'])

/** None, where not even one piece fits. */
function countEvidence(
  budget: number,
  available: number,
  render: (count: number, evidenceCount: number) => AnswerContent,
): number {
  const count = countThatFits(available, budget, (each) => formsOf(render(available, each)))
  return count === 1 && measureAnswer(formsOf(render(available, 1))) > budget ? 0 : count
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

function presentEvidence(naming: Naming, relation: Relation): string {
  const { index } = naming
  const { from, to, type, evidence } = relation
  const places = evidence.slice(0, 3).map(({ place, basis }) => {
    const mark = basis === 'inferred' ? '~' : ''
    return `${mark}${place.field} at ${place.file}:${place.line}`
  })
  const more = evidence.length > places.length ? `; ${evidence.length - places.length} more` : ''
  return `${presentEnd(index, from)} ${type} ${presentEnd(index, to)}: ${places.join('; ')}${more}`
}
