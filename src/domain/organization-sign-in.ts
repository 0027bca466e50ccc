import { z } from 'zod'
import { Conflict, type Documents } from '../storage/contract.ts'
import type { AuditLog, AuditEvent } from './audit-log.ts'
import { DomainError } from './errors.ts'
import { newSecret } from './identifiers.ts'
import type { ActingUser, Membership } from './members.ts'
import type { Organizations } from './organizations.ts'
import { hasPublicHost } from './public-host.ts'
import type { Secrets } from './secrets.ts'
import type { SignInProvider } from './sign-in-provider.ts'

/** How members of an organization with an address of its mail domain sign in. */
export interface OrganizationSignIn {
  organizationId: string
  domain: string
  /** What the TXT record of the domain must say; no secret. */
  proof: string
  verifiedAt?: number | undefined
  connection?: SignInConnection | undefined
}

/** A provider as an owner has described it. */
export interface SignInConnection {
  name: string
  issuer: string
  clientId: string
  /** AES-256-GCM under SECRET_KEY. */
  sealedClientSecret: string
  makesAccounts: boolean
  /** Members reach the organization through this provider only; owners always get in, or nobody could repair it. */
  isRequired: boolean
}

/** What an owner types to connect a provider. An empty secret keeps the one there is. */
export const NewSignInConnection = z.object({
  name: z.string().trim().min(1, 'Enter a name for the button.').max(60, 'Use at most 60 characters.'),
  issuer: z
    .string()
    .trim()
    .max(500, 'Use at most 500 characters.')
    .refine(isPublicIssuer, 'Enter the issuer as the provider tells it: an https:// URL of a public host.'),
  clientId: z.string().trim().min(1, 'Enter the client id.').max(500, 'Use at most 500 characters.'),
  clientSecret: z.string().trim().max(1000, 'Use at most 1000 characters.'),
  makesAccounts: z.boolean(),
  isRequired: z.boolean(),
})
export type NewSignInConnection = z.infer<typeof NewSignInConnection>

const MailDomain = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/)

export interface OrganizationSignInsDeps {
  documents: Documents
  organizations: Organizations
  auditLog: AuditLog
  secrets: Secrets
  /** The TXT records of a name, each in parts, as `node:dns` gives them. */
  resolveTxt: (name: string) => Promise<string[][]>
  now: () => number
}

export type OrganizationSignIns = ReturnType<typeof createOrganizationSignIns>

const secretPurpose = 'sign-in-provider'

