import { BlockList, isIPv6 } from 'node:net'

/** Addresses that are no public host's: private, loopback, link-local, documentation, translation and the like. */
const specialUse = new BlockList()

// IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), and multicast (RFC 5771, RFC 4291 §2.7).
for (const block of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]) {
  const [address = '', bits] = block.split('/')
  specialUse.addSubnet(address, Number(bits), 'ipv4')
}

// Of IPv6 only what is handed out as global unicast is public (RFC 4291 §2.4), but for what lies special in it.
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')
for (const block of ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']) {
  const [address = '', bits] = block.split('/')
  specialUse.addSubnet(address, Number(bits), 'ipv6')
}

/** Whether an address may be a host of the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIPv6(address)) return globalUnicast.check(address, 'ipv6') && !specialUse.check(address, 'ipv6')
  return !specialUse.check(address, 'ipv4')
}
