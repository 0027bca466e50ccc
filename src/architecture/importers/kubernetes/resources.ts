import type { NodePath } from '../yaml-documents.ts'
import { readFacts, type Fact } from './facts.ts'
import type { Manifest } from './manifest-reader.ts'
import { listAt, recordAt, textOf, textRecord } from '../untyped-values.ts'

/** Something that runs pods. */
export interface Workload {
  kind: WorkloadKind
  name: string
  namespace: string
  /** Labels of its pods: what Services select by. */
  podLabels: Record<string, string>
  facts: Fact[]
  replicas: number | undefined
  /** Names of ConfigMaps whose entries it sees as files. */
  mountedConfigMaps: string[]
  /** Names of ConfigMaps whose entries are its variables. */
  importedConfigMaps: string[]
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
  facts: Fact[]
  manifest: Manifest
}

/** A ConfigMap's text values. */
export interface ConfigMapResource {
  name: string
  namespace: string
  data: Record<string, string>
  manifest: Manifest
}

/** Anything else that says who may use or reaches what. */
export interface NamedResource extends Identity {
  manifest: Manifest
}

/** The objects of an import that say something about dependencies, each once. */
export interface Resources {
  workloads: Workload[]
  services: ServiceResource[]
  configMaps: ConfigMapResource[]
  /** Ingress, Gateway and what is attached to one. */
  routes: NamedResource[]
  networkPolicies: NamedResource[]
  /** Labels of namespaces: what policies select them by. */
  namespaceLabels: Map<string, Record<string, string>>
  ignored: Record<string, number>
  warnings: string[]
}

const podTemplatePaths = {
  Deployment: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Rollout: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  Pod: [],
} as const
type WorkloadKind = keyof typeof podTemplatePaths

const routeKinds = [
  'Ingress',
  'Gateway',
  'HTTPRoute',
  'GRPCRoute',
  'TCPRoute',
  'TLSRoute',
  'VirtualService',
] as const
type RelevantKind =
  WorkloadKind | (typeof routeKinds)[number] | 'Service' | 'ConfigMap' | 'NetworkPolicy' | 'Namespace'

/** Names a cluster would accept; also keeps markup and instructions for models out of answers. */
export const objectName = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/

