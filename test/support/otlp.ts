import { traceRequest } from '../../src/architecture/importers/traces/otlp-protobuf.ts'

/** One ExportTraceServiceRequest, as far as tests write it. */
export interface OtlpRequest {
  resourceSpans: OtlpResourceSpans[]
}

/** Spans of one resource. */
export interface OtlpResourceSpans {
  resource: { attributes: OtlpAttribute[] }
  scopeSpans: { spans: OtlpSpan[] }[]
}

export interface OtlpAttribute {
  key: string
  value: { stringValue: string } | { intValue: string } | { boolValue: boolean }
}

/** A span in OTLP/JSON. */
export interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind?: number
  startTimeUnixNano?: string
  endTimeUnixNano?: string
  attributes?: OtlpAttribute[]
  status?: { code?: number }
}

/** What differs between spans of tests; the rest is filled in. */
export interface SpanSketch {
  /** Up to 16 hexadecimal digits. */
  id: string
  parent?: string
  trace?: string
  name?: string
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  /** Epoch milliseconds of its end. */
  at?: number
  ms?: number
  error?: boolean
  attributes?: Record<string, string | boolean>
}

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }

/** Spans of one service. @param resource besides `service.name` */
export function spansOf(
  service: string,
  sketches: readonly SpanSketch[],
  resource: Record<string, string> = {},
): OtlpResourceSpans {
  return {
    resource: { attributes: attributes({ ...(service && { 'service.name': service }), ...resource }) },
    scopeSpans: [{ spans: sketches.map(span) }],
  }
}

/** The same request as a message. */
export function encodeTraces(request: OtlpRequest): Uint8Array {
  return traceRequest
    .encode(
      traceRequest.fromObject({
        resourceSpans: request.resourceSpans.map(({ resource, scopeSpans }) => ({
          resource,
          scopeSpans: scopeSpans.map(({ spans }) => ({
            spans: spans.map((each) => ({
              ...each,
              traceId: bytes(each.traceId),
              spanId: bytes(each.spanId),
              parentSpanId: bytes(each.parentSpanId),
            })),
          })),
        })),
      }),
    )
    .finish()
}

function bytes(id: string | undefined): Uint8Array {
  return Buffer.from(id ?? '', 'hex')
}

function span({
  id,
  parent,
  trace = '1',
  name = 'operation',
  kind,
  at,
  ms = 10,
  error,
  ...more
}: SpanSketch) {
  const end = at === undefined ? undefined : BigInt(at) * 1_000_000n
  return {
    traceId: trace.padStart(32, '0'),
    spanId: id.padStart(16, '0'),
    ...(parent !== undefined && { parentSpanId: parent.padStart(16, '0') }),
    name,
    ...(kind !== undefined && { kind: kinds[kind] }),
    ...(end !== undefined && {
      startTimeUnixNano: String(end - BigInt(ms) * 1_000_000n),
      endTimeUnixNano: String(end),
    }),
    attributes: attributes(more.attributes ?? {}),
    ...(error && { status: { code: 2 } }),
  }
}

function attributes(record: Record<string, string | boolean>): OtlpAttribute[] {
  return Object.entries(record).map(([key, value]) => ({
    key,
    value: typeof value === 'boolean' ? { boolValue: value } : { stringValue: value },
  }))
}
