import type { Frame, OrganizationFrame } from '../http/view-data.ts'
import type { OrganizationViewer, PageContext, Viewer } from './viewer.ts'

/** What a form did, told on the page after it. Only the name travels in the URL, so nobody can write the words. */
const notices = {
  'signed-out-elsewhere': 'You are signed out in every other browser.',
  'sign-in-ended': 'That browser is signed out.',
  'profile-saved': 'Your name is saved.',
  'password-changed': 'Your password is changed. You are signed out in every other browser.',
  'password-changed-clients-ended':
    'Your password is changed. You are signed out in every other browser, and your client sessions have ended.',
  'passkey-added': 'The passkey is added. You can sign in with it from now on.',
  'passkey-renamed': 'The passkey has its new name.',
  'passkey-removed': 'The passkey is removed. Nobody can sign in with it any more.',
  'audit-retention-changed': 'The audit log is kept for another time now.',
  'block-lifted': 'The block is lifted. New sessions can be made again.',
  'sample-imported': 'The sample architecture is here.',
  'architecture-imported': 'The import is done.',
  'architecture-unchanged': 'The import is done. It says what was known already.',
  'source-removed': 'The source is removed, with everything that only it said.',
  'join-decided': 'Your decision holds from now on.',
  'organization-created': 'The organization is made. Import an architecture next, or connect a client.',
  'organization-renamed': 'Saved.',
  'organization-restored': 'The organization is back. Clients have to sign in again.',
  'sign-in-saved': 'Saved.',
  'service-account-created': 'The service account is made. Generate a token next.',
  'service-account-saved': 'Saved.',
  'service-account-disabled': 'The service account is disabled. Its tokens are refused until you enable it.',
  'service-account-enabled': 'The service account is enabled. Its tokens are accepted again.',
  'service-account-deleted': 'The service account is deleted, and its tokens have ended.',
  'token-policy-changed': 'Saved.',
  'api-token-revoked': 'The token is revoked. Whatever uses it is refused from now on.',
  'trust-rule-added': 'Jobs that match the rule are let in from now on.',
  'trust-rule-removed': 'The rule is removed. Jobs it let in are refused at their next request.',
  'role-changed': 'The role is changed.',
  'member-removed': 'The member is removed, and refused everywhere from now on.',
  'invitation-revoked': 'The invitation is revoked. Its link works no more.',
  joined: 'Welcome. You are a member here now.',
} as const

/** What a form could do only in part. */
const problems = {
  'withdrawal-incomplete':
    'Done, and their rights are gone. But the store did not confirm that every client session ended: what is still listed under Sessions is refused or has the new role only, and can be revoked there.',
} as const

/** The address of a page that tells what was just done. */
export function withNotice(path: string, notice: keyof typeof notices): string {
  return `${path}?notice=${notice}`
}

/** The address of a page that tells what could not be done. */
export function withProblem(path: string, problem: keyof typeof problems): string {
  return `${path}?problem=${problem}`
}

/** What stands around a page outside of any organization. */
export function presentFrame(viewer: Viewer): Frame {
  return {
    user: { name: viewer.user.name, email: viewer.user.email },
    csrf: viewer.csrfToken,
    organization: undefined,
    organizations: viewer.memberships.map(({ organization: { slug, name }, role }) => ({ slug, name, role })),
    mayCreateOrganizations: viewer.mayCreateOrganizations,
    section: undefined,
    notice: undefined,
    problem: undefined,
  }
}

/** What stands around a page about the viewer, whatever the organization. */
export function presentAccountFrame(
  ctx: PageContext,
  viewer: Viewer,
  section: 'account' | 'account-sessions',
): Frame {
  return { ...presentFrame(viewer), section, notice: noticeOf(ctx) }
}

/** What stands around a page of an organization. */
export function presentOrganizationFrame(
  ctx: PageContext,
  viewer: OrganizationViewer,
  section: NonNullable<Frame['section']>,
): OrganizationFrame {
  const { organization, role } = viewer.membership
  return {
    ...presentFrame(viewer),
    organization: { slug: organization.slug, name: organization.name, role },
    section,
    notice: noticeOf(ctx),
    problem: Object.entries(problems).find(([name]) => name === ctx.query['problem'])?.[1],
  }
}

function noticeOf(ctx: PageContext): string | undefined {
  return Object.entries(notices).find(([name]) => name === ctx.query['notice'])?.[1]
}
