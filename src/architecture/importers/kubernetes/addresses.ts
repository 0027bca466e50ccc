import { technologySchemes } from './technologies.ts'
import { declaresOwnAddress, holdsSecret, suggestsAddress } from './variable-names.ts'

/** A host that a text mentions. The text itself goes no further than this file: it may hold secrets. */
export interface Address {
  host: string
  port: number | undefined
  scheme: string | undefined
  /** `pair` is a host and a port as two words, as in `nc -z db 5432`. */
  form: 'url' | 'host_port' | 'host' | 'pair'
  /** The name of the variable or flag says that its value is an address. */
  named: boolean
  /** The host may be a piece of a secret: good for finding a known Service, never to be kept for itself. */
  doubtful: boolean
}

/** Longer texts are content, not addresses; also bounds the work per value. */
const maxTextLength = 32_768

/** Schemes followed by a host. With others (`PLAINTEXT://kafka:9092`) the port must fit, and `s3://bucket` is none. */
const hostSchemes = new Set([
  ...technologySchemes,
  ...`http https ws wss h2c grpc grpcs tcp udp tls ssl ftp sftp ldap ldaps smtp smtps thrift zipkin otlp jaeger
  zookeeper zk bolt lb dns passthrough xds stomp syslog gelf consul vault statsd oracle`.split(/\s+/),
])
const httpSchemes = new Set(['http', 'https', 'ws', 'wss', 'h2c', 'grpc', 'grpcs', 'lb'])
const pathSchemes = new Set(['dns', 'passthrough', 'xds'])

const hostName =
  /^(?=[^.]*[a-z]|\d+\.\d+\.\d+\.\d+$|.*\.[a-z])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.?$/
const ownHost =
  /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|0\.0\.0\.0|169\.254(?:\.\d+){2}|host\.docker\.internal|(?:svc\.)?cluster\.local|kubernetes(?:\.default(?:\.svc(?:\..*)?)?)?)\.?$/

