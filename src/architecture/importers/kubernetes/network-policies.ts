import { isRecord, listAt, recordAt, textOf } from '../untyped-values.ts'
import type { NodePath } from '../yaml-documents.ts'
import { readSelector, type Labels, type LabelSelector } from './pod-selection.ts'
import type { NamedResource } from './resources.ts'

/** Pods a policy speaks of; each of `labels` stands for pods of its own. */
export interface PolicyPods {
  /** Undefined where the policy selects namespaces by what only the cluster knows, or selects all. */
  namespaces: (string | undefined)[]
  /** False where the policy, as its author wrote it, does not say the namespace. */
  isNamespaceStated: boolean
  selector: LabelSelector
}

/** One permission: pods `from` may connect to pods `to`. */
export interface Permission {
  policy: NamedResource
  direction: 'ingress' | 'egress'
  from: PolicyPods
  to: PolicyPods
  ports: number[]
  /** Where the peer stands that is not the policy's own selection. */
  path: NodePath
}

const dnsPort = 53

/**
 * Reads whom policies let in and out. What selects all, denies all or speaks of address blocks names nobody; whoever may
 * ask for names only (port 53) uses nothing of the architecture.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function readPermissions(
  policies: readonly NamedResource[],
  namespaceLabels: ReadonlyMap<string, Labels>,
): Permission[] {
  return policies.flatMap((policy) => {
    const spec = recordAt(policy.manifest.data, 'spec')
    const selector = readSelector(spec['podSelector'])
    if (selector === undefined) return []
    const own = {
      namespaces: [policy.namespace],
      isNamespaceStated: policy.statedNamespace !== undefined,
      selector,
    }
    return (['ingress', 'egress'] as const).flatMap((direction) =>
      listAt(spec, direction).flatMap((rule, ruleAt) => {
        const ports = portsOf(rule)
        if (ports.length > 0 && ports.every((port) => port === dnsPort)) return []
        const side = direction === 'ingress' ? 'from' : 'to'
        return listAt(rule, side).flatMap((peer, peerAt) => {
          const other = peerPods(policy, peer, namespaceLabels)
          if (other === undefined) return []
          const [from, to] = direction === 'ingress' ? [other, own] : [own, other]
          return [{ policy, direction, from, to, ports, path: ['spec', direction, ruleAt, side, peerAt] }]
        })
      }),
    )
  })
}

function portsOf(rule: unknown): number[] {
  return listAt(rule, 'ports').flatMap((item) => {
    const port = recordAt(item)['port']
    return typeof port === 'number' ? [port] : []
  })
}

function peerPods(
  policy: NamedResource,
  peer: unknown,
  namespaceLabels: ReadonlyMap<string, Labels>,
): PolicyPods | undefined {
  const { podSelector, namespaceSelector } = recordAt(peer)
  const selector = readSelector(podSelector)
  if (selector === undefined) return undefined
  if (!isRecord(namespaceSelector)) {
    const isNamespaceStated = policy.statedNamespace !== undefined
    return { namespaces: [policy.namespace], isNamespaceStated, selector }
  }
  const namespaces = selectedNamespaces(readSelector(namespaceSelector), namespaceLabels)
  return { namespaces, isNamespaceStated: namespaces[0] !== undefined, selector }
}

/** Every namespace bears its name as a label; others are known where the import describes namespaces. */
function selectedNamespaces(
  selector: LabelSelector | undefined,
  namespaceLabels: ReadonlyMap<string, Labels>,
): (string | undefined)[] {
  if (selector === undefined) return [undefined]
  const found = selector.alternatives.flatMap((labels) => {
    const name = textOf(labels['kubernetes.io/metadata.name'])
    if (name !== undefined) return [name]
    return [...namespaceLabels].flatMap(([namespace, known]) => {
      const fits = Object.entries(labels).every(([key, value]) => known[key] === value)
      return fits && selector.conditions.every((holds) => holds(known)) ? [namespace] : []
    })
  })
  return found.length === 0 ? [undefined] : found
}
