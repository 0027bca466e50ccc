import { isClusterName, isHostName, isOutsideHost, isOwnHost, withoutFinalDot } from './host-names.ts'
import { technologySchemes } from './technologies.ts'
import { meaningless, meaningOf, type NameMeaning } from './variable-names.ts'

/** A host that a text mentions. The text itself goes no further than this file: it may hold secrets. */
export interface Address {
  host: string
  port: number | undefined
  scheme: string | undefined
  /** `pair` is a host and a port as two words, as in `nc -z db 5432`. */
  form: 'url' | 'host_port' | 'host' | 'pair'
  /** The name of the variable or flag says that its value is an address. */
  named: boolean
  /** The host may be a piece of a secret, or of prose: good for finding a known Service, never to be kept for itself. */
  doubtful: boolean
}

/** Longer texts are content, not addresses; also bounds the work per value. */
const maxTextLength = 8_192

/** Schemes followed by a host. With others (`PLAINTEXT://kafka:9092`) the port must fit, and `s3://bucket` is none. */
const hostSchemes = new Set([
  ...technologySchemes,
  ...`http https ws wss h2c grpc grpcs tcp udp tls ssl ftp sftp ldap ldaps smtp smtps thrift zipkin otlp jaeger
  zookeeper zk bolt lb dns passthrough xds stomp syslog gelf consul vault statsd oracle`.split(/\s+/),
])
const httpSchemes = new Set(['http', 'https', 'ws', 'wss', 'h2c', 'grpc', 'grpcs', 'lb'])
const pathSchemes = new Set(['dns', 'passthrough', 'xds'])

/** Finds hosts in the value of a variable. */
export function findAddresses(name: string, text: string): Address[] {
  if (text.length > maxTextLength) return []
  const trimmed = text
    .split(',')
    .map((item) => item.trim())
    .join(',')
  // In prose and JSON a bare word is a word: bare hosts count only where the value is nothing but a list of them.
  const meaning = meaningOf(name)
  return /[\s"']/.test(trimmed)
    ? inWords(trimmed, meaning)
    : inValue(trimmed, { name: meaning, bare: true, depth: 0 })
}

/** Finds hosts in `command` or `args`, one text for all their items. */
export function findAddressesInArguments(text: string): Address[] {
  return text.length > maxTextLength ? [] : inWords(text, meaningless)
}

interface Context {
  /** Of the variable, flag or key that holds the value. */
  name: NameMeaning
  /** Whether a word alone may be a host. */
  bare: boolean
  /** How many `key=` stand around the value. */
  depth: number
}

/** `--options=-Dapi.url=http://api` has two; more is made to exhaust. */
const maxAssignmentDepth = 3

function inWords(text: string, name: NameMeaning): Address[] {
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
      const meaning = previousFlag === undefined ? name : meaningOf(previousFlag)
      const inWord = inValue(word, { name: meaning, bare, depth: 0 })
      found.push(
        ...(bare || word.includes('=') ? inWord : inWord.map(asProse)),
        ...inPair(word, words[position + 1]),
      )
    }
  })
  return found
}

/** Scripts and messages point people to documentation and downloads; nobody calls those while they run. */
function asProse(address: Address): Address {
  return address.form === 'url' && isOutsideHost(address.host) && !isClusterName(address.host)
    ? { ...address, doubtful: true }
    : address
}

function inPair(word: string, next: string | undefined): Address[] {
  const port = /^(\d{1,5});?$/.exec(next ?? '')?.[1]
  return port === undefined
    ? []
    : addressOf(word, Number(port), { form: 'pair', scheme: undefined, named: false, doubtful: true })
}

/** One value without blanks: URLs, or a list of `host:port`, `host` and `key=value`. */
function inValue(text: string, context: Context): Address[] {
  const assigned = inAssignment(text, context)
  if (assigned !== undefined) return assigned
  if (context.name.declaresOwnAddress) return []
  return text
    .split(/[,;](?=[a-z][a-z0-9+.-]{0,30}:\/\/)/i)
    .flatMap((part) => (part.includes('://') ? inUrl(part, context.name) : inList(part, context)))
}

