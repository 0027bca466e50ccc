import { DomainError } from '../domain/errors.ts'
import { mcpPath, parseMcpPath } from '../http/resource.ts'
import { broken, doubtful, type Finding, holds } from './finding.ts'

/** What is examined. */
export interface Target {
  /** The MCP endpoint, as a client is configured with it. */
  url: string
  origin: string
  /** The path of {@link url}. */
  path: string
}

/** Hosts on which plain http never leaves the machine. */
const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Reads the address somebody gave: an MCP endpoint, or the origin alone.
 * @throws {DomainError} `invalid_input` for what is no http address at all
 */
export function parseTarget(address: string): { target: Target; findings: Finding[] } {
  const url = URL.parse(address)
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password) {
    throw new DomainError(
      'invalid_input',
      `"${address}" is no address. Give one such as https://trace.example.com.`,
    )
  }
  const { origin } = url
  const given = url.pathname === '/' ? mcpPath : url.pathname
  const path = given.replace(/\/+$/, '')
  const endpoint = parseMcpPath(origin, path)
  const target = {
    origin,
    path: endpoint ? path : mcpPath,
    url: endpoint?.identifier ?? `${origin}${mcpPath}`,
  }
  return { target, findings: [judgeAddress(target, url, given)] }
}

function judgeAddress(target: Target, url: URL, given: string): Finding {
  if (url.protocol === 'http:' && !loopback.has(url.hostname)) {
    return broken(
      'address',
      `${target.origin} is plain http: tokens would travel in the clear, and clients refuse that.`,
      'Put TLS in front, set PUBLIC_URL to the https address and connect clients to that.',
    )
  }
  if (given.replace(/\/+$/, '') !== target.path) {
    return broken(
      'address',
      `There is no MCP endpoint at ${url.href}. It is at ${target.url}, which was examined instead.`,
      `Configure clients with ${target.url}, or with ${target.origin}/o/ORGANIZATION/mcp/v1.`,
    )
  }
  if (given !== target.path || url.search !== '' || url.hash !== '') {
    return broken(
      'address',
      `${url.href} is not ${target.url}: clients compare the address with the one the server names, byte for byte, and a slash too many fails.`,
      `Configure clients with ${target.url}.`,
    )
  }
  return url.hostname === '127.0.0.1' || url.hostname === '[::1]'
    ? doubtful(
        'address',
        `${target.url} names this machine by number; clients on it mostly use localhost, which counts as another host.`,
        'Use one of the two everywhere: in PUBLIC_URL and in every client.',
      )
    : holds('address', `${target.url} is an MCP endpoint of this product.`)
}
