import type { GraphIndex } from './graph-index.ts'
import {
  inOrderOfSeverity,
  lastingIssueSteps,
  selectIssues,
  type Finding,
  type IssueQuestion,
} from './queries/issues.ts'
import { countStale, findStaleRelations } from './queries/knowledge-issues.ts'
import { runInSlices } from './slices.ts'

/** What may be wrong with one graph, looked for when it is first asked for, and once. */
export interface Findings {
  /** Looks in slices: other requests are served in between. Asking while it looks waits for the same findings. */
  readonly find: (question: IssueQuestion) => Promise<Finding[]>
}

/** To be kept beside the index, as long as it. */
export function createFindings(index: GraphIndex): Findings {
  let lasting: Promise<Finding[]> | undefined
  /** With those that age alone makes: as long as equally many are stale, the same are. */
  let known: { stale: number; found: Finding[] } | undefined
  return {
    find: async (question) => {
      const others = await (lasting ??= runInSlices(lastingIssueSteps(index)))
      const stale = countStale(index, question.now)
      if (known?.stale !== stale)
        known = {
          stale,
          found: inOrderOfSeverity(index, [...others, ...findStaleRelations(index, question.now)]),
        }
      return selectIssues(known.found, question)
    },
  }
}