/** @returns undefined for what is no `key=value` */
function inAssignment(text: string, { depth }: Context): Address[] | undefined {
  const [, key, value] = /^-{0,2}([A-Za-z][\w.-]{0,200})=(.+)$/s.exec(text) ?? []
  if (key === undefined || value === undefined) return undefined
  return depth >= maxAssignmentDepth
    ? []
    : inValue(value, { name: meaningOf(key), bare: true, depth: depth + 1 })
}

function inList(text: string, context: Context): Address[] {
  const [list = '', ...settings] = masked(text).split(';')
  const inPart = (part: string, bare: boolean) =>
    part.includes('=') ? (inAssignment(part, context) ?? []) : inItem(part, context.name, bare)
  return [
    ...list.split(/[,"'`()[\]<>]+/).flatMap((part) => inPart(part, context.bare)),
    ...settings.flatMap((part) => inPart(part, false)),
  ]
}

function inItem(item: string, name: NameMeaning, bare: boolean): Address[] {
  const afterCredentials = item.slice(item.lastIndexOf('@') + 1)
  const doubtful = afterCredentials !== item || name.holdsSecret
  const rest = { scheme: undefined, named: name.suggestsAddress, doubtful }
  const withoutProtocol = afterCredentials.replace(/^(?:tcp|udp|dns|passthrough):(?=[a-z])/, '')
  const [, host, port] = /^([a-z0-9._-]{1,253}):(\d{1,5})(?:\/.*)?$/is.exec(withoutProtocol) ?? []
  if (host !== undefined) {
    const lower = host.toLowerCase()
    // In capitals it may be anything with a number (`ERROR:404`), or a name that somebody gave a service.
    const how = { form: 'host_port' as const, ...rest, doubtful: doubtful || lower !== host }
    return addressOf(lower, Number(port), how)
  }
  const isHost = item === afterCredentials && (bare || isClusterName(item))
  return isHost ? addressOf(item, undefined, { form: 'host', ...rest }) : []
}

function inUrl(url: string, name: NameMeaning): Address[] {
  const separator = url.indexOf('://')
  const scheme = /[a-z][a-z0-9+.-]*$/i
    .exec(url.slice(Math.max(0, separator - 32), separator))?.[0]
    .toLowerCase()
  if (scheme === undefined) return []
  const [base = scheme] = scheme.split('+')
  const { authority, doubtful } = authorityOf(base, url.slice(separator + 3))
  return authority.split(',').flatMap((part) => {
    const [, host, port] = /^([a-z0-9._-]{1,253})(?::(\d{1,5}))?$/i.exec(part) ?? []
    if (host === undefined || (port === undefined && !hostSchemes.has(base))) return []
    return addressOf(host.toLowerCase(), port === undefined ? undefined : Number(port), {
      form: hostSchemes.has(base) ? 'url' : 'host_port',
      scheme: base,
      named: name.suggestsAddress,
      doubtful: doubtful || name.holdsSecret,
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
  const isPort = port === undefined || (port >= 1 && port <= 65_535)
  if (!isPort || !isHostName(host) || isOwnHost(host)) return []
  return [{ host: withoutFinalDot(host), port, ...rest }]
}

/** Longer ones are no references. */
const maxReferenceLength = 200

/** References that stayed unexpanded must not leave their variable's name behind as a word. One pass, whatever is open. */
function masked(text: string): string {
  let kept = ''
  let position = 0
  const closings = { '(': -1, '{': -1 }
  for (const match of text.matchAll(/\$([({])/g)) {
    const bracket = match[1] === '(' ? '(' : '{'
    if (closings[bracket] < match.index) {
      const closing = text.indexOf(bracket === '(' ? ')' : '}', match.index)
      closings[bracket] = closing === -1 ? text.length + maxReferenceLength : closing
    }
    const closing = closings[bracket]
    if (match.index < position || closing > match.index + maxReferenceLength) continue
    kept += `${text.slice(position, match.index)}\0`
    position = closing + 1
  }
  return kept + text.slice(position)
}
