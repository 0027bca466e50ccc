import type { Artifacts, Limiter } from '../storage/contract.ts'
import type { AuditEvent, AuditLog } from './audit-log.ts'
import { type CiIdentity, parseCiIdentity } from './ci-identity.ts'
import { DomainError } from './errors.ts'
import type { JobToken, JobTokens } from './job-tokens.ts'
import type { Organization, Organizations } from './organizations.ts'
import { describeDisabling, type ServiceAccount, type ServiceAccounts } from './service-accounts.ts'
import { type TrustRule, type TrustRules, trusts } from './trust-rules.ts'

/** An identity token that its issuer signed and that is valid now. */
export interface VerifiedIdentityToken {
  issuer: string
  audiences: readonly string[]
  claims: Record<string, unknown>
  /** The same for every copy of one token, and for no two tokens of one issuer. */
  uniqueId: string
  /** Epoch milliseconds from which on it is refused. */
  expiresAt: number
}

/**
 * Checks a token's signature and times.
 * @param trusted no other issuer is ever asked for its keys
 * @throws {DomainError} `invalid_credentials`, or `forbidden` for another issuer
 */
export type VerifyIdentityToken = (
  token: string,
  trusted: ReadonlySet<string>,
) => Promise<VerifiedIdentityToken>

export interface ExchangeRequest {
  identityToken: string
  serviceAccountId: string
  /** Where the job wants to go. */
  resource: { identifier: string; slug: string | undefined }
  address: string
}

export interface IdentityExchangeDeps {
  /** What is expected as the audience where a rule does not say. */
  publicUrl: string
  artifacts: Artifacts
  limiter: Limiter
  organizations: Organizations
  serviceAccounts: ServiceAccounts
  trustRules: TrustRules
  jobTokens: JobTokens
  auditLog: AuditLog
  verify: VerifyIdentityToken
  now: () => number
}

/** A CI system may repeat a request whose answer was lost. */
const retrySeconds = 60
/** Anybody who knows the id of an account can be refused; the log tells of so many. */
const toldRefusals = { limit: 60, windowSeconds: 60 * 60 }

export type IdentityExchange = ReturnType<typeof createIdentityExchange>

