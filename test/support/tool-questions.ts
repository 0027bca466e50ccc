/**
 * For each tool that reads the graph, questions about entities that much depends on; the costly ones first.
 * @param nameOf The name of the entity that the most, the second most … depend on, from 0.
 */
export function questionsAbout(
  nameOf: (rank: number) => string,
): Record<string, readonly Record<string, unknown>[]> {
  return {
    get_overview: [{}, { focus: nameOf(0) }, { namespace: 'shop' }],
    search_entities: [
      { limit: 100 },
      { query: nameOf(0).slice(0, 4), limit: 100 },
      { query: nameOf(7).replace(/(.)(.)/, '$2$1') },
      { query: `shop ${nameOf(0).slice(0, 4)}` },
    ],
    get_entity: [
      { ref: nameOf(0) },
      {
        ref: nameOf(1),
        include: ['config', 'endpoints', 'deployments', 'owners', 'sources', 'history', 'criticality'],
      },
    ],
    get_dependencies: [
      { ref: nameOf(0), direction: 'both', depth: 6 },
      { ref: nameOf(1), direction: 'upstream', depth: 6, format: 'tree' },
      { ref: nameOf(2), direction: 'upstream', depth: 6, format: 'mermaid' },
      { ref: nameOf(3), depth: 3, min_confidence: 0.5 },
    ],
    analyze_impact: [
      { ref: nameOf(0) },
      { ref: [nameOf(1), nameOf(2)], change: 'api_change' },
      { ref: nameOf(3), change: 'latency', max_depth: 3 },
    ],
    find_paths: [
      { from: nameOf(14), to: nameOf(0), k: 5, max_hops: 12 },
      { from: nameOf(13), to: nameOf(1), k: 5, undirected: true, format: 'mermaid' },
      { from: nameOf(12), to: nameOf(2), avoid: [nameOf(3)] },
    ],
    compare_dependencies: [
      { refs: [nameOf(10), nameOf(11), nameOf(12), nameOf(13), nameOf(14)] },
      { refs: [nameOf(0), nameOf(1)], direction: 'upstream', depth: 1 },
    ],
    rank_critical: [
      { limit: 50 },
      { metric: 'betweenness', limit: 50 },
      { metric: 'spof' },
      { scope: nameOf(0) },
    ],
    find_issues: [
      { limit: 100 },
      { types: ['cycle', 'spof'], limit: 100 },
      { namespace: 'shop', severity: 'low' },
    ],
    find_similar: [{ ref: nameOf(0), limit: 50 }, { ref: nameOf(7) }],
    get_changes: [{}, { since: 0 }, { since: 0, scope: nameOf(0) }],
    explain_relation: [
      { from: nameOf(9), to: nameOf(0) },
      { from: nameOf(0), to: nameOf(9) },
    ],
  }
}
