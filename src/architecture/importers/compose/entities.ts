import { entityRef, type ClaimedEntity } from '../../model.ts'
import { oneLine } from '../presentable-text.ts'
import { findTechnology, isGateway } from '../technologies.ts'
import { telemetryTag } from '../../kind-groups.ts'
import { isTelemetry } from '../telemetry.ts'
import { isRecord, recordAt, textOf } from '../untyped-values.ts'
import { interpolate } from './interpolation.ts'
import { itemsOf, lastOf, lastText, type ComposeService } from './services.ts'
import type { ServiceVariable } from './variables.ts'

/** What is known of a service besides its own description. */
export interface ServiceFacts {
  aliases: string[]
  /** Set where services of several projects share the name. */
  namespace: string | undefined
  variables: ReadonlyMap<string, ServiceVariable>
  /** Ports that others address it by. */
  usedPorts: readonly number[]
  /** Schemes of the URLs that others address it by. */
  usedSchemes: readonly string[]
  /** Others wait for it to end. */
  runsToItsEnd: boolean
}

/** Variables that only the server of a product is given; they tell what an image built at home is, with its name. */
const portsByVariable: Record<string, number> = {
  MYSQL_ROOT_PASSWORD: 3306,
  MYSQL_ALLOW_EMPTY_PASSWORD: 3306,
  MYSQL_RANDOM_ROOT_PASSWORD: 3306,
  MARIADB_ROOT_PASSWORD: 3306,
  POSTGRES_PASSWORD: 5432,
  POSTGRES_HOST_AUTH_METHOD: 5432,
  MONGO_INITDB_ROOT_USERNAME: 27_017,
  MONGO_INITDB_DATABASE: 27_017,
  RABBITMQ_DEFAULT_USER: 5672,
  KAFKA_LISTENERS: 9092,
  KAFKA_CFG_LISTENERS: 9092,
  KAFKA_ADVERTISED_LISTENERS: 9092,
}

/** Describes a service as an entity. */
export function entityOf(service: ComposeService, facts: ServiceFacts): ClaimedEntity {
  const { name } = service
  const { namespace, aliases } = facts
  const image = lastText(service, 'image')
    ?.replaceAll(/[^\w./:@-]/g, '')
    .slice(0, 300)
  const images = image === undefined || image === '' ? [] : [image]
  const ports = portsOf(service)
  const hinted = Object.keys(portsByVariable).flatMap((variable) =>
    facts.variables.has(variable) ? (portsByVariable[variable] ?? []) : [],
  )
  const technology = findTechnology({
    names: [name],
    images,
    ports: [...ports, ...facts.usedPorts, ...hinted],
    schemes: facts.usedSchemes,
  })
  const kind = isJob(service, facts)
    ? 'job'
    : (technology?.kind ?? (isGateway(images) ? 'gateway' : 'service'))
  const tags = [
    ...(isTelemetry({ names: [name], images }) ? [telemetryTag] : []),
    ...profilesOf(service).map((profile) => `profile:${profile}`),
  ]
  return {
    ref: entityRef({ kind, name, namespace }),
    kind,
    name,
    namespace,
    description: labelOf(service, 'org.opencontainers.image.description'),
    aliases: aliases.toSorted(),
    ...(tags.length > 0 ? { tags } : {}),
    attributes: {
      images: orAbsent(images),
      technology: kind === technology?.kind ? technology.name : undefined,
      replicas: replicasOf(service),
      ports: orAbsent(ports),
      labels: keptLabels(service),
    },
  }
}

/** What the containers listen on: the last number of each of `ports`, and `expose`. */
function portsOf(service: ComposeService): number[] {
  const found = [...itemsOf(service, 'ports'), ...itemsOf(service, 'expose')].flatMap(({ key, value }) => {
    if (isRecord(value)) return Number(textOf(value['target']))
    const [, port] = /(?:^|:)(\d{1,5})(?:-\d{1,5})?(?:\/\w{1,10})?$/.exec(key) ?? []
    return port === undefined ? [] : Number(port)
  })
  const ports = found.filter((port) => Number.isInteger(port) && port > 0 && port <= 65_535)
  return [...new Set(ports)].toSorted((a, b) => a - b)
}

function isJob(service: ComposeService, { runsToItsEnd }: ServiceFacts): boolean {
  const mode = textOf(recordAt(lastOf(service, 'deploy')?.value)['mode'])
  return runsToItsEnd || mode === 'replicated-job' || mode === 'global-job'
}

function replicasOf(service: ComposeService): number | undefined {
  const layer = service.layers.findLast(({ spec }) => recordAt(spec, 'deploy')['replicas'] !== undefined)
  const text = textOf(recordAt(layer?.spec, 'deploy')['replicas']) ?? lastText(service, 'scale')
  const count = Number(interpolate(text ?? '', service.project.lookup) || Number.NaN)
  return Number.isInteger(count) && count >= 0 && count <= 10_000 ? count : undefined
}

function profilesOf(service: ComposeService): string[] {
  const names = itemsOf(service, 'profiles').map(({ key }) => key)
  return [...new Set(names)].filter((name) => /^[A-Za-z0-9][\w.-]{0,50}$/.test(name)).slice(0, 10)
}

const labelsToKeep = [
  'app.kubernetes.io/component',
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/version',
  'org.opencontainers.image.version',
  'team',
  'tier',
]

function keptLabels(service: ComposeService): Record<string, string> | undefined {
  const entries = labelsToKeep.flatMap((label) => {
    const value = labelOf(service, label)
    return value !== undefined && /^[\w.-]{1,63}$/.test(value) ? [[label, value] as const] : []
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** One label, as one short line. */
function labelOf(service: ComposeService, label: string): string | undefined {
  const entry = itemsOf(service, 'labels').findLast(({ key }) => key === label || key.startsWith(`${label}=`))
  if (entry === undefined) return undefined
  const text = entry.key === label ? textOf(entry.value) : entry.key.slice(label.length + 1)
  return oneLine(interpolate(text ?? '', service.project.lookup))
}

function orAbsent<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list
}
