import { minuteOf } from './api-token-end.ts'
import { expiresSoonWithin } from './api-token-expiry.ts'
import {
  type ApiToken,
  type ApiTokens,
  type ApiTokenView,
  dayOf,
  idleSince,
  isLive,
  isUnused,
} from './api-tokens.ts'
import { type Mail, type Mailer, MailNotSent } from './mail.ts'
import { isAdmin, type Members } from './members.ts'
import type { Organization, Organizations } from './organizations.ts'
import type { ServiceAccount, ServiceAccounts } from './service-accounts.ts'
import type { Users } from './users.ts'

export interface TokenMailDeps {
  apiTokens: ApiTokens
  serviceAccounts: ServiceAccounts
  organizations: Organizations
  members: Members
  users: Users
  mailer: Mailer
  /** The one origin of links. */
  publicUrl: string
  now: () => number
}

/** What a mail about a token is written from. */
interface Subject {
  token: ApiToken
  account: ServiceAccount
  organization: Organization
  /** Of the account's page. */
  link: string
}

export type TokenMails = ReturnType<typeof createTokenMails>

const day = 24 * 60 * 60 * 1000

/** Mails to the administrators of an organization about its API tokens, where the operator set a mail server. */
export function createTokenMails(deps: TokenMailDeps) {
  const { apiTokens, serviceAccounts, organizations, members, users, mailer, publicUrl, now } = deps

  /**
   * Tells of every token that expires within seven days, once. Any process may call it at any time: whoever marks a
   * token mails it, and takes the mark back when the mail server took no mail.
   */
  async function warnOfExpiries(): Promise<void> {
    if (!mailer.isConfigured) return
    for (let ahead = 0; ahead <= expiresSoonWithin; ahead += day) {
      for (const token of await apiTokens.list('expiry', dayOf(now() + ahead))) await warn(token)
    }
  }

  async function warn({ id, expiresAt }: ApiToken): Promise<void> {
    if (expiresAt === undefined || expiresAt > now() + expiresSoonWithin) return
    const claimed = await apiTokens.change(id, (token) =>
      token.warnedAt === undefined && isLive(token, now()) ? { ...token, warnedAt: now() } : undefined,
    )
    if (!claimed || (await mailAdministrators(claimed, composeExpiryMail))) return
    await apiTokens.change(id, ({ warnedAt: _warnedAt, ...token }) => token)
  }

  /**
   * Tells of every token that was not used for 90 days, once until it is used again; otherwise as
   * {@link warnOfExpiries}. When a token was last used stands in no index, so all tokens are looked through.
   */
  async function tellOfUnused(): Promise<void> {
    if (!mailer.isConfigured) return
    for (const token of await apiTokens.list('state', 'standing')) {
      if (isUnused(token, now())) await tell(token)
    }
  }

  async function tell(unused: ApiTokenView): Promise<void> {
    const since = idleSince(unused)
    // Before the record is read again, as most of what is idle has been told of.
    if (unused.toldIdleSince === since) return
    const claimed = await apiTokens.change(unused.id, (token) =>
      token.toldIdleSince !== since && isLive(token, now()) ? { ...token, toldIdleSince: since } : undefined,
    )
    if (!claimed) return
    const isTold = await mailAdministrators(claimed, (subject) => composeUnusedMail(subject, unused))
    if (!isTold) await apiTokens.change(unused.id, ({ toldIdleSince: _toldIdleSince, ...token }) => token)
  }

  /** Tells that a stranger presented a token, which ended it. */
  async function tellOfLeak(token: ApiToken): Promise<void> {
    if (mailer.isConfigured) await mailAdministrators(token, composeLeakMail)
  }

  /** @returns whether nothing is left to do: anybody got it, or nobody could */
  async function mailAdministrators(
    token: ApiToken,
    compose: (subject: Subject) => Omit<Mail, 'to'>,
  ): Promise<boolean> {
    const [account, organization] = await Promise.all([
      serviceAccounts.find(token.serviceAccountId),
      organizations.find(token.organizationId),
    ])
    if (!account || !organization || organization.deletion) return true
    const link = `${publicUrl}/organizations/${organization.slug}/service-accounts/${account.id}`
    const mail = compose({ token, account, organization, link })
    const administrators = (await members.list(organization.id)).filter(({ role }) => isAdmin(role))
    const sent = await Promise.all(administrators.map(({ userId }) => send(userId, mail)))
    return sent.length === 0 || sent.includes(true)
  }

  async function send(userId: string, mail: Omit<Mail, 'to'>): Promise<boolean> {
    const user = await users.find(userId)
    if (!user || user.disabledAt !== undefined) return false
    try {
      await mailer.send({ to: user.email, ...mail })
      return true
    } catch (error) {
      if (error instanceof MailNotSent) return false
      throw error
    }
  }

  return { warnOfExpiries, tellOfUnused, tellOfLeak }
}

function composeExpiryMail({ token, account, organization, link }: Subject): Omit<Mail, 'to'> {
  const when = minuteOf(token.expiresAt ?? 0)
  return {
    subject: `An API token of ${oneLine(organization.name)} expires soon`,
    text: `The API token "${oneLine(token.name)}" of the service account ${oneLine(account.name)} in ${oneLine(organization.name)} expires on ${when}.

Rotate it before then; the old one lives on for as long as you need to replace it:
${link}
`,
  }
}

function composeUnusedMail(
  { token, account, organization, link }: Subject,
  { lastUsedAt }: ApiTokenView,
): Omit<Mail, 'to'> {
  const since =
    lastUsedAt === undefined
      ? `was made on ${minuteOf(token.createdAt)} and never used`
      : `was last used on ${minuteOf(lastUsedAt)}`
  return {
    subject: `An API token of ${oneLine(organization.name)} is unused`,
    text: `The API token "${oneLine(token.name)}" of the service account ${oneLine(account.name)} in ${oneLine(organization.name)} ${since}.

Revoke it if nothing needs it any more:
${link}
`,
  }
}

function composeLeakMail({ token, account, organization, link }: Subject): Omit<Mail, 'to'> {
  return {
    subject: `A leaked API token of ${oneLine(organization.name)} was revoked`,
    text: `Somebody found the API token "${oneLine(token.name)}" of the service account ${oneLine(account.name)} in ${oneLine(organization.name)} and presented it, which revoked it.

Find out where it leaked, and generate a new one for what used it:
${link}
`,
  }
}

/** Names are written by people; none makes a paragraph of its own in a mail that we send. */
function oneLine(name: string): string {
  return name.replaceAll(/\s+/g, ' ').trim()
}
