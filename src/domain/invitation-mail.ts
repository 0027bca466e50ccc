import type { Invitation } from './invitations.ts'
import type { Mail } from './mail.ts'

/** The mail that brings an invitation's link to its address. */
export function composeInvitationMail({
  invitation,
  organizationName,
  inviterName,
  link,
}: {
  invitation: Invitation
  organizationName: string
  inviterName: string
  link: string
}): Mail {
  const organization = oneLine(organizationName)
  const until = new Date(invitation.expiresAt).toISOString().slice(0, 16).replace('T', ' ')
  return {
    to: invitation.email,
    subject: `Invitation to ${organization} in OpenTrace`,
    text: `${oneLine(inviterName)} invites you to join ${organization} in OpenTrace as ${invitation.role}.

Accept the invitation here:
${link}

The link works once, for ${invitation.email}, until ${until} UTC.
If you expected no invitation, ignore this mail: nothing happens.
`,
  }
}

/** Names are written by people; none makes a paragraph of its own in a mail that we send. */
function oneLine(name: string): string {
  return name.replaceAll(/\s+/g, ' ').trim()
}
