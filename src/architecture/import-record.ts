import type { AuditedAct } from '../domain/audit-log.ts'
import type { ImportResult } from './architecture.ts'

/** An import as the audit log keeps it. */
export function presentImport(result: ImportResult, by: Pick<AuditedAct, 'actor' | 'address'>): AuditedAct {
  const { sources, revision, entities, relations } = result
  const source = [...new Set(sources.map(({ id }) => id))].join(', ')
  const counts = { entityCount: entities, relationCount: relations }
  return { type: 'architecture.imported', source, revision, ...counts, ...by }
}
