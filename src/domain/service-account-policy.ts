import { Conflict, type Documents } from '../storage/contract.ts'
import type { AuditLog } from './audit-log.ts'
import { DomainError } from './errors.ts'
import type { ActingUser, Membership } from './members.ts'

/** What an organization wants of its API tokens. */
export interface ServiceAccountPolicy {
  /** Whether a token may live for more than a year, or without end. */
  allowsUnlimited: boolean
  /**
   * Whether the tokens somebody made end when they leave or are removed. They saw them, but whatever runs on them stops
   * that moment; so by default administrators are only shown whose maker is gone, and rotate them when they are ready.
   */
  endsWithMaker: boolean
}

const initialPolicy: ServiceAccountPolicy = { allowsUnlimited: false, endsWithMaker: false }

export type ServiceAccountPolicies = ReturnType<typeof createServiceAccountPolicies>

/** The policy of each organization; its owners change it. */
export function createServiceAccountPolicies({
  documents,
  auditLog,
}: {
  documents: Documents
  auditLog: AuditLog
}) {
  async function find(organizationId: string): Promise<ServiceAccountPolicy> {
    const document = await documents.get('service-account-policy', organizationId)
    return (document?.data as ServiceAccountPolicy | undefined) ?? initialPolicy
  }

  /** @throws {DomainError} `forbidden` for all but owners; `conflict` when another owner was faster */
  async function change(
    { organization, role }: Membership,
    by: ActingUser,
    policy: ServiceAccountPolicy,
  ): Promise<void> {
    if (role !== 'owner') {
      throw new DomainError('forbidden', 'Only owners change what is wanted of API tokens. Ask one of yours.')
    }
    const { id } = organization
    const document = await documents.get('service-account-policy', id)
    const version = document?.version ?? 0
    try {
      await documents.commit([{ op: 'put', kind: 'service-account-policy', id, version, data: policy }])
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      throw new DomainError('conflict', 'Somebody else changed this at the same moment. Look again.')
    }
    await auditLog.append(id, {
      type: 'service_account_policy.changed',
      ...policy,
      actor: { kind: 'user', id: by.id },
      address: by.address,
    })
  }

  return { find, change }
}
