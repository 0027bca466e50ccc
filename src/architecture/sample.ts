import { stringify } from 'yaml'
import type { ImportFile } from './importers/import-file.ts'
import {
  sampleNamespace as namespace,
  sampleWorkloads,
  sharedConfiguration,
  type SampleWorkload,
} from './sample-system.ts'

/** The sample as one would find it in a repository. */
export const sampleFiles: readonly ImportFile[] = [
  ...sampleWorkloads.map((workload) => ({
    path: `sample/${workload.name}.yaml`,
    content: [workloadManifest(workload), ...serviceManifests(workload)]
      .map((each) => stringify(each))
      .join('---\n'),
  })),
  {
    path: 'sample/shared-configuration.yaml',
    content: stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared-configuration', namespace },
      data: sharedConfiguration,
    }),
  },
  {
    path: 'sample/weather-feed.yaml',
    content: stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadataOf('weather-feed', 'Hourly forecasts of a weather service'),
      spec: { type: 'ExternalName', externalName: 'feed.weather.example' },
    }),
  },
]

function workloadManifest(workload: SampleWorkload): unknown {
  const { name, about, kind = 'Deployment', replicas = 1 } = workload
  const template = { metadata: { labels: labelsOf(workload) }, spec: { containers: [containerOf(workload)] } }
  const spec =
    kind === 'CronJob'
      ? { schedule: '30 2 * * *', jobTemplate: { spec: { template } } }
      : { replicas, selector: { matchLabels: { app: name } }, template }
  return {
    apiVersion: kind === 'CronJob' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: metadataOf(name, about),
    spec,
  }
}

function serviceManifests({ name, about, port, kind }: SampleWorkload): unknown[] {
  if (port === undefined) return []
  const headless = kind === 'StatefulSet' ? { clusterIP: 'None' } : {}
  const spec = { ...headless, selector: { app: name }, ports: [{ port, targetPort: port }] }
  return [{ apiVersion: 'v1', kind: 'Service', metadata: metadataOf(name, about), spec }]
}

function containerOf({ name, image, port, env = {}, shared = [] }: SampleWorkload): unknown {
  const fromShared = shared.map((key) => ({
    name: key,
    valueFrom: { configMapKeyRef: { name: 'shared-configuration', key } },
  }))
  return {
    name,
    image: image ?? `registry.lanternpost.example/${name}:2026.11`,
    ...(port === undefined ? {} : { ports: [{ containerPort: port }] }),
    env: [...Object.entries(env).map(([key, value]) => ({ name: key, value })), ...fromShared],
  }
}

function metadataOf(name: string, about: string): unknown {
  return { name, namespace, annotations: { 'kubernetes.io/description': about } }
}

function labelsOf({ name, team }: SampleWorkload): Record<string, string> {
  return { app: name, ...(team === undefined ? {} : { team }) }
}