/** Finds hosts in the value of a variable. */
export function findAddresses(name: string, text: string): Address[] {
  if (text.length > maxTextLength) return []
  const trimmed = text.trim().replaceAll(/\s*,\s*/g, ',')
  // In prose and JSON a bare word is a word: bare hosts count only where the value is nothing but a list of them.
  return /[\s"']/.test(trimmed) ? inWords(trimmed, name) : inValue(trimmed, name)
}

/** Finds hosts in `command` or `args`, one text for all their items. */
export function findAddressesInArguments(text: string): Address[] {
  return text.length > maxTextLength ? [] : inWords(text, undefined)
}

function inWords(text: string, name: string | undefined): Address[] {
  const words = masked(text).split(/[\s"'`()[\]<>]+/)
  const found: Address[] = []
  let flag: string | undefined
  words.forEach((word, position) => {
    const previousFlag = flag
    flag = undefined
    if (word === '-h') flag = 'host'
    else if (/^--?[A-Za-z][\w.-]{0,200}$/.test(word)) flag = word
    else {
      const bare = previousFlag !== undefined
      found.push(...inValue(word, previousFlag ?? name, { bare }), ...inPair(word, words[position + 1]))
    }
  })
  return found
}

function inPair(word: string, next: string | undefined): Address[] {
  const port = /^(\d{1,5});?$/.exec(next ?? '')?.[1]
  return port === undefined
    ? []
    : addressOf(word, Number(port), { form: 'pair', scheme: undefined, named: false, doubtful: true })
}

/** One value without blanks: URLs, or a list of `host:port`, `host` and `key=value`. */
function inValue(text: string, name: string | undefined, options = { bare: true }): Address[] {
  const assignment = /^-{0,2}([A-Za-z][\w.-]{0,200})=(.+)$/s.exec(text)
  if (assignment?.[1] !== undefined && assignment[2] !== undefined)
    return inValue(assignment[2], assignment[1])
  if (name !== undefined && declaresOwnAddress(name)) return []
  return text
    .split(/[,;](?=[a-z][a-z0-9+.-]{0,30}:\/\/)/i)
    .flatMap((part) => (part.includes('://') ? inUrl(part, name) : inList(part, name, options)))
}

function inList(text: string, name: string | undefined, options: { bare: boolean }): Address[] {
  const [list = '', ...settings] = masked(text).split(';')
  const items = list.split(/[,"'`()[\]<>]+/)
  return [
    ...items.flatMap((item) => (item.includes('=') ? inValue(item, name) : inItem(item, name, options.bare))),
    ...settings.flatMap((item) => (item.includes('=') ? inValue(item, name) : inItem(item, name, false))),
  ]
}

function inItem(item: string, name: string | undefined, bare: boolean): Address[] {
  const named = name !== undefined && suggestsAddress(name)
  const afterCredentials = item.slice(item.lastIndexOf('@') + 1)
  const doubtful = afterCredentials !== item || (name !== undefined && holdsSecret(name))
  const withoutProtocol = afterCredentials.replace(/^(?:tcp|udp|dns|passthrough):(?=[a-z])/, '')
  const [, host, port] = /^([a-z0-9.-]{1,253}):(\d{1,5})(?:\/.*)?$/s.exec(withoutProtocol) ?? []
  if (host !== undefined)
    return addressOf(host, Number(port), { form: 'host_port', scheme: undefined, named, doubtful })
  const isHost = item === afterCredentials && (bare || /\.svc(?:\.|$)/.test(item))
  return isHost ? addressOf(item, undefined, { form: 'host', scheme: undefined, named, doubtful }) : []
}

function inUrl(url: string, name: string | undefined): Address[] {
  const separator = url.indexOf('://')
  const scheme = /[a-z][a-z0-9+.-]*$/i
    .exec(url.slice(Math.max(0, separator - 32), separator))?.[0]
    .toLowerCase()
  if (scheme === undefined) return []
  const [base = scheme] = scheme.split('+')
  const { authority, doubtful } = authorityOf(base, url.slice(separator + 3))
  return authority.split(',').flatMap((part) => {
    const [, host, port] = /^([a-z0-9.-]{1,253})(?::(\d{1,5}))?$/i.exec(part) ?? []
    if (host === undefined || (port === undefined && !hostSchemes.has(base))) return []
    return addressOf(host.toLowerCase(), port === undefined ? undefined : Number(port), {
      form: hostSchemes.has(base) ? 'url' : 'host_port',
      scheme: base,
      named: name !== undefined && suggestsAddress(name),
      doubtful: doubtful || (name !== undefined && holdsSecret(name)),
    })
  })
}

/** RFC 3986 §3.2, and what people really write: passwords with `/`, `?` and `#` in them. */
function authorityOf(scheme: string, afterScheme: string): { authority: string; doubtful: boolean } {
  const rest = pathSchemes.has(scheme) ? afterScheme.replace(/^[^/]*\//, '') : afterScheme
  const authority = upToPath(rest)
  const at = authority.lastIndexOf('@')
  if (at >= 0)
    return { authority: authority.slice(at + 1), doubtful: rest.slice(authority.length).includes('@') }
  if (!rest.includes('@')) return { authority, doubtful: false }
  return {
    authority: httpSchemes.has(scheme) ? authority : upToPath(rest.slice(rest.lastIndexOf('@') + 1)),
    doubtful: true,
  }
}

function upToPath(text: string): string {
  return /^[^/?#;\\\s"'`()<>]*/.exec(text)?.[0] ?? ''
}

function addressOf(host: string, port: number | undefined, rest: Omit<Address, 'host' | 'port'>): Address[] {
  if (
    host.length > 253 ||
    !hostName.test(host) ||
    ownHost.test(host) ||
    (port !== undefined && (port < 1 || port > 65_535))
  )
    return []
  return [{ host: host.replace(/\.$/, ''), port, ...rest }]
}

/** References that stayed unexpanded must not leave their variable's name behind as a word. */
function masked(text: string): string {
  return text.replaceAll(/\$\([^)]{0,200}\)|\$\{[^}]{0,200}\}/g, '\0')
}
