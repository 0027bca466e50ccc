import { Conflict, type Documents, type StoredDocument } from '../storage/contract.ts'
import type { AuditLog } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { sha256 } from './identifiers.ts'
import { isAdmin, type Membership } from './members.ts'

/** Whose client sessions an organization does not want: every one of a client, or of a person. */
export type BlockSubject = { kind: 'client'; clientId: string } | { kind: 'user'; userId: string }

/** A decision of an organization's admin that holds until it is lifted. */
export interface SessionBlock {
  id: string
  organizationId: string
  subject: BlockSubject
  /** Name of the client or address of the person, as it was then. */
  label: string
  blockedAt: number
  /** The admin's user id. */
  blockedBy: string
}

/** Who blocks, and from where. */
export interface BlockingAdmin {
  userId: string
  address: string
}

export type SessionBlocks = ReturnType<typeof createSessionBlocks>

/** Which client sessions may not be made or used: asked at consent, at each refresh and at each MCP request. */
export function createSessionBlocks({
  documents,
  auditLog,
  now,
}: {
  documents: Documents
  auditLog: AuditLog
  now: () => number
}) {
  /** The block that stands against a session of this user and client, if there is one. */
  async function findFor(session: {
    organizationId: string
    clientId: string
    userId: string
  }): Promise<SessionBlock | undefined> {
    const { organizationId, clientId, userId } = session
    const [ofClient, ofUser] = await Promise.all([
      documents.get('session-block', blockId(organizationId, { kind: 'client', clientId })),
      documents.get('session-block', blockId(organizationId, { kind: 'user', userId })),
    ])
    return presentBlock(ofClient) ?? presentBlock(ofUser)
  }

  /** Oldest first. @throws {DomainError} `forbidden` for members without an administering role */
  async function list(membership: Membership): Promise<SessionBlock[]> {
    requireAdmin(membership)
    const { items } = await documents.list('session-block', 'organization', membership.organization.id, {
      limit: 500,
    })
    return items.map(presentBlock).filter((found) => found !== undefined)
  }

  /** Blocks from now on; sessions that are alive are to be ended besides. Blocking twice is blocking once. */
  async function block(
    membership: Membership,
    by: BlockingAdmin,
    { subject, label }: Pick<SessionBlock, 'subject' | 'label'>,
  ): Promise<void> {
    requireAdmin(membership)
    const organizationId = membership.organization.id
    const id = blockId(organizationId, subject)
    const data: SessionBlock = { id, organizationId, subject, label, blockedAt: now(), blockedBy: by.userId }
    const indexes = { organization: organizationId }
    try {
      await documents.commit([{ op: 'put', kind: 'session-block', id, version: 0, data, indexes }])
    } catch (error) {
      if (error instanceof Conflict) return
      throw error
    }
    await auditLog.append(organizationId, {
      type: 'client_sessions.blocked',
      subject,
      actor: { kind: 'user', id: by.userId },
      address: by.address,
    })
  }

  /** @throws {DomainError} `not_found`, also for a block of another organization */
  async function lift(membership: Membership, by: BlockingAdmin, id: string): Promise<void> {
    requireAdmin(membership)
    const document = await documents.get('session-block', id)
    const found = presentBlock(document)
    const missing = new DomainError('not_found', 'There is no such block, or it was lifted already.')
    if (!document || found?.organizationId !== membership.organization.id) throw missing
    try {
      await documents.commit([{ op: 'delete', kind: 'session-block', id, version: document.version }])
    } catch (error) {
      throw error instanceof Conflict ? missing : error
    }
    const { organizationId, subject } = found
    await auditLog.append(organizationId, {
      type: 'client_sessions.block_lifted',
      subject,
      actor: { kind: 'user', id: by.userId },
      address: by.address,
    })
  }

  return { findFor, list, block, lift }
}

/** What the person at a blocked client is told. */
export function describeBlock({ subject, label }: SessionBlock, organizationName: string): string {
  const what = subject.kind === 'client' ? `${label} from being used` : 'you from connecting clients'
  return `An administrator of ${organizationName} has blocked ${what} there. Ask them to lift the block.`
}

function requireAdmin({ role }: Membership): void {
  if (!isAdmin(role)) {
    throw new DomainError('forbidden', 'Only administrators block client sessions. Ask one of yours.')
  }
}

/** A client id may be a URL of any length, so it is hashed. */
function blockId(organizationId: string, subject: BlockSubject): string {
  const subjectId = subject.kind === 'client' ? subject.clientId : subject.userId
  return sha256(`${organizationId}\n${subject.kind}\n${subjectId}`)
}

function presentBlock(document: StoredDocument | undefined): SessionBlock | undefined {
  return document && (document.data as SessionBlock)
}
