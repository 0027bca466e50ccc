import type { NodePath } from '../yaml-documents.ts'
import type { Manifest } from './manifest-reader.ts'
import { listAt, recordAt, textOf, textRecord } from '../untyped-values.ts'

/** Something that runs pods. */
export interface Workload {
  kind: WorkloadKind
  name: string
  namespace: string
  /** Labels of its pods: what Services select by. */
  podLabels: Record<string, string>
  description: string | undefined
  replicas: number | undefined
  containers: Container[]
  manifest: Manifest
}

/** What a container says, its variables and arguments still unread. */
export interface Container {
  image: string | undefined
  ports: number[]
  /** Where it stands in the manifest. */
  path: NodePath
  spec: Record<string, unknown>
  /** Runs before the workload and says nothing about what the workload is. */
  init: boolean
}

/** A Kubernetes Service: the name under which others reach pods. */
export interface ServiceResource {
  name: string
  namespace: string
  selector: Record<string, string>
  /** What it listens on, and the numeric target ports: behind a headless Service callers use those. */
  ports: number[]
  /** The host behind a Service of type ExternalName. */
  externalName: string | undefined
  clusterIp: string | undefined
  description: string | undefined
  manifest: Manifest
}

/** A ConfigMap's text values. */
export interface ConfigMapResource {
  name: string
  namespace: string
  data: Record<string, string>
  manifest: Manifest
}

/** The objects of an import that say something about dependencies, each once. */
export interface Resources {
  workloads: Workload[]
  services: ServiceResource[]
  configMaps: ConfigMapResource[]
  ignored: Record<string, number>
  warnings: string[]
}

const podTemplatePaths = {
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
} as const
type WorkloadKind = keyof typeof podTemplatePaths

/** Names a cluster would accept; also keeps markup and instructions for models out of answers. */
const objectName = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/

/** Sorts manifests by what they are. Whatever has no usable name is left out with a warning. */
export function readResources(manifests: readonly Manifest[]): Resources {
  const workloads = new Map<string, Workload>()
  const services = new Map<string, ServiceResource>()
  const configMaps = new Map<string, ConfigMapResource>()
  const ignored: Record<string, number> = {}
  const warnings: string[] = []
  for (const manifest of manifests) {
    if (!isRelevant(manifest.kind)) {
      const kind = /^[A-Za-z]{1,60}$/.test(manifest.kind) ? manifest.kind : 'without kind'
      ignored[kind] = (ignored[kind] ?? 0) + 1
      continue
    }
    const identity = readIdentity(manifest)
    if (typeof identity === 'string') {
      warnings.push(identity)
      continue
    }
    const key = `${manifest.kind} ${identity.namespace}/${identity.name}`
    if (workloads.has(key) || services.has(key) || configMaps.has(key)) {
      warnings.push(`${placeOf(manifest)}: ${key} is there twice; the last one counts`)
    }
    if (manifest.kind === 'Service') services.set(key, readService(manifest, identity))
    else if (manifest.kind === 'ConfigMap') configMaps.set(key, readConfigMap(manifest, identity))
    else workloads.set(key, readWorkload(manifest, manifest.kind, identity))
  }
  return {
    workloads: [...workloads.values()],
    services: [...services.values()],
    configMaps: [...configMaps.values()],
    ignored,
    warnings,
  }
}

/** @returns `FILE:LINE` of a manifest or of a value inside it. */
export function placeOf(manifest: Manifest, path: NodePath = []): string {
  return `${manifest.file}:${manifest.lineOf(path)}`
}

type RelevantManifest = Manifest & { kind: WorkloadKind | 'Service' | 'ConfigMap' }
interface Identity {
  name: string
  namespace: string
}

function isRelevant(kind: string): kind is RelevantManifest['kind'] {
  return kind === 'Service' || kind === 'ConfigMap' || Object.hasOwn(podTemplatePaths, kind)
}

/** @returns a warning when the object has no name a cluster would accept. */
function readIdentity(manifest: Manifest): Identity | string {
  const metadata = recordAt(manifest.data, 'metadata')
  const name = textOf(metadata['name'])
  const namespace = textOf(metadata['namespace']) ?? 'default'
  const place = placeOf(manifest, ['metadata'])
  if (name === undefined) return `${place}: ${manifest.kind} without a name was left out`
  if (objectName.test(name) && objectName.test(namespace)) return { name, namespace }
  return `${place}: ${manifest.kind} was left out: its name or namespace is not valid in Kubernetes (an unrendered template?)`
}

function readWorkload(manifest: Manifest, kind: WorkloadKind, identity: Identity): Workload {
  const templatePath = podTemplatePaths[kind]
  const template = recordAt(manifest.data, ...templatePath)
  const replicas = recordAt(manifest.data, 'spec')['replicas']
  return {
    kind,
    ...identity,
    podLabels: textRecord(recordAt(template, 'metadata')['labels']),
    description: readDescription(manifest),
    replicas: typeof replicas === 'number' ? replicas : undefined,
    containers: [
      ...readContainers(template, [...templatePath, 'spec', 'containers'], false),
      ...readContainers(template, [...templatePath, 'spec', 'initContainers'], true),
    ],
    manifest,
  }
}

function readContainers(
  template: Record<string, unknown>,
  path: readonly string[],
  init: boolean,
): Container[] {
  const key = path.at(-1) ?? ''
  return listAt(template, 'spec', key).map((item, position) => {
    const spec = recordAt(item)
    return {
      image: textOf(spec['image'])?.slice(0, 300),
      ports: numbers(listAt(spec, 'ports').map((port) => recordAt(port)['containerPort'])),
      path: [...path, position],
      spec,
      init,
    }
  })
}

function readService(manifest: Manifest, identity: Identity): ServiceResource {
  const spec = recordAt(manifest.data, 'spec')
  const ports = listAt(spec, 'ports').map((port) => recordAt(port))
  const externalName =
    spec['type'] === 'ExternalName' ? textOf(spec['externalName'])?.toLowerCase() : undefined
  return {
    ...identity,
    selector: textRecord(spec['selector']),
    ports: numbers(ports.flatMap((port) => [port['port'], port['targetPort']])),
    externalName: externalName !== undefined && objectName.test(externalName) ? externalName : undefined,
    clusterIp: textOf(spec['clusterIP']),
    description: readDescription(manifest),
    manifest,
  }
}

function readConfigMap(manifest: Manifest, identity: Identity): ConfigMapResource {
  return { ...identity, data: textRecord(manifest.data['data']), manifest }
}

/** The annotation Kubernetes reserves for this. Free text by strangers: one short line without control characters. */
function readDescription(manifest: Manifest): string | undefined {
  const text = textOf(recordAt(manifest.data, 'metadata', 'annotations')['kubernetes.io/description'])
  const line = text?.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  return line === undefined || line === '' ? undefined : line.slice(0, 240)
}

function numbers(values: unknown[]): number[] {
  const found = values.filter(
    (value) => typeof value === 'number' && Number.isInteger(value) && value > 0,
  ) as number[]
  return [...new Set(found)].toSorted((a, b) => a - b)
}
