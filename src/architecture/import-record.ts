import type { AuditedAct } from '../domain/audit-log.ts'
import type { ImportResult } from './architecture.ts'

/** An import as the audit log keeps it. */
export function presentImport(result: ImportResult, by: Pick<AuditedAct, 'actor' | 'address'>): AuditedAct {
  const { source, revision, entities, relations } = result
  const counts = { entityCount: entities, relationCount: relations }
  return { type: 'architecture.imported', source, revision, ...counts, ...by }
}
