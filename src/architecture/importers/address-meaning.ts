import { entityRef, type ClaimedEntity } from '../model.ts'
import type { Address } from './addresses.ts'
import { isClusterName, isOutsideHost, isPlaceholder } from './host-names.ts'

/** A word that equals a known name means it only where its form, its port or its variable's name says so. */
export function meansKnownName(address: Address, ports: readonly number[]): boolean {
  if (address.form === 'url' || isClusterName(address.host)) return true
  const portFits = address.port !== undefined && ports.includes(address.port)
  if (address.form === 'host_port') return address.named || portFits
  return address.form === 'pair' ? portFits : address.named
}

/** Without anything known of that name, an address must look like nothing else. */
export function isSurelyAddress(address: Address): boolean {
  if (address.doubtful || isPlaceholder(address.host)) return false
  if (address.form === 'url' || isClusterName(address.host)) return true
  if (!address.named) return false
  return address.form === 'host_port' || (address.form === 'host' && isOutsideHost(address.host))
}

/** What stands for a name that is used and described nowhere. */
export function unresolvedEntity({
  name,
  namespace,
}: {
  name: string
  namespace?: string | undefined
}): ClaimedEntity {
  const kind = 'unresolved'
  return { ref: entityRef({ kind, name, namespace }), kind, name, namespace, aliases: [], attributes: {} }
}
