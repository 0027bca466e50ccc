import type { IssueType, Severity } from '../architecture/queries/issues.ts'
import type { CoverageGap } from '../architecture/queries/overview.ts'
import type { Mark } from '../http/architecture-view-data.ts'

/** What is not known, and what would tell it. */
export const gapLabels = {
  no_owner: { label: 'without an owner', advice: 'A Backstage catalog or CODEOWNERS files tell owners.' },
  not_observed: { label: 'dependencies never seen in traffic', advice: 'Traces would confirm them.' },
  not_declared: {
    label: 'dependencies that no file declares',
    advice: 'Manifests or a catalog would confirm them.',
  },
  inferred_only: {
    label: 'dependencies that are only inferred',
    advice: 'They may not be so: another kind of source would tell.',
  },
  unresolved: {
    label: 'addresses that nothing is known of',
    advice: 'Import what describes them, and they become what they are.',
  },
  unconnected: {
    label: 'entities without any relation',
    advice: 'Traces or catalogs would tell what uses them.',
  },
} as const satisfies Record<CoverageGap['gap'], { label: string; advice: string }>

export const issueLabels = {
  cycle: 'Circle',
  spof: 'Single point of failure',
  shared_database: 'Shared database',
  undeclared: 'Undeclared',
  stale: 'Stale',
  unresolved: 'Unresolved',
  orphan: 'Orphan',
  unowned: 'No owner',
} as const satisfies Record<IssueType, string>

export const severityTones = {
  high: 'error',
  medium: 'warning',
  low: '',
} as const satisfies Record<Severity, Mark['tone']>
