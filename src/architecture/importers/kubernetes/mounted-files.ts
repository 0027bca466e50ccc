import { belongsToTelemetry } from '../../kind-groups.ts'
import { findAddressesInArguments, type Address } from '../addresses.ts'
import type { FindConfigMap, FoundAddress, Spend } from './environment.ts'
import type { Manifest } from './manifest-reader.ts'
import type { ServiceGroup } from './service-groups.ts'

/** Of each file; what stands later is data, such as dashboards and products. */
const maxFileLength = 200_000

/**
 * Finds addresses in the files that workloads see of ConfigMaps: upstreams of a proxy, settings of a service. A ConfigMap
 * that several things are given is a list of what there is, from which it does not follow who uses what of it; and so are
 * the files of telemetry.
 */
export function createFileReader(
  groups: readonly ServiceGroup[],
  { findConfigMap, spendOn }: { findConfigMap: FindConfigMap; spendOn: (manifest: Manifest) => Spend },
): (group: ServiceGroup) => FoundAddress[] {
  const readers = new Map<string, Set<ServiceGroup>>()
  for (const group of groups) {
    for (const key of new Set(group.workloads.flatMap(configMapsOf)))
      readers.set(key, (readers.get(key) ?? new Set()).add(group))
  }
  return (group) => {
    if (belongsToTelemetry(group.entity)) return []
    const own = new Set(group.workloads.flatMap(mountsOf))
    return [...own].flatMap((key) => {
      const [namespace = '', name = ''] = key.split('/')
      const configMap = findConfigMap(namespace, name)
      if (configMap === undefined || (readers.get(key)?.size ?? 0) > 1) return []
      return Object.entries(configMap.data).flatMap(([file, text]) => {
        const read = text.slice(0, maxFileLength)
        spendOn(configMap.manifest)(read.length)
        const place = {
          file: configMap.manifest.file,
          line: configMap.manifest.lineOf(['data', file]),
          field: `file ${file.replaceAll(/[^\w.-]/g, '?').slice(0, 100)} of ConfigMap ${name}`,
        }
        const evidence = { method: 'config_map', place, basis: 'declared' } as const
        return addressesIn(read).map((address) => ({ address, evidence }))
      })
    })
  }
}

function mountsOf({ namespace, mountedConfigMaps }: ServiceGroup['workloads'][number]): string[] {
  return mountedConfigMaps.map((name) => `${namespace}/${name}`)
}

function configMapsOf(workload: ServiceGroup['workloads'][number]): string[] {
  const { namespace, importedConfigMaps } = workload
  return [...mountsOf(workload), ...importedConfigMaps.map((name) => `${namespace}/${name}`)]
}

function addressesIn(text: string): Address[] {
  const lines = text.split('\n').filter((line) => !/^\s*(?:#|\/\/|;|--)/.test(line))
  const found = lines.flatMap(findAddressesInArguments)
  const told = [...found, ...apart(lines.join('\n'))]
  const once = new Map(told.map((address) => [`${address.scheme} ${address.host} ${address.port}`, address]))
  return [...once.values()].filter(({ form }) => form === 'url' || form === 'host_port')
}

/** Envoy and others tell host and port one after the other: `address: cart, port_value: 7070`. */
function apart(text: string): Address[] {
  const pairs = text.matchAll(
    /\b(?:address|host)["']?\s*[:=]\s*["']?([a-z][a-z0-9.-]{0,252})["']?[\s,]{1,100}["']?port(?:_value)?["']?\s*[:=]\s*["']?(\d{2,5})\b/g,
  )
  return [...pairs].flatMap(([, host, port]) => findAddressesInArguments(`--address=${host}:${port}`))
}
