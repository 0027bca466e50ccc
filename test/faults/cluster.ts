import { setTimeout as sleep } from 'node:timers/promises'
import { createDomain, type Domain } from '../../src/domain/domain.ts'
import { Conflict, type Store, StoreUnavailable } from '../../src/storage/contract.ts'
import { createRedisStore } from '../../src/storage/redis/store.ts'
import { register } from '../support/oauth-client.ts'
import { type RedisServer, startRedisServer } from '../support/redis.ts'
import { freePort, password } from '../support/server.ts'
import { type ServerProcess, spawnServer, startRoundRobin, testSecretKey } from '../support/server-process.ts'
import { type Proxy, startProxy } from './proxy.ts'

/** Two server processes behind a balancer, and their Redis behind a bad network. */
export interface Cluster {
  origin: string
  clientId: string
  redis: RedisServer
  proxy: Proxy
  processes: ServerProcess[]
  /** Ends a process and starts another in its place. */
  replace: (index: number, signal: NodeJS.Signals) => Promise<void>
  membershipOf: (email: string) => { end: () => Promise<Response>; renew: () => Promise<void> }
  stop: () => Promise<void>
}

/** @param mainFile which build of the server to run */
export async function startCluster(options: { mainFile: string; emails: string[] }): Promise<Cluster> {
  const redis = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'always')
  const proxy = await startProxy(redis.port)
  // Past the proxy: what is done to the network must not hinder who watches.
  const store = await createRedisStore({ url: `redis://127.0.0.1:${redis.port}` })
  const domain = createDomain({ store, now: Date.now })
  const organizationId = await populate(store, domain, options.emails)
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const environment = {
    PUBLIC_URL: origin,
    REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    SECRET_KEY: testSecretKey,
    LOG_LEVEL: 'warn',
  }
  const start = () => spawnServer(environment, [options.mainFile, 'serve'])
  const processes = await Promise.all([start(), start()])
  // A balancer stops sending to a process that is told to stop, and to one that is dead.
  const stopping = new Set<ServerProcess>()
  const serving = () => processes.filter((process) => !stopping.has(process)).map((process) => process.port)
  const balancer = await startRoundRobin(port, serving)
  return {
    origin,
    clientId: await register(origin),
    redis,
    proxy,
    processes,
    async replace(index, signal) {
      const old = processes[index]
      if (!old) throw new Error(`there is no process ${index}`)
      if (signal === 'SIGTERM') stopping.add(old)
      await old.stop(signal)
      stopping.add(old)
      processes[index] = await start()
    },
    membershipOf: (email) => createMembership({ store, domain, organizationId, email }),
    async stop() {
      await balancer.stop()
      await Promise.all(processes.map((process) => process.stop()))
      await proxy.stop()
      await store.close()
      await redis.stop()
    },
  }
}

async function populate(store: Store, domain: Domain, emails: string[]): Promise<string> {
  const { organization } = await domain.firstRun.complete({
    user: { email: 'owner@example.com', name: 'Owner', password },
    organization: { name: 'Acme', slug: 'acme' },
  })
  for (const email of emails) {
    const { user, change } = await domain.users.prepare({ email, name: email, password })
    await store.documents.commit([change, domain.members.prepare(organization.id, user.id, 'member')])
  }
  return organization.id
}

/** Leaving and joining, repeated until the store says that it is done. */
function createMembership(deps: { store: Store; domain: Domain; organizationId: string; email: string }) {
  const { store, domain, organizationId, email } = deps
  const change = (edit: (userId: string) => Promise<void>) =>
    untilDone(async () => {
      const user = await store.documents.findUnique('user', 'email', email)
      if (!user) throw new Error(`${email} is gone`)
      await edit(user.id)
    })
  return {
    async end() {
      await change(async (userId) => {
        const id = `${organizationId}:${userId}`
        const member = await store.documents.get('member', id)
        if (!member) return
        await store.documents.commit([{ op: 'delete', kind: 'member', id, version: member.version }])
      })
      return new Response()
    },
    renew: () =>
      change(async (userId) => {
        if (await domain.members.find(organizationId, userId)) return
        await store.documents.commit([domain.members.prepare(organizationId, userId, 'member')])
      }),
  }
}

async function untilDone(step: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await step()
    } catch (error) {
      const temporary = error instanceof Conflict || error instanceof StoreUnavailable
      if (!temporary) throw error
      await sleep(100)
    }
  }
}
