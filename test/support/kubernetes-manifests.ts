import type { Reading } from '../../src/architecture/importers/importer.ts'
import { readKubernetes } from '../../src/architecture/importers/kubernetes/importer.ts'

export interface WorkloadOptions {
  kind?: string
  namespace?: string
  image?: string
  labels?: Record<string, string>
  env?: unknown
  envFrom?: unknown
  args?: unknown
  command?: unknown
  initContainers?: unknown
  extraContainers?: unknown[]
  volumes?: unknown[]
}

/** A workload labelled `app: NAME`. JSON is YAML. */
export function workload(name: string, options: WorkloadOptions = {}): string {
  const { kind = 'Deployment', namespace, image = `example/${name}:1`, labels = { app: name } } = options
  const { env, envFrom, args, command, initContainers, extraContainers = [], volumes } = options
  const containers = [{ name, image, env, envFrom, args, command }, ...extraContainers]
  const template = { metadata: { labels }, spec: { containers, initContainers, volumes } }
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template }
  return JSON.stringify({ kind, metadata: { name, namespace }, spec })
}

/** A Service that selects `app: NAME`. */
export function service(
  name: string,
  options: { namespace?: string; port?: number; selector?: unknown; spec?: object } = {},
): string {
  const { namespace, port = 80, selector = { app: name }, spec = {} } = options
  return JSON.stringify({
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector, ports: [{ port }], ...spec },
  })
}

export function configMap(name: string, data: Record<string, string>, namespace?: string): string {
  return JSON.stringify({ kind: 'ConfigMap', metadata: { name, namespace }, data })
}

/** Imports one file of these documents. */
export function readDocuments(...documents: string[]): Reading {
  return readKubernetes([{ path: 'test.yaml', content: documents.join('\n---\n') }])
}

/** Relations as `from -type-> to`. */
export function edgesOf({ claims }: Reading): string[] {
  return claims.relations.map(({ from, to, type }) => `${from} -${type}-> ${to}`)
}

export function refsOf({ claims }: Reading): string[] {
  return claims.entities.map(({ ref }) => ref)
}
