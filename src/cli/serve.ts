import { lookup } from 'node:dns'
import { resolveTxt } from 'node:dns/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type Koa from 'koa'
import { createArchitecture } from '../architecture/architecture.ts'
import { createTraceIngest } from '../architecture/ingestion/trace-ingest.ts'
import { createApp } from '../app.ts'
import { type Config, ConfigError } from '../config.ts'
import { createDomain } from '../domain/domain.ts'
import type { FirstRun } from '../domain/first-run.ts'
import { createTokenMails } from '../domain/token-mails.ts'
import type { Readiness } from '../http/health.ts'
import type { RequestState } from '../http/request-context.ts'
import { createSmtpMailer } from '../mail/smtp.ts'
import { openStore } from '../storage/open.ts'
import { createAuditOutlet } from './audit-outlet.ts'
import { createPublicFetch } from '../upstream/public-fetch.ts'
import { startHousekeeping } from './housekeeping.ts'
import { createLogger } from './logger.ts'

/** Balancers ask `/readyz` every few seconds; until they did, requests still arrive and are served. */
const drainMilliseconds = 3_000
/** Whatever is still open then is cut, so that a stop takes under 30 s. */
const stopMilliseconds = 25_000

/** Runs the server until SIGTERM or SIGINT. */
export async function serve(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel)
  const store = await openStore({ ...config, logger })
  // As errors, because every log level but `fatal` and `silent` shows those: data is at stake.
  for (const warning of await store.warnings()) logger.error(warning)
  const domain = createDomain({ store, now: Date.now, auditOutlet: createAuditOutlet(config, logger) })
  const mailer = createSmtpMailer(config.mail)
  const traceIngest = createTraceIngest({
    architecture: createArchitecture({ blobs: store.blobs, now: Date.now }),
    logs: store.logs,
    onDelay: (err) => logger.warn({ err }, 'traces not written yet'),
    now: Date.now,
  })
  const readiness: Readiness = { draining: false }
  const app = await createApp({
    config,
    store,
    domain,
    logger,
    readiness,
    fetch: globalThis.fetch,
    mailer,
    traceIngest,
    publicFetch: createPublicFetch({ lookup }),
    resolveTxt,
    now: Date.now,
  })
  const server = createHttpServer(app)
  await listen(server, config)
  const { port } = server.address() as AddressInfo
  logger.info(
    { port, url: config.publicUrl, store: config.redisUrl === undefined ? 'sqlite' : 'redis' },
    'listening',
  )
  await printFirstSteps(config, domain.firstRun)
  const tokenMails = createTokenMails({ ...domain, mailer, publicUrl: config.publicUrl, now: Date.now })
  const stopHousekeeping = startHousekeeping({ ...domain, tokenMails, store, logger, now: Date.now })

  process.on('unhandledRejection', (error) => {
    // A defect nobody answers for: better a fresh process than one in an unknown state.
    logger.fatal({ err: error }, 'unhandled rejection')
    process.exit(1)
  })
  const signal = await nextSignal()
  logger.info({ signal }, 'stopping')
  readiness.draining = true
  if (signal === 'SIGTERM') await sleep(drainMilliseconds)
  await close(server)
  await stopHousekeeping()
  await traceIngest.stop()
  await domain.auditLog.flush()
  await store.close()
  logger.info('stopped')
}

/** A server with limits against slow and oversized requests; longer-lived than a balancer's idle connections, or those race with ours. */
export function createHttpServer(app: Koa<RequestState>): Server {
  const handle = app.callback()
  return createServer(
    {
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
    },
    // Koa answers errors itself; nothing is left to wait for.
    (request, response) => void handle(request, response),
  )
}

function listen(server: Server, { host, port }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be listened on: ${error.code}`
      reject(new ConfigError([`PORT ${port} of ${host} ${reason}`]))
    })
    server.listen({ host, port }, () => resolve())
  })
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}

/** Finishes running requests, then cuts what is left. */
async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => {
    server.close(resolve)
  })
  // Connections that become idle after `close` stay open until told.
  const idle = setInterval(() => server.closeIdleConnections(), 100)
  const deadline = setTimeout(() => server.closeAllConnections(), stopMilliseconds)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
}

async function printFirstSteps({ publicUrl }: Config, firstRun: FirstRun): Promise<void> {
  if (await firstRun.isDone()) return
  const token = await firstRun.issueToken()
  console.log(`
OpenTrace is running at ${publicUrl} and has no user yet.

  1. Make the owner's account (this link works once, for 24 hours):
     ${publicUrl}/setup?token=${token}

  2. Connect Claude Code:
     claude mcp add --transport http opentrace ${publicUrl}/mcp/v1
     claude mcp login opentrace
`)
}
