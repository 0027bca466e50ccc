import { BlockList, isIP } from 'node:net'
import { DomainError } from './errors.ts'

/** More is a firewall's work. */
const mostBlocks = 50

/**
 * Reads network addresses and CIDR blocks, IPv4 and IPv6, apart by commas, spaces or lines.
 * @throws {DomainError} `invalid_input` about `addresses`, naming the first that is none
 */
export function parseAddressList(text: string): string[] {
  const blocks = text.split(/[\s,]+/).filter((entry) => entry !== '')
  const wrong = blocks.find((block) => !parseBlock(block))
  if (wrong !== undefined) {
    const message = `"${wrong.slice(0, 60)}" is no address or CIDR block, such as 203.0.113.0/24 or 2001:db8::/32.`
    throw new DomainError('invalid_input', message, { field: 'addresses' })
  }
  if (blocks.length > mostBlocks) {
    throw new DomainError('invalid_input', `Enter at most ${mostBlocks} blocks.`, { field: 'addresses' })
  }
  return [...new Set(blocks)]
}

/** Whether an address lies in one of the blocks; an empty list allows every address. */
export function allowsAddress(blocks: readonly string[], address: string): boolean {
  if (blocks.length === 0) return true
  const list = new BlockList()
  for (const block of blocks) {
    const parsed = parseBlock(block)
    if (parsed) list.addSubnet(parsed.network, parsed.bits, parsed.family)
  }
  const family = familyOf(address)
  return family !== undefined && list.check(address, family)
}

function parseBlock(block: string): { network: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [, network = '', , prefix] = /^([^/]+)(\/(\d{1,3}))?$/.exec(block) ?? []
  const family = familyOf(network)
  if (family === undefined) return undefined
  const most = family === 'ipv4' ? 32 : 128
  const bits = prefix === undefined ? most : Number(prefix)
  return bits <= most ? { network, bits, family } : undefined
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined
}
