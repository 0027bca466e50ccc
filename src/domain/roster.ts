import type { DocumentChange, Documents } from '../storage/contract.ts'

/**
 * What the members of an organization are changed under. Read it first, then decide, then commit its next version
 * together with the change: whatever was decided upon cannot have changed meanwhile, on any process.
 * @returns the change that renews it; committed too late, it is a conflict, and everything is to be decided again
 */
export async function readRoster(
  documents: Documents,
  organizationId: string,
  now: () => number,
): Promise<DocumentChange> {
  const document = await documents.get('roster', organizationId)
  return {
    op: 'put',
    kind: 'roster',
    id: organizationId,
    version: document?.version ?? 0,
    data: { changedAt: now() },
  }
}