/** Turns the identity token of a CI job into a short-lived access token of a service account that trusts it. */
export function createIdentityExchange(deps: IdentityExchangeDeps) {
  const { publicUrl, artifacts, limiter, organizations, serviceAccounts, trustRules, jobTokens } = deps
  const { auditLog, verify } = deps

  /**
   * @throws {DomainError} in words for whoever set up the job; of an account that does not exist, or whose organization
   *   is gone, no more is said than of any other
   */
  async function exchange(request: ExchangeRequest): Promise<{ token: JobToken; secret: string }> {
    const account = await serviceAccounts.find(request.serviceAccountId)
    const organization = account && (await organizations.find(account.organizationId))
    if (!account || !organization || organization.deletion) {
      throw new DomainError('forbidden', 'There is no such service account, or not any more.')
    }
    const attempt: Attempt = { account, organization }
    try {
      return await exchangeFor(attempt, request)
    } catch (error) {
      if (error instanceof DomainError) await recordRefusal(attempt, error, request.address)
      throw error
    }
  }

  async function exchangeFor(attempt: Attempt, { identityToken, resource, address }: ExchangeRequest) {
    const { account, organization } = attempt
    const rules = await trustRules.list(account.id)
    const verified = await verify(identityToken, new Set(rules.map(({ issuer }) => issuer)))
    const { rule, identity } = requireTrust(attempt, rules, verified)
    // What is said from here on is for whoever is trusted.
    if (account.disabled) throw new DomainError('forbidden', describeDisabling(account, organization.name))
    await requireServed(organization, resource)
    await spend(verified)
    const issued = await jobTokens.issue({
      organizationId: organization.id,
      serviceAccountId: account.id,
      trustRuleId: rule.id,
      name: describeIdentity(identity),
      scopes: account.scopes,
      resource: resource.identifier,
    })
    await trustRules.noteUse(rule.id)
    await auditLog.append(organization.id, {
      type: 'identity_token.exchanged',
      ...subjectOf(attempt),
      trustRuleId: rule.id,
      jobTokenId: issued.token.id,
      actor: { kind: 'service_account', id: account.id },
      address,
    })
    return issued
  }

  /** The rule that trusts an identity. Whoever it is goes into the attempt, now that it is known. */
  function requireTrust(attempt: Attempt, rules: readonly TrustRule[], verified: VerifiedIdentityToken) {
    const ofIssuer = rules.filter(({ issuer }) => issuer === verified.issuer)
    let expected: string | undefined
    for (const rule of ofIssuer) {
      const identity = parseCiIdentity(rule.provider, verified.claims)
      if (!identity) continue
      attempt.identity = { issuer: verified.issuer, ...identity }
      if (!trusts(rule, identity)) continue
      expected = rule.audience ?? publicUrl
      if (verified.audiences.includes(expected)) return { rule, identity }
    }
    const told = attempt.identity
    if (!told) {
      throw new DomainError('forbidden', 'This identity token does not say which repository it is of.')
    }
    throw new DomainError(
      'forbidden',
      expected === undefined
        ? `No rule of this service account trusts ${describeIdentity(told)}.`
        : `This identity token is for the audience ${textOf(verified.audiences.join(', '))}; request one for ${expected}.`,
    )
  }

  /**
   * An identity token counts once, so that one found in a log is worth nothing.
   * @throws {DomainError} `forbidden`
   */
  async function spend({ issuer, uniqueId, expiresAt }: VerifiedIdentityToken): Promise<void> {
    const id = `${issuer} ${uniqueId}`
    await artifacts.put({ model: 'IdentityToken', id, payload: {}, expiresAt })
    const use = await artifacts.consume('IdentityToken', id, { graceSeconds: retrySeconds })
    if (use !== 'first' && use !== 'grace') {
      throw new DomainError('forbidden', 'This identity token was exchanged already. Request another one.')
    }
  }

  /** @throws {DomainError} `forbidden` for the address of another organization, whether that exists or not */
  async function requireServed({ id, slug }: Organization, resource: ExchangeRequest['resource']) {
    if (resource.slug === undefined || resource.slug === slug) return
    if ((await organizations.findBySlug(resource.slug))?.id === id) return
    throw new DomainError('forbidden', 'This service account is of another organization than the resource.')
  }

  async function recordRefusal(attempt: Attempt, { message }: DomainError, address: string): Promise<void> {
    const { account, organization } = attempt
    const { allowed } = await limiter.hit(`identity-refused:${account.id}`, toldRefusals)
    if (!allowed) return
    await auditLog.append(organization.id, {
      type: 'identity_token.refused',
      ...subjectOf(attempt),
      reason: message,
      actor: { kind: 'unknown' },
      address,
    })
  }

  return { exchange }
}

/** An exchange under way, with what has been proved of whoever asks. */
interface Attempt {
  account: ServiceAccount
  organization: Organization
  identity?: CiIdentity & { issuer: string }
}

type Subject = Pick<
  Extract<AuditEvent, { type: 'identity_token.refused' }>,
  'serviceAccountId' | 'issuer' | 'repository' | 'ref' | 'environment'
>

function subjectOf({ account, identity }: Attempt): Subject {
  const { issuer, repository, ref, environment } = identity ?? {}
  return {
    serviceAccountId: account.id,
    issuer,
    repository: repository && textOf(repository),
    ref: ref && textOf(ref),
    environment: environment && textOf(environment),
  }
}

/** Such as "acme/shop on refs/heads/main in production". */
function describeIdentity({ repository, ref, environment }: CiIdentity): string {
  const on = ref === undefined ? 'for a pull or merge request' : `on ${textOf(ref)}`
  const where = environment === undefined ? '' : ` in ${textOf(environment)}`
  return `${textOf(repository)} ${on}${where}`
}

/** A claim as error descriptions may hold it (RFC 6749 §5.2), and not longer than people read. */
function textOf(claim: string): string {
  return claim.slice(0, 120).replaceAll(/[^\u0020-\u0021\u0023-\u005b\u005d-\u007e]/g, '?')
}
