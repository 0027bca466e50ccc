import { administrationBy } from '../../src/domain/administration.ts'
import type { ApiTokenForm, IssuedApiToken } from '../../src/domain/api-token-issue.ts'
import type { Scope } from '../../src/domain/principal.ts'
import type { ServiceAccount } from '../../src/domain/service-accounts.ts'
import type { populate, TestServer } from './server.ts'

type People = Awaited<ReturnType<typeof populate>>

/** ada as the owner of acme, about to administer it. */
export function administrationOf({ ada, acme }: People) {
  return administrationBy({ organization: acme, role: 'owner' }, ada, '127.0.0.1')
}

/** A service account of acme, made by ada. */
export function createAccount(
  { domain }: Pick<TestServer, 'domain'>,
  people: People,
  name = 'ci',
  scopes?: Scope[],
): Promise<ServiceAccount> {
  return domain.serviceAccounts.create(administrationOf(people), { name, description: '', scopes })
}

/** A token of an account of acme, for 30 days unless said otherwise. */
export function issueToken(
  { domain }: Pick<TestServer, 'domain'>,
  people: People,
  account: ServiceAccount,
  form: Partial<ApiTokenForm> = {},
): Promise<IssuedApiToken> {
  const expiry = { choice: '30', date: '' }
  return domain.apiTokenIssue.issue(administrationOf(people), account, {
    name: 'GitHub Actions',
    expiry,
    addresses: '',
    ...form,
  })
}