/** The sign-in providers of organizations. A provider counts once its domain is proved; a domain has one organization. */
export function createOrganizationSignIns(deps: OrganizationSignInsDeps) {
  const { documents, organizations, auditLog, secrets, resolveTxt, now } = deps

  async function read(
    organizationId: string,
  ): Promise<{ version: number; record: OrganizationSignIn | undefined }> {
    const document = await documents.get('sign-in-provider', organizationId)
    return { version: document?.version ?? 0, record: document && (document.data as OrganizationSignIn) }
  }

  /** @throws {DomainError} `conflict` when another organization has the domain, or the settings changed meanwhile */
  async function save(record: OrganizationSignIn, version: number): Promise<void> {
    // Only a proved domain is taken: claiming one would otherwise keep its owner out.
    const unique = record.verifiedAt === undefined ? {} : { domain: record.domain }
    try {
      await documents.commit([
        { op: 'put', kind: 'sign-in-provider', id: record.organizationId, version, data: record, unique },
      ])
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      const message =
        error.reason === 'unique'
          ? `Another organization here already signs in with ${record.domain}. Ask whoever runs this server.`
          : 'Somebody changed these settings meanwhile. Look at them again.'
      throw new DomainError('conflict', message, { field: 'domain', cause: error })
    }
  }

  async function tell(membership: Membership, by: ActingUser, event: AuditEvent): Promise<void> {
    const actor = { kind: 'user', id: by.id } as const
    await auditLog.append(membership.organization.id, { ...event, actor, address: by.address })
  }

  async function find(membership: Membership): Promise<OrganizationSignIn | undefined> {
    requireOwner(membership)
    return (await read(membership.organization.id)).record
  }

  /** Names the mail domain, to be proved; another one than before makes the provider wait for its proof. */
  async function setDomain(membership: Membership, typed: string, by: ActingUser): Promise<void> {
    requireOwner(membership)
    const domain = MailDomain.safeParse(typed)
    if (!domain.success) {
      throw new DomainError('invalid_input', 'Enter a mail domain such as acme.com.', { field: 'domain' })
    }
    const { record, version } = await read(membership.organization.id)
    if (record?.domain === domain.data) return
    const proof = `opentrace-verification=${newSecret()}`
    await save(
      {
        organizationId: membership.organization.id,
        domain: domain.data,
        proof,
        connection: record?.connection,
      },
      version,
    )
    await tell(membership, by, { type: 'sign_in_provider.changed', domain: domain.data })
  }

  /** @throws {DomainError} `invalid_input` until the TXT record is found */
  async function verifyDomain(membership: Membership, by: ActingUser): Promise<void> {
    requireOwner(membership)
    const { record, version } = await read(membership.organization.id)
    if (!record || record.verifiedAt !== undefined) return
    if (!(await publishes(record))) {
      throw new DomainError(
        'invalid_input',
        `The TXT record is not there yet at ${proofName(record.domain)}. A new record can take an hour to be seen everywhere.`,
        { field: 'domain' },
      )
    }
    await save({ ...record, verifiedAt: now() }, version)
    await tell(membership, by, { type: 'domain.verified', domain: record.domain })
  }

  async function publishes({ domain, proof }: OrganizationSignIn): Promise<boolean> {
    try {
      const records = await resolveTxt(proofName(domain))
      return records.some((parts) => parts.join('') === proof)
    } catch (error) {
      // No such name, no such record, no answer: for whoever waits for it all are the same.
      if (error instanceof Error && 'code' in error) return false
      throw error
    }
  }

  /** @throws {DomainError} `conflict` before a domain is named, `invalid_input` without a secret at the first time */
  async function connect(
    membership: Membership,
    { clientSecret, ...input }: NewSignInConnection,
    by: ActingUser,
  ): Promise<void> {
    requireOwner(membership)
    const { record, version } = await read(membership.organization.id)
    if (!record) throw new DomainError('conflict', 'Name the mail domain first.', { field: 'domain' })
    const kept = record.connection
    // A secret is for the issuer it was made by: kept for another, it would be sent to whom an owner names.
    const keeps = clientSecret === '' && kept?.issuer === input.issuer && kept.clientId === input.clientId
    const sealedClientSecret = keeps ? kept.sealedClientSecret : secrets.encrypt(secretPurpose, clientSecret)
    if (!keeps && clientSecret === '') {
      throw new DomainError('invalid_input', 'Enter the client secret.', { field: 'clientSecret' })
    }
    await save({ ...record, connection: { ...input, sealedClientSecret } }, version)
    await tell(membership, by, {
      type: 'sign_in_provider.changed',
      domain: record.domain,
      issuer: input.issuer,
      makesAccounts: input.makesAccounts,
      isRequired: input.isRequired,
    })
  }

  /** Forgets domain and provider: whoever signed in through it only needs another way. */
  async function remove(membership: Membership, by: ActingUser): Promise<void> {
    requireOwner(membership)
    const { record, version } = await read(membership.organization.id)
    if (!record) return
    await documents.commit([{ op: 'delete', kind: 'sign-in-provider', id: record.organizationId, version }])
    await tell(membership, by, { type: 'sign_in_provider.removed', domain: record.domain })
  }

  /** The provider that signs in addresses of a domain. */
  async function findByDomain(domain: string): Promise<SignInProvider | undefined> {
    const document = await documents.findUnique('sign-in-provider', 'domain', domain)
    return document && present(document.data as OrganizationSignIn)
  }

  /** The provider of an organization, once its domain is proved. */
  async function findFor(organizationId: string): Promise<SignInProvider | undefined> {
    const { record } = await read(organizationId)
    return record && present(record)
  }

  async function present(record: OrganizationSignIn): Promise<SignInProvider | undefined> {
    const { connection, domain, organizationId, verifiedAt } = record
    const organization = await organizations.find(organizationId)
    if (!connection || verifiedAt === undefined || !organization || organization.deletion) return undefined
    const secret = secrets.decrypt(secretPurpose, connection.sealedClientSecret)
    if (!secret) throw new Error('no SECRET_KEY opens the client secret of a sign-in provider')
    return {
      name: connection.name,
      issuer: connection.issuer,
      clientId: connection.clientId,
      clientSecret: secret.plaintext,
      makesAccounts: connection.makesAccounts,
      organization: { id: organizationId, name: organization.name, domain },
    }
  }

  /** The provider that this member must come through; owners must not, or nobody could repair it. */
  async function findRequired({ organization, role }: Membership): Promise<SignInProvider | undefined> {
    if (role === 'owner') return undefined
    const { record } = await read(organization.id)
    return record?.connection?.isRequired ? present(record) : undefined
  }

  return { find, setDomain, verifyDomain, connect, remove, findByDomain, findFor, findRequired }
}

/** The name of the TXT record that proves a mail domain. */
export function proofName(domain: string): string {
  return `_opentrace.${domain}`
}

function requireOwner({ role }: Membership): void {
  if (role !== 'owner') throw new DomainError('forbidden', 'Only owners change how an organization signs in.')
}

function isPublicIssuer(value: string): boolean {
  const url = URL.parse(value)
  return (
    url?.protocol === 'https:' &&
    url.username === '' &&
    url.search === '' &&
    url.hash === '' &&
    hasPublicHost(url)
  )
}
