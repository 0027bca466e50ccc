import protobuf from 'protobufjs/light.js'

/**
 * The fields we read of ExportTraceServiceRequest (opentelemetry-proto 1.x); all others are skipped while decoding.
 * Values that are lists or maps are among those.
 */
const root = protobuf.Root.fromJSON({
  nested: {
    ExportTraceServiceRequest: {
      fields: { resourceSpans: { rule: 'repeated', type: 'ResourceSpans', id: 1 } },
    },
    ResourceSpans: {
      fields: {
        resource: { type: 'Resource', id: 1 },
        scopeSpans: { rule: 'repeated', type: 'ScopeSpans', id: 2 },
      },
    },
    Resource: { fields: { attributes: { rule: 'repeated', type: 'KeyValue', id: 1 } } },
    ScopeSpans: { fields: { spans: { rule: 'repeated', type: 'Span', id: 2 } } },
    Span: {
      fields: {
        traceId: { type: 'bytes', id: 1 },
        spanId: { type: 'bytes', id: 2 },
        parentSpanId: { type: 'bytes', id: 4 },
        name: { type: 'string', id: 5 },
        kind: { type: 'int32', id: 6 },
        startTimeUnixNano: { type: 'fixed64', id: 7 },
        endTimeUnixNano: { type: 'fixed64', id: 8 },
        attributes: { rule: 'repeated', type: 'KeyValue', id: 9 },
        status: { type: 'Status', id: 15 },
      },
    },
    Status: { fields: { code: { type: 'int32', id: 3 } } },
    KeyValue: { fields: { key: { type: 'string', id: 1 }, value: { type: 'AnyValue', id: 2 } } },
    AnyValue: {
      oneofs: { value: { oneof: ['stringValue', 'boolValue', 'intValue', 'doubleValue'] } },
      fields: {
        stringValue: { type: 'string', id: 1 },
        boolValue: { type: 'bool', id: 2 },
        intValue: { type: 'int64', id: 3 },
        doubleValue: { type: 'double', id: 4 },
      },
    },
  },
})

/** The message of one export: for decoding, and for whoever wants to write one. */
export const traceRequest = root.lookupType('ExportTraceServiceRequest')

/** Repeated messages by field number, down to the attributes of spans: what takes memory once it is decoded. */
interface Repeated {
  [field: number]: Repeated
}
const repeated: Repeated = { 1: { 1: { 1: {} }, 2: { 2: { 9: {} } } } }

/** A message can say `empty span` in two bytes, so messages are counted before they are made. */
const maxMessages = 2_000_000

/**
 * @returns an export in the shape of its JSON, but for bytes and 64-bit numbers
 * @throws {Error} for what is not such a message, or holds too much
 */
export function decodeTraceRequest(bytes: Uint8Array): unknown {
  const reader = protobuf.Reader.create(bytes)
  countMessages(reader, reader.len, repeated, { left: maxMessages })
  return traceRequest.decode(bytes)
}

function countMessages(
  reader: protobuf.Reader,
  end: number,
  fields: Repeated,
  budget: { left: number },
): void {
  while (reader.pos < end) {
    const tag = reader.uint32()
    const within = fields[tag >>> 3]
    if (within === undefined || (tag & 7) !== 2) {
      reader.skipType(tag & 7)
      continue
    }
    const length = reader.uint32()
    const stop = reader.pos + length
    if (stop > end) throw new Error('a message is longer than what holds it')
    budget.left -= 1
    if (budget.left < 0) throw new Error(`more than ${maxMessages} spans and attributes`)
    countMessages(reader, stop, within, budget)
    reader.pos = stop
  }
}
