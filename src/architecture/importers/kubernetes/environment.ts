import { findAddresses, findAddressesInArguments, type Address } from '../addresses.ts'
import type { ClaimedEvidence } from '../../model.ts'
import type { NodePath } from '../yaml-documents.ts'
import type { Manifest } from './manifest-reader.ts'
import type { ConfigMapResource, Container, Workload } from './resources.ts'
import { listAt, recordAt, textOf } from '../untyped-values.ts'

/** An address in a container, with the place that shows it. */
export interface FoundAddress {
  address: Address
  evidence: ClaimedEvidence
  /** The ConfigMap, where it was imported with all its entries, whether or not the workload uses each. */
  imported?: string | undefined
}

/** Finds a ConfigMap of the import. */
export type FindConfigMap = (namespace: string, name: string) => ConfigMapResource | undefined

/** Told of work before it is done, in characters; throws when it is too much. */
export type Spend = (characters: number) => void

interface Variable {
  /** Undefined where the cluster knows the value and a manifest does not: Secrets, fields of the pod. */
  text: string | undefined
  method: ClaimedEvidence['method']
  manifest: Manifest
  path: NodePath
  field: string
  imported?: string | undefined
}

/** A value that grows beyond this by `$(VAR)` stays unexpanded: variables that double each other are a bomb. */
const maxExpandedLength = 8_192

/**
 * Reads what a container is told as Kubernetes would tell it: `envFrom` before `env`, later over earlier, `$(VAR)` from
 * what stands above, `$$` as an escape.
 */
export function findAddressesInContainer(
  workload: Workload,
  container: Container,
  { findConfigMap, spend }: { findConfigMap: FindConfigMap; spend: Spend },
): FoundAddress[] {
  const variables = readVariables(workload, container, findConfigMap)
  for (const { text = '' } of variables.values()) spend(50 + text.length)
  const fromVariables = [...variables].flatMap(([name, variable]) =>
    variable.text === undefined
      ? []
      : findAddresses(name, variable.text).map((address) => found(address, variable)),
  )
  const fromArguments = ['command', 'args'].flatMap((field) => {
    const path = [...container.path, field]
    const words = listAt(container.spec, field).map((item) => expand(textOf(item) ?? '', variables))
    const place = { method: 'argument' as const, manifest: workload.manifest, path, field }
    const text = words.join('\n')
    spend(text.length)
    return findAddressesInArguments(text).map((address) => found(address, place))
  })
  return [...fromVariables, ...fromArguments]
}

function readVariables(
  workload: Workload,
  container: Container,
  findConfigMap: FindConfigMap,
): Map<string, Variable> {
  const variables = new Map<string, Variable>()
  for (const item of listAt(container.spec, 'envFrom')) {
    const configMap = findConfigMap(workload.namespace, textOf(recordAt(item, 'configMapRef')['name']) ?? '')
    const prefix = textOf(recordAt(item)['prefix']) ?? ''
    for (const key of Object.keys(configMap?.data ?? {})) {
      if (configMap === undefined) continue
      const variable = fromConfigMap(prefix + key, configMap, key)
      variables.set(prefix + key, { ...variable, imported: configMap.name })
    }
  }
  listAt(container.spec, 'env').forEach((item, position) => {
    const entry = recordAt(item)
    const name = textOf(entry['name'])
    if (name === undefined) return
    const path = [...container.path, 'env', position]
    variables.set(name, readVariable(name, entry, { workload, path, variables, findConfigMap }))
  })
  return variables
}

function readVariable(
  name: string,
  entry: Record<string, unknown>,
  at: {
    workload: Workload
    path: NodePath
    variables: ReadonlyMap<string, Variable>
    findConfigMap: FindConfigMap
  },
): Variable {
  const reference = recordAt(entry, 'valueFrom', 'configMapKeyRef')
  const key = textOf(reference['key'])
  const configMap = at.findConfigMap(at.workload.namespace, textOf(reference['name']) ?? '')
  if (key !== undefined && configMap !== undefined) return fromConfigMap(name, configMap, key)
  const value = textOf(entry['value'])
  // People build addresses from it: redis.$(NAMESPACE).svc
  const isNamespace = recordAt(entry, 'valueFrom', 'fieldRef')['fieldPath'] === 'metadata.namespace'
  const known = isNamespace ? at.workload.namespace : undefined
  return {
    text: value === undefined ? known : expand(value, at.variables),
    method: 'environment',
    manifest: at.workload.manifest,
    path: at.path,
    field: `env ${presentable(name)}`,
  }
}

function fromConfigMap(name: string, configMap: ConfigMapResource, key: string): Variable {
  return {
    text: Object.hasOwn(configMap.data, key) ? configMap.data[key] : undefined,
    method: 'config_map',
    manifest: configMap.manifest,
    path: ['data', key],
    field: `env ${presentable(name)} from ConfigMap ${configMap.name}`,
  }
}

/** https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/ */
function expand(text: string, variables: ReadonlyMap<string, Variable>): string {
  let expanded = ''
  let position = 0
  for (const match of text.matchAll(/\$\$|\$\(([^()]{1,200})\)/g)) {
    const value = match[1] === undefined ? '$' : variables.get(match[1])?.text
    expanded += text.slice(position, match.index) + (value ?? match[0])
    position = match.index + match[0].length
    if (expanded.length > maxExpandedLength) return text
  }
  return expanded + text.slice(position)
}

function found(
  address: Address,
  at: Pick<Variable, 'method' | 'manifest' | 'path' | 'field' | 'imported'>,
): FoundAddress {
  const { manifest, path, field, method, imported } = at
  const place = { file: manifest.file, line: manifest.lineOf(path), field }
  const basis = address.form === 'pair' ? 'inferred' : 'declared'
  return { address, evidence: { method, place, basis }, imported }
}

function presentable(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '?').slice(0, 100)
}
