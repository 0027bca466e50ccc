import type { Store } from '../storage/contract.ts'
import { type AuditOutlet, createAuditLog } from './audit-log.ts'
import { createClientSessions } from './client-sessions.ts'
import { createFirstRun } from './first-run.ts'
import { createMembers } from './members.ts'
import { createOrganizations } from './organizations.ts'
import { createSessionBlocks } from './session-blocks.ts'
import { createSignInRecord } from './sign-in-record.ts'
import { createUsers } from './users.ts'

export type Domain = ReturnType<typeof createDomain>

/** The product's rules on one store; what the faces and the command line share. */
export function createDomain({
  store: { artifacts, documents, logs, bus },
  now,
  auditOutlet = {},
}: {
  store: Store
  now: () => number
  auditOutlet?: AuditOutlet
}) {
  const users = createUsers({ documents, now })
  const organizations = createOrganizations({ documents, now })
  const members = createMembers({ documents, organizations, now })
  const auditLog = createAuditLog({ logs, documents, now, ...auditOutlet })
  const signInRecord = createSignInRecord({ users, members, auditLog })
  const clientSessions = createClientSessions({ artifacts, documents, bus, auditLog, now })
  const sessionBlocks = createSessionBlocks({ documents, auditLog, now })
  const firstRun = createFirstRun({ artifacts, documents, users, organizations, members, now })
  return { users, organizations, members, auditLog, signInRecord, clientSessions, sessionBlocks, firstRun }
}
