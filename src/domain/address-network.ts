/** The part of an address that one person has: a whole IPv6 /64, since one host may use any address of it. */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}

/** The network an address is in: an IPv4 /24, as one site or provider hands them out, or an IPv6 /64. */
export function addressNetwork(address: string): string {
  return address.includes(':') ? addressGroup(address) : address.split('.').slice(0, 3).join('.')
}
