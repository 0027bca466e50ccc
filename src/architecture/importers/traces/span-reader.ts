import { isRecord, listAt, recordAt } from '../untyped-values.ts'
import { readService } from './service-identity.ts'
import { noAttributes, spanKinds, type Span, type SpanAttributes, type SpanKind } from './span.ts'
import type { Entity } from '../../model.ts'

/** What one export held. */
export interface SpanReading {
  spans: Span[]
  /** Spans that were left out because they have no valid ids. */
  malformed: number
  /** Spans that were left out because their resource does not name a service. */
  unnamed: number
  /** Spans that were left out because there were too many. */
  excess: number
}

/** Names of attributes of spans that are looked at, old and new. */
const wanted = new Set(
  `service.peer.name service.peer.namespace peer.service server.address net.peer.name net.sock.peer.name
  url.full http.url http.host http.request.method http.method http.route url.scheme
  rpc.system rpc.system.name rpc.service rpc.method
  db.system db.system.name db.namespace db.name db.operation db.operation.name db.collection.name db.sql.table
  messaging.system messaging.destination messaging.destination.name messaging.destination.template
  messaging.destination.temporary messaging.destination.anonymous messaging.temp_destination
  messaging.operation messaging.operation.type`.split(/\s+/),
)
const maxValueLength = 300

/**
 * Reads one ExportTraceServiceRequest, out of JSON or a decoded message. Whatever is not as it should be is left out
 * and counted, never guessed.
 */
export function readSpans(request: unknown, place: Span['place'], maxSpans: number): SpanReading {
  const reading: SpanReading = { spans: [], malformed: 0, unnamed: 0, excess: 0 }
  for (const resourceSpans of listAt(request, 'resourceSpans')) {
    const service = readService(attributesOf(recordAt(resourceSpans, 'resource'), () => true))
    // Until 2022 scopes were called instrumentation libraries.
    const scopes = [
      ...listAt(resourceSpans, 'scopeSpans'),
      ...listAt(resourceSpans, 'instrumentationLibrarySpans'),
    ]
    for (const scope of scopes) {
      for (const raw of listAt(scope, 'spans')) {
        if (reading.spans.length >= maxSpans) {
          reading.excess += 1
          continue
        }
        const span = isRecord(raw) ? readSpan(raw, service, place) : undefined
        if (span === undefined) reading.malformed += 1
        else if (span === 'unnamed') reading.unnamed += 1
        else reading.spans.push(span)
      }
    }
  }
  return reading
}

function readSpan(
  raw: Record<string, unknown>,
  service: Entity | undefined,
  place: Span['place'],
): Span | 'unnamed' | undefined {
  const traceId = hexOf(raw['traceId'], 16)
  const spanId = hexOf(raw['spanId'], 8)
  if (traceId === undefined || spanId === undefined) return undefined
  if (service === undefined) return 'unnamed'
  const parentId = hexOf(raw['parentSpanId'], 8)
  const startedAt = millisecondsOf(raw['startTimeUnixNano'])
  const endedAt = millisecondsOf(raw['endTimeUnixNano'])
  const name = raw['name']
  return {
    id: traceId + spanId,
    parentId: parentId === undefined ? undefined : traceId + parentId,
    service,
    kind: kindOf(raw['kind']),
    name: typeof name === 'string' ? name.slice(0, maxValueLength) : '',
    endedAt: endedAt ?? startedAt,
    durationMs:
      startedAt !== undefined && endedAt !== undefined && endedAt >= startedAt
        ? endedAt - startedAt
        : undefined,
    isError: isErrorCode(recordAt(raw, 'status')['code']),
    attributes: attributesOf(raw, (key) => wanted.has(key)),
    place,
  }
}

/** Values that are lists or maps say nothing to us. */
function attributesOf(holder: Record<string, unknown>, isWanted: (key: string) => boolean): SpanAttributes {
  let attributes: Record<string, string> | undefined
  for (const attribute of listAt(holder, 'attributes')) {
    const { key, value } = isRecord(attribute) ? attribute : {}
    if (typeof key !== 'string' || !isWanted(key) || !isRecord(value)) continue
    const text = textOfValue(value)
    // Without a prototype, so that no name of an attribute means more than itself.
    attributes ??= Object.create(null) as Record<string, string>
    if (text !== undefined) attributes[key] ??= text.slice(0, maxValueLength)
  }
  return attributes ?? noAttributes
}

/** Of a decoded message only own properties count: its prototype holds the defaults. */
function textOfValue(value: Record<string, unknown>): string | undefined {
  for (const form of ['stringValue', 'intValue', 'boolValue', 'doubleValue']) {
    const found = Object.hasOwn(value, form) ? value[form] : undefined
    if (typeof found === 'string') return found
    if (typeof found === 'number' || typeof found === 'boolean') return String(found)
    if (isLong(found)) return String(longToNumber(found))
  }
  return undefined
}

/** Ids are bytes in messages, hexadecimal in OTLP/JSON, and base64 from those who write messages as generic JSON. */
function hexOf(id: unknown, bytes: number): string | undefined {
  let hex: string | undefined
  if (id instanceof Uint8Array && id.length === bytes) {
    hex = Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('hex')
  } else if (typeof id === 'string' && id.length === bytes * 2) {
    hex = /^[0-9a-f]+$/i.test(id) ? id.toLowerCase() : undefined
  } else if (typeof id === 'string' && id.length === Math.ceil(bytes / 3) * 4) {
    const decoded = Buffer.from(id, 'base64')
    hex = decoded.length === bytes ? decoded.toString('hex') : undefined
  }
  return hex === undefined || /^0+$/.test(hex) ? undefined : hex
}

/** Some write the names of enum values instead of numbers. */
function kindOf(kind: unknown): SpanKind {
  if (typeof kind === 'number') return spanKinds[kind] ?? 'unspecified'
  const name = typeof kind === 'string' ? kind.replace(/^SPAN_KIND_/, '').toLowerCase() : ''
  return spanKinds.find((each) => each === name) ?? 'unspecified'
}

function isErrorCode(code: unknown): boolean {
  return code === 2 || code === 'STATUS_CODE_ERROR'
}

const earliest = Date.UTC(2000, 0, 1)
const latest = Date.UTC(2100, 0, 1)

/** To a fraction of a microsecond, which is what is left of nanoseconds in a floating point number. */
function millisecondsOf(nanoseconds: unknown): number | undefined {
  const number = isLong(nanoseconds)
    ? longToNumber(nanoseconds)
    : typeof nanoseconds === 'string' || typeof nanoseconds === 'number'
      ? Number(nanoseconds)
      : Number.NaN
  const milliseconds = number / 1e6
  return milliseconds >= earliest && milliseconds < latest ? milliseconds : undefined
}

/** A 64-bit number of protobuf.js. */
function isLong(value: unknown): value is { low: number; high: number } {
  return isRecord(value) && typeof value['low'] === 'number' && typeof value['high'] === 'number'
}

function longToNumber({ low, high }: { low: number; high: number }): number {
  return high * 2 ** 32 + (low >>> 0)
}
