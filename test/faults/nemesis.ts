import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Cluster } from './cluster.ts'
import type { FaultPeriod } from './history.ts'
import { between, type Random } from './random.ts'

/** One kind of trouble. */
export interface Fault {
  name: string
  /** What has to be served all the same. */
  invisibleTo: FaultPeriod['invisibleTo']
  promisedFor?: FaultPeriod['promisedFor']
  /** Makes the trouble, lets it last, and repairs it. */
  strike: (cluster: Cluster, random: Random) => Promise<void>
}

/** Outages of the store up to here are waited out (docs/operations.md). */
const promisedFor = 8000
/** Shorter than that, with the time it takes to start Redis. */
const seconds = (random: Random) => between(random, 2000, 6500)

export const faults: readonly Fault[] = [
  weather('slow network', (random) => ({ kind: 'delay', ms: between(random, 50, 200) })),
  weather('cut network', () => ({ kind: 'cut' })),
  weather('blackhole', () => ({ kind: 'blackhole' })),
  weather('lost answers', () => ({ kind: 'mute' })),
  redisAway('Redis stopped', (cluster) => cluster.redis.shutDown()),
  redisAway('Redis killed', (cluster) => cluster.redis.kill()),
  { name: 'Redis full', invisibleTo: ['refresh', 'call', 'revoke'], strike: fillRedis },
  replacement('process stopped', 'SIGTERM'),
  replacement('process killed', 'SIGKILL'),
]

function weather(
  name: string,
  choose: (random: Random) => Parameters<Cluster['proxy']['setWeather']>[0],
): Fault {
  return {
    name,
    invisibleTo: ['exchange', 'refresh', 'revoke'],
    promisedFor,
    async strike({ proxy }, random) {
      proxy.setWeather(choose(random))
      await sleep(seconds(random))
      proxy.setWeather({ kind: 'clear' })
    },
  }
}

function redisAway(name: string, end: (cluster: Cluster) => Promise<void>): Fault {
  return {
    name,
    invisibleTo: ['exchange', 'refresh', 'revoke'],
    promisedFor,
    async strike(cluster, random) {
      await end(cluster)
      await sleep(seconds(random))
      await cluster.redis.restart()
    },
  }
}

/** Redis refuses what takes memory, and serves reads. */
async function fillRedis({ redis }: Cluster, random: Random): Promise<void> {
  const operator = new Redis(redis.port, '127.0.0.1')
  try {
    await operator.config('SET', 'maxmemory', '1')
    await sleep(seconds(random))
    await operator.config('SET', 'maxmemory', '0')
  } finally {
    operator.disconnect()
  }
}

/** Requests under way in a process that is killed get no answer; those of one that is stopped do. */
function replacement(name: string, signal: 'SIGTERM' | 'SIGKILL'): Fault {
  return {
    name,
    invisibleTo: signal === 'SIGTERM' ? ['sign-in', 'exchange', 'refresh', 'call', 'revoke'] : [],
    strike: (cluster, random) => cluster.replace(between(random, 0, 1), signal),
  }
}
