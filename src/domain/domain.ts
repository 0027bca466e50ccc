import type { Store } from '../storage/contract.ts'
import { createAccountSafety } from './account-safety.ts'
import { createApiTokenIssue } from './api-token-issue.ts'
import { createApiTokens } from './api-tokens.ts'
import { type AuditOutlet, createAuditLog } from './audit-log.ts'
import { createClientSessions } from './client-sessions.ts'
import { createFirstRun } from './first-run.ts'
import { createInvitationAcceptance } from './invitation-acceptance.ts'
import { createInvitations } from './invitations.ts'
import { createJobTokens } from './job-tokens.ts'
import { createLeaverTokens } from './leaver-tokens.ts'
import { createMemberChanges } from './member-changes.ts'
import { createMembers } from './members.ts'
import { createOrganizationDeletion } from './organization-deletion.ts'
import { createOrganizationNames } from './organization-names.ts'
import { createOrganizations } from './organizations.ts'
import { createPasskeys } from './passkeys.ts'
import { createPasswordResets } from './password-resets.ts'
import { createProvidedAccounts } from './provided-accounts.ts'
import { createServiceAccountPolicies } from './service-account-policy.ts'
import { createServiceAccounts } from './service-accounts.ts'
import { createSessionBlocks } from './session-blocks.ts'
import { createSignInRecord } from './sign-in-record.ts'
import { createTrustRules } from './trust-rules.ts'
import { createUsers } from './users.ts'
import { createWithdrawal } from './withdrawal.ts'

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
  const organizationNames = createOrganizationNames({ documents, organizations, members, auditLog })
  const organizationDeletion = createOrganizationDeletion({
    documents,
    organizations,
    clientSessions,
    auditLog,
    now,
  })
  const sessionBlocks = createSessionBlocks({ documents, auditLog, now })
  const firstRun = createFirstRun({ artifacts, documents, users, organizations, members, now })
  const invitations = createInvitations({ documents, users, members, auditLog, now })
  const apiTokens = createApiTokens({ artifacts, documents, bus, now })
  const policies = createServiceAccountPolicies({ documents, auditLog })
  const trustRules = createTrustRules({ documents, auditLog, now })
  const jobTokens = createJobTokens({ artifacts, now })
  const serviceAccounts = createServiceAccounts({ documents, apiTokens, trustRules, auditLog, now })
  const apiTokenIssue = createApiTokenIssue({ documents, apiTokens, policies, auditLog, now })
  const leaverTokens = createLeaverTokens({ apiTokens, policies, auditLog, now })
  const withdrawal = createWithdrawal({ clientSessions, invitations, leaverTokens })
  const accountSafety = createAccountSafety({ users, members, clientSessions, withdrawal, auditLog })
  const passkeys = createPasskeys({ documents, accountSafety, now })
  const passwordResets = createPasswordResets({ artifacts, users, accountSafety, now })
  const memberChanges = createMemberChanges({ documents, members, withdrawal, auditLog, now })
  const invitationAcceptance = createInvitationAcceptance({
    documents,
    users,
    organizations,
    members,
    invitations,
    withdrawal,
    auditLog,
    now,
  })
  const providedAccounts = createProvidedAccounts({
    documents,
    users,
    members,
    withdrawal,
    accountSafety,
    passkeys,
    auditLog,
    now,
  })
  return {
    providedAccounts,
    accountSafety,
    passkeys,
    passwordResets,
    users,
    organizations,
    organizationNames,
    organizationDeletion,
    members,
    memberChanges,
    invitations,
    invitationAcceptance,
    auditLog,
    signInRecord,
    clientSessions,
    sessionBlocks,
    serviceAccounts,
    serviceAccountPolicies: policies,
    apiTokens,
    apiTokenIssue,
    trustRules,
    jobTokens,
    firstRun,
  }
}
