/**
 * The server as a process whose requests stop where they are told to (`stops.ts`), and which says so when they do. Its
 * clock may be ahead:
 *
 *     node stopping-server.js [milliseconds]
 */
import { once } from 'node:events'
import { join } from 'node:path'
import { pino } from 'pino'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { createTraceIngest } from '../../src/architecture/ingestion/trace-ingest.ts'
import { createApp } from '../../src/app.ts'
import { createHttpServer } from '../../src/cli/serve.ts'
import { parseConfig } from '../../src/config.ts'
import { createDomain } from '../../src/domain/domain.ts'
import { createSmtpMailer } from '../../src/mail/smtp.ts'
import { createRedisStore } from '../../src/storage/redis/store.ts'
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'
import { createStops } from './stops.ts'

const ahead = Number(process.argv[2] ?? 0)
const now = () => Date.now() + ahead
const config = parseConfig(process.env)
const store =
  config.redisUrl === undefined
    ? await createSqliteStore({ file: join(config.dataDir, 'opentrace.db'), now })
    : await createRedisStore({ url: config.redisUrl, now })
const stops = createStops((request, call) => console.log(`${request} stopped: ${call}`))
const stoppable = stops.wrap(store)
const app = await createApp({
  config,
  store: stoppable,
  domain: createDomain({ store: stoppable, now }),
  logger: pino({ level: config.logLevel }),
  readiness: { draining: false },
  fetch: globalThis.fetch,
  publicFetch: () => Promise.reject(new Error('no network')),
  resolveTxt: () => Promise.reject(new Error('no network')),
  mailer: createSmtpMailer(config.mail),
  traceIngest: createTraceIngest({
    architecture: createArchitecture({ blobs: stoppable.blobs, now: now }),
    logs: stoppable.logs,
    onDelay: () => {},
    now: now,
  }),
  now,
})
app.middleware.unshift(stops.middleware)
const server = createHttpServer(app).listen(config.port, '127.0.0.1')
await once(server, 'listening')