/** Sorts manifests by what they are. Whatever has no usable name is left out with a warning. */
export function readResources(manifests: readonly Manifest[]): Resources {
  const found = new Map<string, { manifest: RelevantManifest; identity: Identity }>()
  const ignored: Record<string, number> = {}
  const warnings: string[] = []
  for (const manifest of manifests) {
    if (!isRelevant(manifest)) {
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
    const known = found.get(key)
    // Kustomize changes a whole object by others that only say what is to be different.
    const [isPatch, wasPatch] = [isPartial(manifest), known !== undefined && isPartial(known.manifest)]
    if (known !== undefined && isPatch === wasPatch)
      warnings.push(`${placeOf(manifest)}: ${key} is there twice; the last one counts`)
    else if (known !== undefined)
      warnings.push(
        `${placeOf(isPatch ? manifest : known.manifest)}: this part of ${key} was left out: apply patches first, for example with \`kubectl kustomize\``,
      )
    if (known === undefined || wasPatch || !isPatch) found.set(key, { manifest, identity })
  }
  const resources: Resources = {
    workloads: [],
    services: [],
    configMaps: [],
    routes: [],
    networkPolicies: [],
    namespaceLabels: new Map(),
    ignored,
    warnings,
  }
  for (const { manifest, identity } of found.values()) sortIn(resources, manifest, identity)
  return resources
}

function sortIn(resources: Resources, manifest: RelevantManifest, identity: Identity): void {
  const { kind } = manifest
  if (kind === 'Service') resources.services.push(readService(manifest, identity))
  else if (kind === 'ConfigMap') resources.configMaps.push(readConfigMap(manifest, identity))
  else if (kind === 'NetworkPolicy') resources.networkPolicies.push({ ...identity, manifest })
  else if (kind === 'Namespace')
    resources.namespaceLabels.set(identity.name, textRecord(recordAt(manifest.data, 'metadata')['labels']))
  else if (isWorkloadKind(kind)) resources.workloads.push(readWorkload(manifest, kind, identity))
  else resources.routes.push({ ...identity, manifest })
}

/** @returns `FILE:LINE` of a manifest or of a value inside it. */
export function placeOf(manifest: Manifest, path: NodePath = []): string {
  return `${manifest.file}:${manifest.lineOf(path)}`
}

type RelevantManifest = Manifest & { kind: RelevantKind }
interface Identity {
  name: string
  /** `default` where the manifest states none. */
  namespace: string
  statedNamespace: string | undefined
}

const otherKinds: ReadonlySet<string> = new Set([
  ...routeKinds,
  'Service',
  'ConfigMap',
  'NetworkPolicy',
  'Namespace',
])

/** What a dump of a cluster holds because another object made it says nothing that its owner does not. */
function isRelevant(manifest: Manifest): manifest is RelevantManifest {
  if (otherKinds.has(manifest.kind)) return true
  const owners = listAt(manifest.data, 'metadata', 'ownerReferences')
  return isWorkloadKind(manifest.kind) && owners.length === 0
}

/** Whether it cannot be applied by itself: pods without an image, a Service that leads nowhere. */
function isPartial({ kind, data }: RelevantManifest): boolean {
  if (kind === 'Service') {
    const { ports, selector, externalName } = recordAt(data, 'spec')
    return ports === undefined && selector === undefined && externalName === undefined
  }
  if (!isWorkloadKind(kind)) return false
  const containers = listAt(recordAt(data, ...podTemplatePaths[kind]), 'spec', 'containers')
  return !containers.some((container) => textOf(recordAt(container)['image']) !== undefined)
}

function isWorkloadKind(kind: string): kind is WorkloadKind {
  return Object.hasOwn(podTemplatePaths, kind)
}

/** @returns a warning when the object has no name a cluster would accept. */
function readIdentity(manifest: Manifest): Identity | string {
  const metadata = recordAt(manifest.data, 'metadata')
  const name = textOf(metadata['name'])
  const statedNamespace = textOf(metadata['namespace'])
  const namespace = statedNamespace ?? 'default'
  const place = placeOf(manifest, ['metadata'])
  if (name === undefined) return `${place}: ${manifest.kind} without a name was left out`
  if (objectName.test(name) && objectName.test(namespace)) return { name, namespace, statedNamespace }
  return `${place}: ${manifest.kind} was left out: its name or namespace is not valid in Kubernetes (an unrendered template?)`
}

function readWorkload(manifest: Manifest, kind: WorkloadKind, identity: Identity): Workload {
  const templatePath = podTemplatePaths[kind]
  const template = recordAt(manifest.data, ...templatePath)
  const replicas = recordAt(manifest.data, 'spec')['replicas']
  const { name, namespace } = identity
  const containers = [
    ...readContainers(template, [...templatePath, 'spec', 'containers'], false),
    ...readContainers(template, [...templatePath, 'spec', 'initContainers'], true),
  ]
  return {
    kind,
    name,
    namespace,
    podLabels: textRecord(recordAt(template, 'metadata')['labels']),
    facts: readFacts(manifest, templatePath),
    replicas: typeof replicas === 'number' ? replicas : undefined,
    mountedConfigMaps: listAt(template, 'spec', 'volumes').flatMap((volume) =>
      [volume, ...listAt(volume, 'projected', 'sources')].flatMap(
        (source) => textOf(recordAt(source, 'configMap')['name']) ?? [],
      ),
    ),
    importedConfigMaps: containers.flatMap(({ spec }) =>
      listAt(spec, 'envFrom').flatMap((item) => textOf(recordAt(item, 'configMapRef')['name']) ?? []),
    ),
    containers,
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
  const { name, namespace } = identity
  return {
    name,
    namespace,
    selector: textRecord(spec['selector']),
    ports: numbers(ports.flatMap((port) => [port['port'], port['targetPort']])),
    externalName: externalName !== undefined && objectName.test(externalName) ? externalName : undefined,
    clusterIp: textOf(spec['clusterIP']),
    facts: readFacts(manifest),
    manifest,
  }
}

function readConfigMap(manifest: Manifest, { name, namespace }: Identity): ConfigMapResource {
  return { name, namespace, data: textRecord(manifest.data['data']), manifest }
}

function numbers(values: unknown[]): number[] {
  const found = values.filter(
    (value) => typeof value === 'number' && Number.isInteger(value) && value > 0,
  ) as number[]
  return [...new Set(found)].toSorted((a, b) => a - b)
}
