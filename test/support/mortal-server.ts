import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { createApp } from '../../src/app.ts'
import { createHttpServer } from '../../src/cli/serve.ts'
import type { Config } from '../../src/config.ts'
import { createDomain } from '../../src/domain/domain.ts'
import { createSmtpMailer } from '../../src/mail/smtp.ts'
import type { Store } from '../../src/storage/contract.ts'

/**
 * Starts the application on a free port. With `calls` it dies as by SIGKILL when that many calls to the store have been
 * carried out: nobody in it hears of the last one, nothing in it happens afterwards, and its connections break. As far as
 * the store and the clients can tell, the process is gone.
 */
export async function startMortalServer(options: {
  config: Config
  store: Store
  calls?: number
  now?: () => number
}) {
  const { config, store, calls, now = Date.now } = options
  const mortality: Mortality = { left: Number.POSITIVE_INFINITY, die: () => server.closeAllConnections() }
  const mortal = withMortality(store, mortality)
  const app = await createApp({
    config,
    store: mortal,
    domain: createDomain({ store: mortal, now }),
    logger: pino({ level: 'silent' }),
    readiness: { draining: false },
    fetch: globalThis.fetch,
    publicFetch: () => Promise.reject(new Error('no network')),
    mailer: createSmtpMailer(config.mail),
    now,
  })
  const server = createHttpServer(app)
  // What it asks while it starts does not count.
  mortality.left = calls ?? Number.POSITIVE_INFINITY
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Mortality {
  /** Calls to the store it still makes. */
  left: number
  die: () => void
}

function withMortality(store: Store, life: Mortality): Store {
  const mortal = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get(target, name, receiver) {
        const member: unknown = Reflect.get(target, name, receiver)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          if (life.left-- <= 0) return never
          const answer: unknown = await Reflect.apply(member, target, args)
          if (life.left > 0) return answer
          life.die()
          return never
        }
      },
    })
  return {
    ...store,
    artifacts: mortal(store.artifacts),
    documents: mortal(store.documents),
    logs: mortal(store.logs),
    limiter: mortal(store.limiter),
    bus: mortal(store.bus),
    blobs: mortal(store.blobs),
  }
}

const never = new Promise<never>(() => {})
