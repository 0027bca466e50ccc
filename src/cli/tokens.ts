import type { Config } from '../config.ts'
import { type Administration, administrationByOperator } from '../domain/administration.ts'
import { minuteOf } from '../domain/api-token-end.ts'
import { type ApiTokenView, isLive } from '../domain/api-tokens.ts'
import { createDomain, type Domain } from '../domain/domain.ts'
import { DomainError } from '../domain/errors.ts'
import { ServiceAccountForm, type ServiceAccount } from '../domain/service-accounts.ts'
import { openStore } from '../storage/open.ts'
import { printRows } from './rows.ts'
import type { CreateTokenOptions, RevokeTokensOptions, TokenChoice } from './token-commands.ts'

/** Generates a token. Standard output gets it and nothing else, so that it can be piped to where secrets are kept. */
export async function createToken(config: Config, options: CreateTokenOptions): Promise<void> {
  await withOrganization(config, options.organization, async (domain, by) => {
    const account = await requireAccount(domain, by, options)
    const { name, expires, from } = options
    const isDay = expires.includes('-')
    const { token, secret } = await domain.apiTokenIssue.issue(by, account, {
      name,
      expiry: isDay ? { choice: 'date', date: expires } : { choice: expires, date: '' },
      addresses: from,
    })
    const end = token.expiresAt === undefined ? 'does not expire' : `expires ${minuteOf(token.expiresAt)}`
    console.error(`Token "${token.name}" (${token.id}) of ${account.name} ${end}. It is shown this once:`)
    console.log(secret)
  })
}

/** Prints live tokens, the last used first. */
export async function listTokens(config: Config, options: TokenChoice): Promise<void> {
  await withOrganization(config, options.organization, async (domain, by) => {
    print(await findLive(domain, by, options))
  })
}

/**
 * Ends tokens beside a running server: each is refused at its next request. Without `--yes` it only prints them.
 * @throws {DomainError} `invalid_input` without anything that says which
 */
export async function revokeTokens(config: Config, options: RevokeTokensOptions): Promise<void> {
  const { organization, account, token, all, yes } = options
  if ((account ?? token ?? all) === undefined) {
    throw new DomainError('invalid_input', 'Say which: --token, --account, or --all for every one.')
  }
  await withOrganization(config, organization, async (domain, by) => {
    const live = await findLive(domain, by, options)
    const chosen = live.filter((row) => token === undefined || row.token.id === token)
    print(chosen)
    if (chosen.length === 0) return
    if (!yes) return console.error(`Nothing was ended. Add --yes to end ${counted(chosen.length)}.`)
    for (const row of chosen) await domain.apiTokenIssue.revoke(by, row.token.id)
    console.error(`Ended ${counted(chosen.length)}.`)
  })
}

async function withOrganization(
  config: Config,
  slug: string,
  use: (domain: Domain, by: Administration) => Promise<void>,
): Promise<void> {
  const store = await openStore(config)
  try {
    const domain = createDomain({ store, now: Date.now })
    const organization = await domain.organizations.findBySlug(slug)
    if (!organization) throw new DomainError('not_found', `There is no organization "${slug}".`)
    await use(domain, administrationByOperator(organization))
  } finally {
    await store.close()
  }
}

async function requireAccount(
  { serviceAccounts }: Domain,
  by: Administration,
  { account: name, createAccount, scopes }: { account: string; createAccount?: true; scopes?: string },
): Promise<ServiceAccount> {
  const account = await serviceAccounts.findByName(by.organization.id, name)
  if (account) return account
  if (!createAccount) {
    const message = `There is no service account "${name}" in ${by.organization.name}. Add --create-account to make it.`
    throw new DomainError('not_found', message)
  }
  const form = ServiceAccountForm.safeParse({ name, description: '', scopes })
  if (!form.success) throw new DomainError('invalid_input', form.error.issues[0]?.message ?? 'Enter a name.')
  return serviceAccounts.create(by, form.data)
}

interface Row {
  account: ServiceAccount
  token: ApiTokenView
}

async function findLive(domain: Domain, by: Administration, { account: name }: TokenChoice): Promise<Row[]> {
  const chosen = name === undefined ? undefined : await requireAccount(domain, by, { account: name })
  const accounts = await domain.serviceAccounts.list(by.organization.id)
  const tokens = await domain.apiTokens.list('organization', by.organization.id)
  return tokens
    .filter((token) => isLive(token, Date.now()) && (!chosen || token.serviceAccountId === chosen.id))
    .toSorted((a, b) => (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0))
    .flatMap((token) => {
      const account = accounts.find(({ id }) => id === token.serviceAccountId)
      return account ? [{ account, token }] : []
    })
}

function print(rows: readonly Row[]): void {
  if (rows.length === 0) return console.error('No live token matches.')
  printRows(
    rows.map(({ account, token }) => [
      token.id,
      account.disabled ? `${account.name} (disabled)` : account.name,
      token.name,
      token.expiresAt === undefined ? 'does not expire' : `expires ${minuteOf(token.expiresAt)}`,
      token.lastUsedAt === undefined ? 'never used' : `used ${minuteOf(token.lastUsedAt)}`,
      token.lastAddress ?? '',
    ]),
  )
}

function counted(tokens: number): string {
  return tokens === 1 ? '1 token' : `${tokens} tokens`
}
