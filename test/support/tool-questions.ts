/** For each tool that reads the graph, questions about the entities of a `randomGraph`; the costly ones first. */
export const toolQuestions: Record<string, readonly Record<string, unknown>[]> = {
  get_overview: [{}, { focus: 'node-00000' }, { namespace: 'shop' }],
  search_entities: [
    { limit: 100 },
    { query: 'node', limit: 100 },
    { query: 'nude-00007' },
    { query: 'shop node' },
  ],
  get_entity: [
    { ref: 'node-00000' },
    {
      ref: 'node-00001',
      include: ['config', 'endpoints', 'deployments', 'owners', 'sources', 'history', 'criticality'],
    },
  ],
  get_dependencies: [
    { ref: 'node-00000', direction: 'both', depth: 6 },
    { ref: 'node-00001', direction: 'upstream', depth: 6, format: 'tree' },
    { ref: 'node-00002', direction: 'upstream', depth: 6, format: 'mermaid' },
    { ref: 'node-00003', depth: 3, min_confidence: 0.5 },
  ],
  analyze_impact: [
    { ref: 'node-00000' },
    { ref: ['node-00001', 'node-00002'], change: 'api_change' },
    { ref: 'node-00003', change: 'latency', max_depth: 3 },
  ],
  find_paths: [
    { from: 'node-00014', to: 'node-00000', k: 5, max_hops: 12 },
    { from: 'node-00013', to: 'node-00001', k: 5, undirected: true, format: 'mermaid' },
    { from: 'node-00012', to: 'node-00002', avoid: ['node-00003'] },
  ],
  compare_dependencies: [
    { refs: ['node-00010', 'node-00011', 'node-00012', 'node-00013', 'node-00014'] },
    { refs: ['node-00000', 'node-00001'], direction: 'upstream', depth: 1 },
  ],
  rank_critical: [
    { limit: 50 },
    { metric: 'betweenness', limit: 50 },
    { metric: 'spof' },
    { scope: 'node-00000' },
  ],
  find_issues: [
    { limit: 100 },
    { types: ['cycle', 'spof'], limit: 100 },
    { namespace: 'shop', severity: 'low' },
  ],
  find_similar: [{ ref: 'node-00000', limit: 50 }, { ref: 'node-00007' }],
  get_changes: [{}, { since: 0 }, { since: 0, scope: 'node-00000' }],
  explain_relation: [
    { from: 'node-00009', to: 'node-00000' },
    { from: 'node-00000', to: 'node-00009' },
  ],
}
