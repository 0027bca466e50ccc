import { z } from 'zod'
import { Conflict, type Documents, type StoredDocument } from '../storage/contract.ts'
import type { Administration } from './administration.ts'
import type { AuditEvent, AuditLog } from './audit-log.ts'
import { type CiIdentity, type CiProvider, ciProviders } from './ci-identity.ts'
import { DomainError } from './errors.ts'
import { newId } from './identifiers.ts'
import { hasPublicHost } from './public-host.ts'
import type { ServiceAccount } from './service-accounts.ts'

/** Which CI jobs may act as a service account. What is absent restricts nothing. */
export interface TrustRule {
  id: string
  organizationId: string
  serviceAccountId: string
  provider: CiProvider
  issuer: string
  repository: string
  /** Of the repository or project; its name can be taken over, its id cannot. */
  repositoryId?: string | undefined
  /** With `*` at the end: every ref that begins so. */
  ref?: string | undefined
  environment?: string | undefined
  /** Absent: this server's origin. */
  audience?: string | undefined
  createdAt: number
}

/** A rule with the last time a job was trusted by it, if there was one. */
export interface TrustRuleView extends TrustRule {
  lastUsedAt: number | undefined
}

/** Who issues the identity tokens of most. */
export const publicIssuers: Record<CiProvider, string> = {
  github: 'https://token.actions.githubusercontent.com',
  gitlab: 'https://gitlab.com',
}

const optional = (pattern: RegExp, message: string) =>
  z
    .string()
    .trim()
    .max(250, 'This is too long.')
    .refine((text) => text === '' || pattern.test(text), message)
    .transform((text) => (text === '' ? undefined : text))

/** What the form of a rule holds, as it was typed. */
export const TrustRuleForm = z
  .object({
    provider: z.enum(ciProviders),
    issuer: z.string().trim().max(250, 'An issuer has at most 250 characters.'),
    repository: z
      .string()
      .trim()
      .max(250, 'This is too long.')
      .regex(/^[\w.-]+(?:\/[\w.-]+)+$/, 'Enter the whole name, such as acme/shop.'),
    repositoryId: optional(/^\d{1,20}$/, 'The id is a number.'),
    ref: optional(/^[^\s*]+\*?$/, 'Enter one branch, or its beginning and one * at the end.').transform(
      refOf,
    ),
    environment: optional(/^[^*]+$/, 'Enter one environment.'),
    audience: optional(/^[\u0021-\u007e]+$/, 'An audience has no spaces.'),
  })
  .transform((form) => ({ ...form, issuer: form.issuer || publicIssuers[form.provider] }))
  .refine(({ issuer }) => isIssuer(issuer), {
    path: ['issuer'],
    error: 'Enter the issuer exactly as its tokens name it: an https:// address on the public internet.',
  })
export type TrustRuleForm = z.infer<typeof TrustRuleForm>

const mostRules = 20

export type TrustRules = ReturnType<typeof createTrustRules>

/** The rules by which service accounts trust CI jobs; administrators make and remove them. */
export function createTrustRules({
  documents,
  auditLog,
  now,
}: {
  documents: Documents
  auditLog: AuditLog
  now: () => number
}) {
  /** Of an account, oldest first. */
  async function list(serviceAccountId: string): Promise<TrustRuleView[]> {
    return (await listDocuments(serviceAccountId)).map(present)
  }

  async function listDocuments(serviceAccountId: string): Promise<StoredDocument[]> {
    return (await documents.list('trust-rule', 'account', serviceAccountId, { limit: mostRules })).items
  }

  async function find(id: string): Promise<TrustRule | undefined> {
    const document = await documents.get('trust-rule', id)
    return document && present(document)
  }

  /** @throws {DomainError} `conflict` when the account has too many */
  async function add(by: Administration, account: ServiceAccount, form: TrustRuleForm): Promise<TrustRule> {
    if ((await list(account.id)).length >= mostRules) {
      throw new DomainError('conflict', `A service account has at most ${mostRules} rules.`)
    }
    const { id: serviceAccountId, organizationId } = account
    const rule: TrustRule = { id: newId(now()), organizationId, serviceAccountId, ...form, createdAt: now() }
    const indexes = { account: serviceAccountId, organization: organizationId }
    await documents.commit([{ op: 'put', kind: 'trust-rule', id: rule.id, version: 0, data: rule, indexes }])
    await record(by, { type: 'trust_rule.added', ...subjectOf(rule) })
    return rule
  }

  /** Removes a rule of an account; what was issued under it ends with it. @throws {DomainError} `not_found` */
  async function remove(by: Administration, account: ServiceAccount, id: string): Promise<void> {
    const document = await documents.get('trust-rule', id)
    if (!document || (document.data as TrustRule).serviceAccountId !== account.id) {
      throw new DomainError('not_found', 'There is no such rule, or not any more.')
    }
    const { data, version } = document
    try {
      await documents.commit([{ op: 'delete', kind: 'trust-rule', id, version }])
    } catch (error) {
      // Rules never change, so somebody else has removed it.
      if (error instanceof Conflict) return
      throw error
    }
    await record(by, { type: 'trust_rule.removed', ...subjectOf(data as TrustRule) })
  }

  /** Deletes the rules of an account that was deleted. */
  async function removeAll(serviceAccountId: string): Promise<void> {
    for (const { id, version } of await listDocuments(serviceAccountId)) {
      await documents.commit([{ op: 'delete', kind: 'trust-rule', id, version }]).catch((error: unknown) => {
        if (!(error instanceof Conflict)) throw error
      })
    }
  }

  async function noteUse(id: string): Promise<void> {
    await documents.touch('trust-rule', id, { lastUsedAt: now() })
  }

  async function record({ organization, actor, address }: Administration, event: AuditEvent): Promise<void> {
    await auditLog.append(organization.id, { ...event, actor, address })
  }

  return { list, find, add, remove, removeAll, noteUse }
}

/** Whether a rule trusts an identity, but for the audience of its token. */
export function trusts(rule: TrustRule, identity: CiIdentity): boolean {
  return (
    rule.repository === identity.repository &&
    (rule.repositoryId === undefined || rule.repositoryId === identity.repositoryId) &&
    (rule.ref === undefined || matchesRef(rule.ref, identity.ref)) &&
    (rule.environment === undefined || rule.environment === identity.environment)
  )
}

function matchesRef(wanted: string, ref: string | undefined): boolean {
  if (ref === undefined) return false
  return wanted.endsWith('*') ? ref.startsWith(wanted.slice(0, -1)) : ref === wanted
}

/** A branch by its name; anything else, such as a tag, in full. */
function refOf(typed: string | undefined): string | undefined {
  return typed === undefined || typed.startsWith('refs/') ? typed : `refs/heads/${typed}`
}

function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    url.protocol === 'https:' &&
    hasPublicHost(url) &&
    url.username === '' &&
    url.search === '' &&
    url.hash === ''
  )
}

function subjectOf({ id, serviceAccountId, issuer, repository, ref, environment }: TrustRule) {
  return { trustRuleId: id, serviceAccountId, issuer, repository, ref, environment }
}

function present({ data, touched }: StoredDocument): TrustRuleView {
  const { lastUsedAt } = touched
  return { ...(data as TrustRule), lastUsedAt: typeof lastUsedAt === 'number' ? lastUsedAt : undefined }
}
