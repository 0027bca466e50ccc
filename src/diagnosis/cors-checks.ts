import { broken, type Finding, holds } from './finding.ts'
import type { ServerMetadata } from './metadata-checks.ts'
import type { Probe } from './probe.ts'
import type { Target } from './target.ts'

/** What a web page sends to the endpoint beyond what needs no permission. */
const sentHeaders = [
  'authorization',
  'content-type',
  'mcp-protocol-version',
  'mcp-session-id',
  'mcp-method',
  'mcp-name',
]

/**
 * Preflights as a browser makes them for a client that is a web page of this origin, such as MCP Inspector behind it.
 * They carry no credentials, so whatever asks for some in front breaks them.
 */
export async function checkCors(
  { url, origin, path }: Target,
  server: ServerMetadata,
  probe: Probe,
): Promise<Finding[]> {
  const preflights: [url: string, method: string, headers: readonly string[]][] = [
    [url, 'POST', sentHeaders],
    [`${origin}/.well-known/oauth-protected-resource${path}`, 'GET', ['mcp-protocol-version']],
    [`${origin}/.well-known/oauth-authorization-server`, 'GET', ['mcp-protocol-version']],
    [server.token_endpoint, 'POST', ['content-type']],
    ...(server.registration_endpoint === undefined
      ? []
      : [[server.registration_endpoint, 'POST', ['content-type']] as [string, string, string[]]]),
  ]
  const faults = await Promise.all(
    preflights.map(async ([address, method, headers]) => {
      const answer = await probe(address, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': headers.join(','),
        },
      })
      const allowedOrigin = answer.headers['access-control-allow-origin']
      const allowed = (answer.headers['access-control-allow-headers'] ?? '').toLowerCase().split(/\s*,\s*/)
      const where = new URL(address).pathname
      if (answer.status < 200 || answer.status > 299) return `${where} answers ${answer.status} to OPTIONS`
      if (allowedOrigin !== '*' && allowedOrigin !== origin) return `${where} allows no page`
      const missing = headers.filter((name) => !allowed.includes(name))
      return missing.length === 0 ? undefined : `${where} does not allow ${missing.join(', ')}`
    }),
  )
  const found = faults.filter((fault) => fault !== undefined)
  if (found.length === 0)
    return [holds('cors', `Pages of ${origin} may use the endpoint; every preflight is answered.`)]
  return [
    broken(
      'cors',
      `Preflights fail: ${found.join('; ')}. Programs are not concerned, only clients that are web pages.`,
      'Have the proxy pass OPTIONS on without asking for credentials, and leave Access-Control headers to the server.',
    ),
  ]
}
