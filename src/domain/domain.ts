import type { Store } from '../storage/contract.ts'
import { createAuditLog } from './audit-log.ts'
import { createClientSessions } from './client-sessions.ts'
import { createFirstRun } from './first-run.ts'
import { createMembers } from './members.ts'
import { createOrganizations } from './organizations.ts'
import { createSessionBlocks } from './session-blocks.ts'
import { createUsers } from './users.ts'

export type Domain = ReturnType<typeof createDomain>

/** The product's rules on one store; what the faces and the command line share. */
export function createDomain({
  store: { artifacts, documents, logs, bus },
  now,
}: {
  store: Store
  now: () => number
}) {
  const users = createUsers({ documents, now })
  const organizations = createOrganizations({ documents, now })
  const members = createMembers({ documents, organizations, now })
  const auditLog = createAuditLog({ logs })
  const clientSessions = createClientSessions({ artifacts, documents, bus, auditLog, now })
  const sessionBlocks = createSessionBlocks({ documents, auditLog, now })
  const firstRun = createFirstRun({ artifacts, documents, users, organizations, members, now })
  return { users, organizations, members, auditLog, clientSessions, sessionBlocks, firstRun }
}
