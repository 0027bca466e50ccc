import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { parseSender, parseSmtpUrl } from './mail/smtp-url.ts'
import type { MailSettings } from './mail/smtp.ts'
import type { SignInProvider } from './domain/sign-in-provider.ts'
import { parseRedisAddress } from './storage/redis/address.ts'

/** Everything the environment decides, parsed once; nothing else reads it. */
export interface Config {
  /**
   * Origin under which people and clients reach the server, kept as a string without trailing slash: issuer and
   * resource are compared byte for byte (RFC 8414 §3.3, RFC 9728 §3.3), and `new URL(x).href` would add a slash.
   */
  publicUrl: string
  host: string
  port: number
  dataDir: string
  redisUrl: string | undefined
  /** How many replicas must have a write before it counts. */
  redisWaitReplicas: number
  /** Newest first. */
  secretKeys: readonly [string, ...string[]]
  clientMetadataDocuments: boolean
  /** Who makes organizations beside the first: every user, or only whoever runs the server. */
  organizationCreation: 'anyone' | 'operator'
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** Where each audit event also goes, for a log collector. */
  auditStream: 'off' | 'stdout'
  /** Peers whose X-Forwarded-For is believed. */
  trustedProxies: BlockList
  /** Absent: nothing is mailed, and links are shown instead. */
  mail: MailSettings | undefined
  /** Signs in people of every organization. Absent: they have passwords and passkeys. */
  signInProvider: SignInProvider | undefined
}

/** Wrong variables of the environment, all of them at once, each as one line for the operator. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]'])

const redisAddressHint =
  'must be redis://HOST:PORT, rediss://HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/MASTER or a comma list of redis:// nodes'

const smtpUrlHint =
  'must be smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ before HOST where the server asks for it; percent-encode both'
const senderHint = 'must be an address such as opentrace@example.com or OpenTrace <opentrace@example.com>'

const issuerHint =
  'must be the issuer exactly as the provider tells it: an https:// URL without query; http:// on loopback only'

const Environment = z.object({
  PUBLIC_URL: z.string().default('http://localhost:3000').transform(parsePublicUrl),
  HOST: z.string().min(1).optional(),
  PORT: z.coerce.number().int().min(0).max(65535).optional(),
  DATA_DIR: z.string().min(1).default('./data'),
  REDIS_URL: z.string().refine(isRedisAddress, { error: redisAddressHint }).optional(),
  REDIS_WAIT_REPLICAS: z.coerce.number().int().min(0).max(10).default(0),
  SECRET_KEY: z.string().optional().transform(parseSecretKeys),
  CLIENT_METADATA_DOCUMENTS: z.enum(['on', 'off']).default('on'),
  ORGANIZATION_CREATION: z.enum(['anyone', 'operator']).default('anyone'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  AUDIT_STREAM: z.enum(['off', 'stdout']).default('off'),
  TRUSTED_PROXIES: z.string().default('').transform(parseTrustedProxies),
  SMTP_URL: z.string().refine(parseSmtpUrl, { error: smtpUrlHint }).optional(),
  MAIL_FROM: z.string().refine(parseSender, { error: senderHint }).optional(),
  OIDC_ISSUER: z.string().refine(isIssuer, { error: issuerHint }).optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_NAME: z
    .string()
    .trim()
    .max(60, { error: 'must have at most 60 characters' })
    .default('single sign-on'),
  OIDC_SIGN_UP: z.enum(['on', 'off']).default('off'),
})

/**
 * Reads the environment. Empty variables count as absent, as compose files produce them.
 * @throws {ConfigError} naming every variable that is wrong, not just the first
 */
