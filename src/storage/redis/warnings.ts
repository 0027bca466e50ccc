import { Cluster } from 'ioredis'
import { StoreUnavailable } from '../contract.ts'
import type { RedisClient } from './connection.ts'
import { withDeadline } from './deadline.ts'

/** What an operator should change, read from INFO, since managed services refuse CONFIG. */
export async function readWarnings(client: RedisClient): Promise<string[]> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client]
  try {
    const infos = await withDeadline(Promise.all(nodes.map((node) => node.info())), 2000)
    return [...new Set(infos.flatMap(findWarnings))]
  } catch (error) {
    throw new StoreUnavailable('Redis did not tell its settings', { cause: error })
  }
}

/** The sentences for one node's INFO. */
export function findWarnings(info: string): string[] {
  const setting = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1]
  const warnings: string[] = []
  const version = setting('redis_version') ?? 'unknown'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (!(major > 6 || (major === 6 && minor >= 2))) {
    warnings.push(`Redis ${version} is too old: OpenTrace needs 6.2 or later, or Valkey.`)
  }
  if (setting('aof_enabled') !== '1') {
    warnings.push(
      'Redis keeps no append-only file: a restart of Redis signs everyone out and may lose accounts. Set "appendonly yes".',
    )
  }
  const policy = setting('maxmemory_policy')
  if (policy !== 'noeviction') {
    warnings.push(
      `Redis may delete accounts and sessions when memory is short (maxmemory-policy ${policy ?? 'unknown'}). Set "maxmemory-policy noeviction".`,
    )
  }
  return warnings
}
