import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

const executable = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
)
const sharedUrl = process.env['TEST_REDIS_URL']

/** A Redis of its own for one test file; with `TEST_REDIS_URL` an emptied database of that server. */
export interface RedisFixture {
  readonly url: string
  /** Absent with `TEST_REDIS_URL`: another's server is not ours to stop. */
  readonly server: RedisServer | undefined
  readonly stop: () => Promise<void>
}

/** A redis-server process on a free port of the loopback interface, with a directory that goes when it stops. */
export interface RedisServer {
  readonly port: number
  /** SIGTERM, after which it writes what it has; its directory stays for `restart`. */
  readonly shutDown: () => Promise<void>
  /** SIGKILL; its directory stays for `restart`. */
  readonly kill: () => Promise<void>
  /** On the same port, with the same directory and arguments. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Why tests with Redis do not run here, for node:test's `skip`. @throws where `REQUIRE_REDIS=1` forbids to skip */
export function redisSkipReason(): string | false {
  return skipReason(executable !== undefined || sharedUrl !== undefined)
}

/** As {@link redisSkipReason}, for tests that stop, fill or cluster servers, which only their own can bear. */
export function redisServerSkipReason(): string | false {
  return skipReason(executable !== undefined)
}

function skipReason(available: boolean): string | false {
  if (available) return false
  const reason =
    'NO REDIS: set TEST_REDIS_URL or put redis-server or valkey-server on PATH; these tests did NOT run'
  if (process.env['REQUIRE_REDIS'] === '1') throw new Error(reason)
  console.error(reason)
  return reason
}

/** @returns undefined where there is none, see {@link redisSkipReason}. */
export async function startRedis(...args: string[]): Promise<RedisFixture | undefined> {
  if (sharedUrl !== undefined) return claimDatabase(sharedUrl)
  if (executable === undefined) return undefined
  const server = await startRedisServer(...args)
  return { url: `redis://127.0.0.1:${server.port}`, server, stop: server.stop }
}

/** @returns a node of three masters, or undefined where there is no redis-server. */
export async function startRedisCluster(): Promise<RedisFixture | undefined> {
  if (executable === undefined) return undefined
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  const servers = await Promise.all([0, 1, 2].map(() => startRedisServer(...options)))
  const nodes = servers.map(({ port }) => new Redis(port, '127.0.0.1'))
  const edges = [0, 5461, 10_923, 16_384]
  for (const [i, node] of nodes.entries()) {
    const first = edges[i] ?? 0
    const slots = Array.from({ length: (edges[i + 1] ?? 0) - first }, (_, slot) => first + slot)
    await node.cluster('ADDSLOTS', ...slots)
    await node.cluster('SET-CONFIG-EPOCH', i + 1)
    await node.cluster('MEET', '127.0.0.1', servers[0]?.port ?? 0)
  }
  for (const node of nodes) {
    while (!(await isWhole(node))) await sleep(20)
    node.disconnect()
  }
  return {
    url: servers.map(({ port }) => `redis://127.0.0.1:${port}`).join(','),
    server: undefined,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

/** A node that knows all slots may not be connected to all others yet, and messages to be passed on are lost until then. */
async function isWhole(node: Redis): Promise<boolean> {
  if (!(await node.cluster('INFO')).includes('cluster_state:ok')) return false
  const lines = String(await node.cluster('NODES'))
    .trim()
    .split('\n')
  return (
    lines.length === 3 && lines.every((line) => / connected( |$)/.test(line) && !line.includes('handshake'))
  )
}

/** A server that is the test’s own also with `TEST_REDIS_URL`, to stop and fill; see {@link redisServerSkipReason}. */
export async function startRedisServer(...args: string[]): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'opentrace-redis-'))
  const port = await findFreePort()
  const address = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory, '--save', '']
  const start = () => spawnServer([...address, ...args])
  let child = await start()
  return {
    port,
    shutDown: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
    async restart() {
      child = await start()
    },
    async stop() {
      await end(child, 'SIGKILL')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function spawnServer(args: string[]): Promise<ChildProcess> {
  const child = spawn(executable ?? '', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const killChild = () => child.kill('SIGKILL')
  process.once('exit', killChild)
  child.once('exit', () => process.off('exit', killChild))
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('Ready to accept connections')) continue
    child.stdout.resume()
    return child
  }
  throw new Error(`redis-server ended at once: ${args.join(' ')}`)
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

/** Below 55,536, because the bus of a cluster node listens 10,000 above. */
async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port < 55_536 ? port : findFreePort()
}

/** Test files run at the same time, so each takes the next of the databases 1 to 15. */
async function claimDatabase(url: string): Promise<RedisFixture> {
  const redis = new Redis(url)
  const number = ((await redis.incr('opentrace-tests')) % 15) + 1
  await redis.select(number)
  await redis.flushdb()
  redis.disconnect()
  const address = new URL(url)
  address.pathname = `/${number}`
  return { url: address.href, server: undefined, stop: async () => {} }
}