export function parseConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()))
  const parsed = Environment.safeParse(given)
  const problems = (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`)
  if (given['SECRET_KEY'] === undefined && !isLaptop(given)) problems.push(missingSecretKey)
  problems.push(...missingOfProvider(given))
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  const env = parsed.data
  const url = new URL(env.PUBLIC_URL)
  const loopback = loopbackHosts.has(url.hostname)
  const dataDir = resolve(env.DATA_DIR)
  return {
    publicUrl: env.PUBLIC_URL,
    // A laptop's server is nobody else's business; clients of `localhost` try both families, so one is enough.
    host: env.HOST ?? (!loopback ? '0.0.0.0' : url.hostname === '[::1]' ? '::1' : '127.0.0.1'),
    port: env.PORT ?? (Number(url.port) || (loopback ? 80 : 3000)),
    dataDir,
    redisUrl: env.REDIS_URL,
    redisWaitReplicas: env.REDIS_WAIT_REPLICAS,
    secretKeys: env.SECRET_KEY ?? [keptSecretKey(dataDir)],
    clientMetadataDocuments: env.CLIENT_METADATA_DOCUMENTS === 'on',
    organizationCreation: env.ORGANIZATION_CREATION,
    logLevel: env.LOG_LEVEL,
    auditStream: env.AUDIT_STREAM,
    trustedProxies: env.TRUSTED_PROXIES,
    mail: env.SMTP_URL === undefined ? undefined : { url: env.SMTP_URL, from: env.MAIL_FROM ?? sender(url) },
    signInProvider: signInProviderOf(env),
  }
}

function signInProviderOf(env: z.infer<typeof Environment>): SignInProvider | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = env
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) return undefined
  const makesAccounts = env.OIDC_SIGN_UP === 'on'
  return { name: env.OIDC_NAME, issuer, clientId, clientSecret, makesAccounts, organization: undefined }
}

/** Asked of the raw variables, so that it is said beside other faults. */
function missingOfProvider(given: Record<string, string | undefined>): string[] {
  const needed = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET']
  const missing = needed.filter((name) => given[name] === undefined)
  if (missing.length === needed.length) return []
  return missing.map((name) => `${name} is missing: sign-in through a provider needs ${needed.join(', ')}`)
}

function isIssuer(value: string): boolean {
  const url = URL.parse(value)
  const isAllowed =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && loopbackHosts.has(url.hostname))
  return isAllowed && url.search === '' && url.hash === '' && url.username === ''
}

/** At the name people know the server by; where that is only an address, mail is for trying out. */
function sender({ hostname }: URL): string {
  return `OpenTrace <opentrace@${loopbackHosts.has(hostname) ? 'localhost' : hostname}>`
}

const missingSecretKey =
  'SECRET_KEY is required where PUBLIC_URL is not loopback or REDIS_URL is set: every process needs the same. Make one with: openssl rand -base64 32'

/** One process for its own machine may make its own key; asked of the raw variables, so that it is said beside other faults. */
function isLaptop(given: Record<string, string | undefined>): boolean {
  const url = URL.parse(given['PUBLIC_URL'] ?? 'http://localhost')
  return given['REDIS_URL'] === undefined && url !== null && loopbackHosts.has(url.hostname)
}

function isRedisAddress(url: string): boolean {
  try {
    parseRedisAddress(url)
    return true
  } catch {
    return false
  }
}

function parsePublicUrl(value: string, context: z.RefinementCtx): string {
  const url = URL.parse(value)
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  if (!url || !['http:', 'https:'].includes(url.protocol)) return refuse('must be an https:// URL')
  if (url.origin !== value.replace(/\/$/, '')) {
    return refuse(`must be an origin without path, query or default port, such as ${url.origin}`)
  }
  // RFC 6749 §3.1 and MCP 2026-07-28, Authorization: every endpoint is served over TLS; loopback is the exception.
  if (url.protocol === 'http:' && !loopbackHosts.has(url.hostname)) {
    return refuse('must start with https:// unless its host is localhost, 127.0.0.1 or [::1]')
  }
  return url.origin
}

function parseSecretKeys(
  value: string | undefined,
  context: z.RefinementCtx,
): [string, ...string[]] | undefined {
  if (value === undefined) return undefined
  const [newest, ...older] = value.split(',').map((key) => key.trim())
  if (newest === undefined || [newest, ...older].some((key) => key.length < 32 || new Set(key).size < 10)) {
    context.addIssue({
      code: 'custom',
      message: 'needs at least 32 random characters in each key. Make one with: openssl rand -base64 32',
    })
    return z.NEVER
  }
  return [newest, ...older]
}

function parseTrustedProxies(value: string, context: z.RefinementCtx): BlockList {
  const proxies = new BlockList()
  for (const entry of value.split(',').map((part) => part.trim())) {
    if (entry === '') continue
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const bits = prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix)
    if (isIP(address) === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 'ipv6' ? 128 : 32)) {
      context.addIssue({ code: 'custom', message: `has ${entry}, which is no address or CIDR block` })
      return z.NEVER
    }
    proxies.addSubnet(address, bits, family)
  }
  return proxies
}

/** On a laptop the key is made once and kept beside the store; exclusive creation lets two first starts agree on one. */
function keptSecretKey(dataDir: string): string {
  const file = join(dataDir, 'secret-key')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(file, 'utf8').trim()
}
