import { z } from 'zod'
import { entityAt } from '../../architecture/graph-index.ts'
import { compareDependencies as compare } from '../../architecture/queries/compare.ts'
import { DomainError } from '../../domain/errors.ts'
import { entityReference, presentName, presentNames, refsOf, relationInputs } from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { counted } from './answer-provenance.ts'
import { defineGraphTool, type AskedGraph } from './graph-tool.ts'

/** What entities have in common. */
export const compareDependencies = defineGraphTool({
  name: 'compare_dependencies',
  title: 'Compare dependencies',
  description:
    'Compares what two to five entities depend on, or what depends on them: what all share (common bottlenecks), what some share and what only one has. Use direction upstream to see who still uses an old service and not the new one before it is switched off.',
  input: {
    refs: z.array(entityReference).min(2).max(5).describe('References or names'),
    mode: z.enum(['shared', 'difference', 'both']).default('both').describe('Which part to tell'),
    direction: z
      .enum(['downstream', 'upstream'])
      .default('downstream')
      .describe('downstream: what they depend on; upstream: what depends on them'),
    depth: z
      .int()
      .min(1)
      .max(20)
      .optional()
      .describe('1 for direct dependencies alone; by default to the end'),
    ...relationInputs,
  },
  answer(input, asked) {
    const { index } = asked
    const compared = [...new Set(input.refs.map((text) => asked.resolve(text, 'refs')))]
    if (compared.length < 2) {
      const { ref } = entityAt(index, compared[0] ?? -1)
      throw new DomainError('invalid_input', `All refs mean the same entity, ${ref}.`, { field: 'refs' })
    }
    const { shared, partly, only } = compare(index, {
      compared,
      direction: input.direction,
      depth: input.depth,
      relations: input.relations,
      minConfidence: input.min_confidence,
      includeInferred: input.include_inferred,
    })
    const parts: Record<typeof input.mode, Part[]> = {
      shared: ['shared', 'partly'],
      difference: ['only'],
      both: ['shared', 'partly', 'only'],
    }
    const items: Item[] = [
      ...shared.map((ordinal) => ({ part: 'shared' as const, ordinal, of: compared })),
      ...partly.map(({ ordinal, sharedBy }) => ({ part: 'partly' as const, ordinal, of: sharedBy })),
      ...alternate(only, compared),
    ].filter(({ part }) => parts[input.mode].includes(part))
    const summary = summarize(asked, compared, { shared, partly, only, ...input })
    return presentPage(asked, {
      items,
      total: items.length,
      render: (shown) => ({
        summary,
        ...presentParts(asked, compared, shown),
      }),
      entitiesOf: (shown) => refsOf(index, [...compared, ...shown.map(({ ordinal }) => ordinal)]),
    })
  },
})

type Part = 'shared' | 'partly' | 'only'

interface Item {
  part: Part
  ordinal: number
  of: readonly number[]
}

/** Each of the compared gets its share where not everything fits. */
function alternate(only: readonly (readonly number[])[], compared: readonly number[]): Item[] {
  const longest = Math.max(...only.map(({ length }) => length))
  const owners = compared.map((ordinal) => [ordinal])
  const items: Item[] = []
  for (let position = 0; position < longest; position += 1) {
    for (const [at, ordinals] of only.entries()) {
      const ordinal = ordinals[position]
      if (ordinal !== undefined) items.push({ part: 'only', ordinal, of: owners[at] ?? [] })
    }
  }
  return items
}

function summarize(
  { index, bounds }: AskedGraph,
  compared: readonly number[],
  found: {
    shared: readonly number[]
    partly: readonly unknown[]
    only: readonly (readonly number[])[]
    direction: 'downstream' | 'upstream'
    depth?: number | undefined
  },
): string {
  const { shared, partly, only, direction, depth } = found
  const names = presentNames(index, compared)
  const what = direction === 'downstream' ? 'dependencies' : 'dependents'
  const within = depth === undefined ? '' : depth === 1 ? 'direct ' : `within ${depth} levels `
  const own = names.map((name, position) => `only ${name} ${only[position]?.length ?? 0}`)
  const some = partly.length === 0 ? '' : `, some of them share ${partly.length}`
  const where = shared.length === 0 ? `, ${bounds()}` : ''
  const common =
    shared.length === 0
      ? `share no ${within}${what}`
      : `share ${counted(shared.length, within + one(what), within + what)}`
  return `${names.join(', ')} ${common}${some}; ${own.join(', ')}${where}.`
}

function one(what: string): string {
  return what === 'dependents' ? 'dependent' : 'dependency'
}

function presentParts(
  { index }: AskedGraph,
  compared: readonly number[],
  shown: readonly Item[],
): Record<string, unknown> {
  const name = (ordinal: number) => presentName(index, entityAt(index, ordinal))
  const shared = shown.filter(({ part }) => part === 'shared').map(({ ordinal }) => name(ordinal))
  const partly = shown.filter(({ part }) => part === 'partly')
  const only = compared.map((each) => {
    const own = shown.filter(({ part, of }) => part === 'only' && of[0] === each)
    return [name(each), own.map(({ ordinal }) => name(ordinal))] as const
  })
  return {
    shared: shared.length === 0 ? undefined : shared,
    shared_by_some:
      partly.length === 0
        ? undefined
        : Object.fromEntries(partly.map(({ ordinal, of }) => [name(ordinal), of.map(name)])),
    only: only.every(([, names]) => names.length === 0)
      ? undefined
      : Object.fromEntries(only.filter(([, names]) => names.length > 0)),
  }
}
