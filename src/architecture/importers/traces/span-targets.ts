import { entityRef, type Entity, type RelationType } from '../../model.ts'
import { isHostName, isOwnHost, withoutFinalDot } from '../host-names.ts'
import { findTechnologyByWord } from '../technologies.ts'
import { isRead, isWrite } from './database-operations.ts'
import { presentableName } from './service-identity.ts'
import { attributeOf, type Span } from './span.ts'

/** What a span used that sends no spans itself, and how. */
export interface SpanTarget {
  entity: Entity
  type: RelationType
}

/** Databases that run within the process that uses them. */
const embedded = new Set(['sqlite', 'h2', 'h2database', 'hsqldb', 'derby'])

/** Whether a span is about a database: what it used is told by its attributes, whoever else was involved. */
export function isDatabaseSpan({ attributes }: Span): boolean {
  return attributeOf(attributes, 'db.system.name', 'db.system') !== undefined
}

/** Whether a span is about a message in a queue. */
export function isMessagingSpan({ attributes }: Span): boolean {
  return (
    attributeOf(attributes, 'messaging.system', 'messaging.destination.name', 'messaging.destination') !==
    undefined
  )
}

/**
 * The store a database span used: by its host, which other sources know it by; else by product and database.
 * @returns undefined for a database within the process
 */
export function storeOf(span: Span): SpanTarget | undefined {
  const system = attributeOf(span.attributes, 'db.system.name', 'db.system')?.toLowerCase() ?? ''
  if (embedded.has(system)) return undefined
  const product = findTechnologyByWord(system.replace(/^(?:aws|gcp|azure|microsoft|ibm|sap)\./, ''))
  const technology = product?.name ?? presentableName(system) ?? 'database'
  const database = presentableName(attributeOf(span.attributes, 'db.namespace', 'db.name'))
  const isNamed = database !== undefined && !/^\d+$/.test(database)
  const place = hostOf(span) ?? { name: isNamed ? `${technology}-${database}` : technology }
  const kind = product?.kind ?? 'database'
  const command = attributeOf(span.attributes, 'db.operation.name', 'db.operation') ?? firstWord(span.name)
  const type = isRead(command) ? 'reads' : isWrite(command) ? 'writes' : 'reads_writes'
  return { entity: entityAt(span, kind, place, { technology }), type }
}

/**
 * The queue or topic of a message. Names that are made for one reader are not told.
 * @param other the span at the other end, which may know the name
 */
export function queueOf(span: Span, other?: Span): SpanTarget | undefined {
  const type = directionOf(span)
  if (type === undefined) return undefined
  const named = [span, ...(other === undefined ? [] : [other])]
  const system = named
    .map(({ attributes }) => attributeOf(attributes, 'messaging.system'))
    .find((each) => each !== undefined)
    ?.toLowerCase()
  const product = system === undefined ? undefined : findTechnologyByWord(system)
  const technology = product?.name ?? presentableName(system)
  const destination = named.map(destinationOf).find((each) => each !== undefined)
  const name = destination ?? technology
  if (name === undefined) return undefined
  const attributes = {
    ...(technology !== undefined && { technology }),
    ...(destination !== undefined && { form: 'topic' }),
  }
  return { entity: entityAt(span, 'queue', { name }, attributes), type }
}

/**
 * Whom a client span called, by what it says of the other side. Addresses that are only numbers name nothing.
 * @returns undefined where it does not say
 */
export function peerOf(span: Span): SpanTarget | undefined {
  const told = presentableName(attributeOf(span.attributes, 'service.peer.name', 'peer.service'))
  const namespace = presentableName(attributeOf(span.attributes, 'service.peer.namespace'))
  const place = told === undefined ? hostOf(span) : { name: told, namespace }
  return place && { entity: entityAt(span, 'unresolved', place, {}), type: 'calls' }
}

function directionOf({ kind, attributes }: Span): RelationType | undefined {
  const operation = attributeOf(attributes, 'messaging.operation.type', 'messaging.operation')?.toLowerCase()
  if (kind === 'producer') return 'publishes'
  if (kind === 'consumer') return 'consumes'
  if (kind !== 'client' && kind !== 'unspecified') return undefined
  if (operation === 'publish' || operation === 'send' || operation === 'create') return 'publishes'
  if (operation === 'receive' || operation === 'process' || operation === 'deliver') return 'consumes'
  return kind === 'client' ? 'uses_queue' : undefined
}

function destinationOf({ attributes }: Span): string | undefined {
  const template = presentableName(attributeOf(attributes, 'messaging.destination.template'))
  const isTemporary = [
    'messaging.destination.temporary',
    'messaging.destination.anonymous',
    'messaging.temp_destination',
  ].some((name) => attributes[name] === 'true')
  if (template !== undefined || isTemporary) return template
  return presentableName(attributeOf(attributes, 'messaging.destination.name', 'messaging.destination'))
}

interface NamedPlace {
  name: string
  namespace?: string | undefined
}

/** A cluster's DNS name tells the namespace; another host is its whole name. */
function hostOf({ attributes }: Span): NamedPlace | undefined {
  const host = withoutFinalDot(
    hostIn(
      attributeOf(attributes, 'server.address', 'net.peer.name', 'net.sock.peer.name') ??
        attributeOf(attributes, 'url.full', 'http.url', 'http.host') ??
        '',
    ),
  )
  if (!isHostName(host) || isOwnHost(host) || /^[\d.]+$/.test(host)) return undefined
  const [, name, namespace] = /^([^.]+)\.([^.]+)\.svc(?:\.|$)/.exec(host) ?? []
  return name === undefined ? { name: host } : { name, namespace }
}

/** Without scheme, credentials, port and path. */
function hostIn(address: string): string {
  const [authority = ''] = address.replace(/^[a-z][a-z0-9+.-]*:\/*(?=[^\d])/i, '').split(/[/?#]/, 1)
  return authority.replace(/^.*@/, '').replace(/:\d*$/, '').toLowerCase()
}

function entityAt(
  { service: { environment } }: Span,
  kind: Entity['kind'],
  { name, namespace }: NamedPlace,
  attributes: Entity['attributes'],
): Entity {
  return {
    ref: entityRef({ kind, name, namespace, environment }),
    kind,
    name,
    ...(namespace !== undefined && { namespace }),
    ...(environment !== undefined && { environment }),
    aliases: [],
    attributes,
  }
}

function firstWord(text: string): string {
  return text.trim().split(/\s+/, 1)[0] ?? ''
}
