/** Where Redis is, as `REDIS_URL` says it. */
export interface RedisAddress {
  mode: 'single' | 'sentinel' | 'cluster'
  nodes: { host: string; port: number }[]
  tls: boolean
  username: string | undefined
  password: string | undefined
  database: number
  /** The name sentinels know the master by. */
  masterName: string
}

/**
 * Reads `redis://[user:password@]host:port/db`, `rediss://…`, `redis+sentinel://host:port,host:port/master?db=1`,
 * and a comma list of `redis://` nodes, which is a cluster.
 * @throws an error that does not repeat the password
 */
export function parseRedisAddress(url: string): RedisAddress {
  // `URL` cannot hold several hosts, so the list is taken apart first; scheme and credentials count once.
  const [first = '', ...others] = url.split(',').map((part) => part.trim())
  const match = /^(redis|rediss|redis\+sentinel):\/\/(?:([^@/]*)@)?([^/?]*)([/?].*)?$/.exec(first)
  if (!match) throw new Error('REDIS_URL must start with redis://, rediss:// or redis+sentinel://')
  const [, scheme = '', credentials = '', firstHost = '', firstRest = ''] = match
  const otherUrls = others.map((part) => new URL(`redis://${part.replace(/^(rediss?:\/\/)?([^@]*@)?/, '')}`))
  const nodes = [new URL(`redis://${firstHost}`), ...otherUrls].map(({ hostname, port }) => ({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (scheme === 'redis+sentinel' ? 26_379 : 6379)),
  }))
  const last = otherUrls.at(-1)
  const { pathname, searchParams } = last ?? new URL(`redis://host${firstRest}`)
  const path = pathname.slice(1)
  const [username = '', password = ''] = splitCredentials(credentials)
  const sentinel = scheme === 'redis+sentinel'
  return {
    mode: sentinel ? 'sentinel' : nodes.length > 1 ? 'cluster' : 'single',
    nodes,
    tls: scheme === 'rediss',
    username: username || undefined,
    password: password || undefined,
    database: Number(searchParams.get('db') ?? (sentinel ? 0 : path || 0)),
    masterName: sentinel && path ? path : 'mymaster',
  }
}

function splitCredentials(credentials: string): string[] {
  const colon = credentials.indexOf(':')
  const parts = colon === -1 ? ['', credentials] : [credentials.slice(0, colon), credentials.slice(colon + 1)]
  return parts.map(decodeURIComponent)
}
