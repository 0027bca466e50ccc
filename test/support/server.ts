import { lookup } from 'node:dns'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { createTraceIngest } from '../../src/architecture/ingestion/trace-ingest.ts'
import { createApp } from '../../src/app.ts'
import { createHttpServer } from '../../src/cli/serve.ts'
import { parseConfig } from '../../src/config.ts'
import { createDomain, type Domain } from '../../src/domain/domain.ts'
import type { Mailer } from '../../src/domain/mail.ts'
import type { User } from '../../src/domain/users.ts'
import { createSmtpMailer } from '../../src/mail/smtp.ts'
import type { ServerFactory } from '../../src/mcp/session-calls.ts'
import type { DocumentChange, Store } from '../../src/storage/contract.ts'
import { createRedisStore } from '../../src/storage/redis/store.ts'
import { createPublicFetch, type ProviderFetch } from '../../src/upstream/public-fetch.ts'
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'

/** A real server on a free port, in this process. */
export interface TestServer {
  origin: string
  mcpUrl: string
  port: number
  store: Store
  domain: Domain
  /** Everything it logged, as lines. */
  log: string[]
  stop: () => Promise<void>
}

export interface TestServerOptions {
  /** Absent: an embedded store, in `DATA_DIR` of the environment or else in memory. */
  redisUrl?: string | undefined
  /** In place of one of its own. */
  store?: Store
  environment?: Record<string, string>
  /** Absent: a free one. */
  port?: number
  fetch?: typeof globalThis.fetch
  /** Absent: through SMTP_URL of `environment`, if any. */
  mailer?: Mailer
  mcpServerFor?: ServerFactory
  /** Absent: as outside of tests. */
  publicFetch?: ProviderFetch
  /** Answers in place of DNS. */
  resolveTxt?: (name: string) => Promise<string[][]>
  now?: () => number
  /** How often traces that are due are written, in milliseconds. */
  lookEvery?: number
}

export const password = 'correct horse battery staple'
/** Of {@link password}, with the least work argon2id knows: the tests sign in hundreds of times. */
const passwordHash =
  '$argon2id$v=19$m=8,t=1,p=1$z986EhMfh0YCOkqv7a0ZRA$fZ5JnhlBc2g62ReqKV1X2hKN1PkehyZ7PM6G2DhcE0c'

/** Starts the whole application as `serve` does, without a process of its own. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const port = options.port ?? (await freePort())
  const config = parseConfig({
    PUBLIC_URL: `http://localhost:${port}`,
    SECRET_KEY: 'a-test-key-of-more-than-thirty-two-characters',
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
    ...options.environment,
  })
  const now = options.now ?? Date.now
  const file =
    options.environment?.['DATA_DIR'] === undefined ? ':memory:' : join(config.dataDir, 'opentrace.db')
  const store =
    options.store ??
    (config.redisUrl === undefined
      ? await createSqliteStore({ file, now })
      : await createRedisStore({ url: config.redisUrl, now }))
  const domain = createDomain({ store, now })
  const log: string[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) })
  const traceIngest = createTraceIngest({
    architecture: createArchitecture({ blobs: store.blobs, now }),
    logs: store.logs,
    onDelay: (err) => logger.warn({ err }, 'traces not written yet'),
    ...(options.lookEvery === undefined ? {} : { lookEvery: options.lookEvery }),
    now,
  })
  const app = await createApp({
    config,
    store,
    domain,
    logger,
    readiness: { draining: false },
    fetch: options.fetch ?? globalThis.fetch,
    mailer: options.mailer ?? createSmtpMailer(config.mail),
    traceIngest,
    ...(options.mcpServerFor === undefined ? {} : { mcpServerFor: options.mcpServerFor }),
    publicFetch: options.publicFetch ?? createPublicFetch({ lookup }),
    resolveTxt: options.resolveTxt ?? (() => Promise.reject(new Error('no network'))),
    now,
  })
  const server = createHttpServer(app)
  await new Promise<void>((resolve) => {
    server.listen({ host: config.host, port }, resolve)
  })
  return {
    origin: config.publicUrl,
    mcpUrl: `${config.publicUrl}/mcp/v1`,
    port,
    store,
    domain,
    log,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
      await traceIngest.stop()
      await domain.auditLog.flush()
      await store.close()
    },
  }
}

/** A port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return port
}

/** Somebody who signs in with {@link password}, and the change that makes them. */
export function prepareUser({ users }: Pick<Domain, 'users'>, person: { email: string; name: string }) {
  const { user } = users.prepareWithoutPassword(person)
  user.passwordHash = passwordHash
  return { user, change: recordOf(user) }
}

/** Two people in two organizations: ada owns acme and is a member of globex, bob owns globex, mel is a member of acme. */
export async function populate({ store, domain }: Pick<TestServer, 'store' | 'domain'>) {
  const ada = prepareUser(domain, { email: 'ada@example.com', name: 'Ada Lovelace' })
  const bob = prepareUser(domain, { email: 'bob@example.com', name: 'Bob' })
  const mel = prepareUser(domain, { email: 'mel@example.com', name: 'Mel' })
  const acme = domain.organizations.prepare({ name: 'Acme', slug: 'acme' })
  const globex = domain.organizations.prepare({ name: 'Globex', slug: 'globex' })
  await store.documents.commit([
    // What the first run leaves, without the work of a real hash.
    { op: 'put', kind: 'installation', id: 'first-run', version: 0, data: { at: Date.now() } },
    ...[ada, bob, mel, acme, globex].map(({ change }) => change),
    domain.members.prepare(acme.organization.id, ada.user.id, 'owner'),
    domain.members.prepare(acme.organization.id, mel.user.id, 'member'),
    domain.members.prepare(globex.organization.id, bob.user.id, 'owner'),
    domain.members.prepare(globex.organization.id, ada.user.id, 'member'),
  ])
  return {
    ada: ada.user,
    bob: bob.user,
    mel: mel.user,
    acme: acme.organization,
    globex: globex.organization,
  }
}

function recordOf(user: User): DocumentChange {
  return { op: 'put', kind: 'user', id: user.id, version: 0, data: user, unique: { email: user.email } }
}
