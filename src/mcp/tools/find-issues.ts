import { z } from 'zod'
import { issueTypes, severities, type Finding } from '../../architecture/queries/issues.ts'
import { cursorInput, paginate } from './answer-cursor.ts'
import { presentEnd, presentNames, refsOf } from './answer-names.ts'
import { presentPage } from './answer-page.ts'
import { defineGraphTool, type AskedGraph } from './graph-tool.ts'
import { readScope, scopeInputs } from './graph-scope.ts'

const mostNames = 6
const mostEvidence = 2

/** What may be wrong. */
export const findIssues = defineGraphTool({
  name: 'find_issues',
  title: 'Find issues',
  description:
    'Finds what may be wrong with the architecture or with what is known of it: dependency cycles, single points of failure (spof), shared databases, traffic that nobody declares (undeclared), relations not seen any more (stale), addresses that nobody describes (unresolved), unconnected entities (orphan) and entities without owner (unowned), each with evidence, the most severe first.',
  input: {
    types: z.array(z.enum(issueTypes)).min(1).optional().describe('Only these; all by default'),
    severity: z.enum(severities).optional().describe('Only this severity'),
    ...scopeInputs,
    limit: z.int().min(1).max(100).default(20),
    cursor: cursorInput,
  },
  async answer({ types, severity, limit, cursor, ...input }, asked) {
    const { index, graph } = asked
    const { ordinals, words } = readScope(asked, input)
    const question = [types, severity, input.scope, input.namespace, input.environment]
    const pagination = paginate(cursor, graph.revision, ['find_issues', question])
    const ofAll = await asked.findings.find({ types, scope: ordinals, now: asked.seenAt })
    const found = severity === undefined ? ofAll : ofAll.filter((finding) => finding.severity === severity)
    const summary = summarize(found, { words, types, bounds: asked.bounds })
    return presentPage(asked, {
      items: found.slice(pagination.offset, pagination.offset + limit),
      total: found.length,
      pagination,
      render: (shown) => ({
        summary,
        issues: shown.map((finding) => presentFinding(asked, finding)),
      }),
      entitiesOf: (shown) =>
        refsOf(
          index,
          shown.flatMap(({ entities }) => entities.slice(0, mostNames)),
        ),
    })
  },
})

function summarize(
  found: readonly Finding[],
  { words, types, bounds }: { words: string; types?: readonly string[] | undefined; bounds: () => string },
): string {
  const looked = types === undefined ? '' : ` of type ${types.join(', ')}`
  if (found.length === 0) return `No issues${looked} found${words}, ${bounds()}.`
  const ofType = new Map<string, number>()
  for (const { type } of found) ofType.set(type, (ofType.get(type) ?? 0) + 1)
  const counts = issueTypes.flatMap((type) => {
    const count = ofType.get(type) ?? 0
    return count === 0 ? [] : `${count} ${type}`
  })
  return `${found.length} ${found.length === 1 ? 'issue' : 'issues'} found${words}: ${counts.join(', ')}.`
}

function presentFinding({ index }: AskedGraph, finding: Finding): Record<string, unknown> {
  const { type, severity, summary, entities, relations } = finding
  const more = entities.length - mostNames
  const evidence = relations.slice(0, mostEvidence).map(({ from, to, evidence: [first] }) => {
    const where =
      first === undefined ? '' : `: ${first.place.field} at ${first.place.file}:${first.place.line}`
    return `${presentEnd(index, from)} -> ${presentEnd(index, to)}${where}`
  })
  const rest = relations.length - evidence.length
  return {
    type,
    severity,
    what: summary.slice(0, 400),
    entities: [
      ...presentNames(index, entities.slice(0, mostNames)),
      ...(more > 0 ? [`and ${more} more`] : []),
    ].join(', '),
    evidence:
      evidence.length === 0
        ? undefined
        : [...evidence, ...(rest > 0 ? [`and ${rest} more relations`] : [])].join('; '),
  }
}
