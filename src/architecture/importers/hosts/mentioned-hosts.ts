import { isClusterName, isHostName, isOutsideHost, isOwnHost, withoutFinalDot } from '../host-names.ts'
import { meaningOf } from '../variable-names.ts'

/** A host that a line of a file mentions. */
export interface MentionedHost {
  host: string
  line: number
  scheme: string | undefined
}

/** Longer lines are made by tools. */
const maxLineLength = 2_000
/** A file with more is a list of something. */
const maxPerFile = 200

const url =
  /\b([a-z][a-z0-9+.-]{1,19}):\/\/(?:[^\s"'`/@<>]{0,200}@)?([a-z0-9][a-z0-9.-]{0,200})(?=[:/?#"'`%$\s{}),;<\\+]|$)/gi
const quotedPair = /["'`@]([a-z][a-z0-9.-]{0,200}):(\d{2,5})(?![\w.-])/g
const barePair = /(?:^|[\s=,"'@])([a-z][a-z0-9.-]{0,200}):(\d{2,5})(?=$|[\s,;"'/])/g
const named =
  /\b([A-Za-z_][\w.-]{0,80})["'\])]{0,3}\s{0,4}(?:=>|:=|\?\?|\|\||[=:,(])\s{0,4}["'`]([a-z][a-z0-9.-]{1,200})["'`]/gi
const plainlyNamed =
  /^\s*(?:export\s+|ENV\s+|ARG\s+|-\s+)?([A-Za-z_][\w.-]{0,80})\s*[=: ]\s*["']?([a-z][a-z0-9.-]{1,200})["']?\s*$/i
const feignClient = /@FeignClient\s*\(\s*(?:(?:name|value)\s*=\s*)?"([\w.-]{1,100})"/g
/** Narrower than for variables of containers: code has many names that end in `Service`. */
const addressName = /(?:host|hostname|addr|address|url|uri|endpoint)e?s?$/i

const minPort = 80

/** Finds hosts in code or configuration: in URLs, before ports, and under names that announce an address. */
export function findMentionedHosts(text: string, isConfig: boolean): MentionedHost[] {
  const found: MentionedHost[] = []
  for (const [at, line] of text.split('\n').entries()) {
    if (line.length > maxLineLength || /^\s*FROM\s/.test(line)) continue
    const before = found.length
    const add = (name: string, scheme: string | undefined, isNamed: boolean) => {
      const host = withoutFinalDot(name.toLowerCase())
      // Of several readings of one place the first is the most telling.
      const isKnown = found.slice(before).some((each) => each.host === host)
      if (!isKnown && isMeant(host, isNamed || isConfig)) found.push({ host, line: at + 1, scheme })
    }
    for (const [, scheme = '', host = ''] of line.matchAll(url)) add(host, scheme.toLowerCase(), false)
    for (const [, host = '', port] of line.matchAll(isConfig ? barePair : quotedPair))
      if (Number(port) >= minPort && Number(port) <= 65_535) add(host, undefined, true)
    const values = isConfig ? [...line.matchAll(named), plainlyNamed.exec(line) ?? []] : line.matchAll(named)
    for (const [, name = '', host = ''] of values) if (announcesAddress(name)) add(host, undefined, true)
    for (const [, host = ''] of line.matchAll(feignClient)) add(host, 'http', true)
    if (found.length > maxPerFile) return []
  }
  return found
}

function announcesAddress(name: string): boolean {
  if (!addressName.test(name)) return false
  const { declaresOwnAddress, holdsSecret } = meaningOf(name)
  return !declaresOwnAddress && !holdsSecret
}

/** Names of the inside; of the outside only where it is surely an address, not the URL of a licence or a schema. */
function isMeant(host: string, isSure: boolean): boolean {
  if (!isHostName(host) || isOwnHost(host) || /^[\d.]+$/.test(host)) return false
  if (!host.includes('.') || isClusterName(host)) return host.length > 1
  return isSure && isOutsideHost(host) && !/(?:^|\.)example\.(?:com|org|net)$|\.local$/.test(host)
}
