import { analyzeImpact } from './analyze-impact.ts'
import { compareDependencies } from './compare-dependencies.ts'
import type { Tool } from './define-tool.ts'
import { explainRelation } from './explain-relation.ts'
import { findIssues } from './find-issues.ts'
import { findPaths } from './find-paths.ts'
import { findSimilar } from './find-similar.ts'
import { getChanges } from './get-changes.ts'
import { getDependencies } from './get-dependencies.ts'
import { getEntity } from './get-entity.ts'
import { getOverview } from './get-overview.ts'
import { rankCritical } from './rank-critical.ts'
import { searchEntities } from './search-entities.ts'
import { whoami } from './whoami.ts'

/** Every tool of the MCP endpoint. */
export const tools: readonly Tool[] = [
  getOverview,
  searchEntities,
  getEntity,
  getDependencies,
  analyzeImpact,
  findPaths,
  compareDependencies,
  rankCritical,
  findIssues,
  findSimilar,
  getChanges,
  explainRelation,
  whoami,
]
