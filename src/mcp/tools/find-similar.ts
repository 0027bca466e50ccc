import { z } from 'zod'
import { entityAt } from '../../architecture/graph-index.ts'
import { findSimilar as find, type SimilarEntity } from '../../architecture/queries/similar.ts'
import { entityReference, presentName, refsOf } from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { defineGraphTool, type AskedGraph } from './graph-tool.ts'

/** So many are looked for; what comes after is hardly alike. */
const mostSimilar = 100

/** What is like an entity. */
export const findSimilar = defineGraphTool({
  name: 'find_similar',
  title: 'Find similar entities',
  description:
    'Finds entities like a given one: with the same neighbours, similar names, the same technology or tags. Tells why, and which are likely duplicates. Use it before something new is built, to find examples, or to clean up.',
  input: {
    ref: entityReference.describe('Reference such as service:shop/cart, or a name'),
    limit: z.int().min(1).max(50).default(10),
  },
  answer({ ref, limit }, asked) {
    const { index } = asked
    const ordinal = asked.resolve(ref, 'ref')
    const name = presentName(index, entityAt(index, ordinal))
    const found = find(index, ordinal, mostSimilar)
    const duplicates = found.filter(({ isLikelyDuplicate }) => isLikelyDuplicate).length
    const more = found.length === mostSimilar ? ' or more' : ''
    return presentPage(asked, {
      items: found.slice(0, limit),
      total: found.length,
      render: (shown) => ({
        summary:
          found.length === 0
            ? `Nothing of its kind is like ${name}: none shares neighbours or words of its name, ${asked.bounds()}.`
            : `${found.length}${more} of its kind ${found.length === 1 ? 'is' : 'are'} like ${name}; ${duplicates === 0 ? 'none' : duplicates} of them ${duplicates < 2 ? 'is a likely duplicate' : 'are likely duplicates'}.`,
        similar: shown.map((each) => presentSimilar(asked, each)),
      }),
      entitiesOf: (shown) => refsOf(index, [ordinal, ...shown.map((each) => each.ordinal)]),
    })
  },
})

function presentSimilar({ index }: AskedGraph, similar: SimilarEntity): Record<string, unknown> {
  const { ordinal, likeness, reasons, isLikelyDuplicate } = similar
  return {
    name: presentName(index, entityAt(index, ordinal)),
    likeness,
    why: reasons.join('; '),
    likely_duplicate: isLikelyDuplicate ? true : undefined,
  }
}
