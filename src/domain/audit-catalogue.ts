import type { AuditEvent } from './audit-log.ts'

/** The groups people look for events in. */
export const auditCategories = {
  tool_calls: 'Tool calls',
  sign_ins: 'Sign-ins',
  sessions: 'Client sessions',
  members: 'Members',
  service_accounts: 'Service accounts',
  architecture: 'Architecture',
  settings: 'Settings',
} as const satisfies Record<string, string>

export type AuditCategory = keyof typeof auditCategories
export type AuditEventType = AuditEvent['type']

/** Every event in words, and where it belongs. An entry's other facts are shown as they are. */
export const auditCatalogue: Record<AuditEventType, { category: AuditCategory; words: string }> = {
  'tool.called': { category: 'tool_calls', words: 'Called a tool' },
  'sign_in.succeeded': { category: 'sign_ins', words: 'Signed in' },
  'sign_in.failed': { category: 'sign_ins', words: 'Failed to sign in' },
  'sign_ins.ended': { category: 'sign_ins', words: 'Signed out of their browsers' },
  'domain.verified': { category: 'settings', words: 'Proved a mail domain' },
  'sign_in_provider.changed': { category: 'settings', words: 'Changed how members sign in' },
  'sign_in_provider.removed': { category: 'settings', words: 'Removed the sign-in provider' },
  'identity.linked': { category: 'sign_ins', words: 'Connected a sign-in provider' },
  'password.changed': { category: 'sign_ins', words: 'Changed their password' },
  'password.reset': { category: 'sign_ins', words: 'Set a forgotten password' },
  'passkey.added': { category: 'sign_ins', words: 'Added a passkey' },
  'passkey.removed': { category: 'sign_ins', words: 'Removed a passkey' },
  'user.suspended': { category: 'sign_ins', words: 'Suspended a user' },
  'user.restored': { category: 'sign_ins', words: 'Restored a user' },
  'consent.given': { category: 'sessions', words: 'Allowed a client' },
  'consent.denied': { category: 'sessions', words: 'Refused a client' },
  'client_session.ended': { category: 'sessions', words: 'Ended a client session' },
  'client_sessions.blocked': { category: 'sessions', words: 'Blocked client sessions' },
  'client_sessions.block_lifted': { category: 'sessions', words: 'Lifted a block of client sessions' },
  'refresh_token.refused': { category: 'sessions', words: 'Was refused a refresh' },
  'refresh_token.reused': { category: 'sessions', words: 'Presented a replaced refresh token' },
  'member.invited': { category: 'members', words: 'Invited somebody' },
  'invitation.revoked': { category: 'members', words: 'Revoked an invitation' },
  'invitation.accepted': { category: 'members', words: 'Joined by invitation' },
  'member.role_changed': { category: 'members', words: 'Changed a member’s role' },
  'member.removed': { category: 'members', words: 'Removed a member' },
  'member.left': { category: 'members', words: 'Left the organization' },
  'service_account.created': { category: 'service_accounts', words: 'Created a service account' },
  'service_account.changed': {
    category: 'service_accounts',
    words: 'Renamed or described a service account',
  },
  'service_account.disabled': { category: 'service_accounts', words: 'Disabled a service account' },
  'service_account.enabled': { category: 'service_accounts', words: 'Enabled a service account' },
  'service_account.deleted': { category: 'service_accounts', words: 'Deleted a service account' },
  'service_account_policy.changed': {
    category: 'service_accounts',
    words: 'Changed what is wanted of API tokens',
  },
  'api_token.created': { category: 'service_accounts', words: 'Generated an API token' },
  'api_token.rotated': { category: 'service_accounts', words: 'Rotated an API token' },
  'api_token.revoked': { category: 'service_accounts', words: 'Revoked an API token' },
  'api_token.maker_left': { category: 'service_accounts', words: 'Left, which revoked an API token' },
  'api_token.leak_reported': { category: 'service_accounts', words: 'Revoked a leaked API token' },
  'trust_rule.added': { category: 'service_accounts', words: 'Let a service account trust CI jobs' },
  'trust_rule.removed': { category: 'service_accounts', words: 'Removed trust in CI jobs' },
  'identity_token.exchanged': { category: 'service_accounts', words: 'Let in a CI job' },
  'identity_token.refused': { category: 'service_accounts', words: 'Refused a CI job' },
  'architecture.imported': { category: 'architecture', words: 'Imported an architecture' },
  'organization.created': { category: 'settings', words: 'Created the organization' },
  'organization.renamed': { category: 'settings', words: 'Renamed the organization' },
  'organization.deleted': { category: 'settings', words: 'Deleted the organization' },
  'organization.restored': { category: 'settings', words: 'Restored the organization' },
  'audit_log.exported': { category: 'settings', words: 'Exported the audit log' },
  'audit_log.retention_changed': { category: 'settings', words: 'Changed how long the audit log is kept' },
}
