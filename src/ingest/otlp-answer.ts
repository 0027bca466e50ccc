import protobuf from 'protobufjs/light.js'
import type { OtlpEncoding } from '../architecture/ingestion/trace-request.ts'
import type { Context } from '../http/request-context.ts'

/** ExportTraceServiceResponse of OTLP 1.x and google.rpc.Status, as far as they are used. */
const messages = protobuf.Root.fromJSON({
  nested: {
    ExportTraceServiceResponse: { fields: { partialSuccess: { type: 'PartialSuccess', id: 1 } } },
    PartialSuccess: {
      fields: { rejectedSpans: { type: 'int64', id: 1 }, errorMessage: { type: 'string', id: 2 } },
    },
    Status: { fields: { code: { type: 'int32', id: 1 }, message: { type: 'string', id: 2 } } },
  },
})
const exportResponse = messages.lookupType('ExportTraceServiceResponse')
const status = messages.lookupType('Status')

/** Codes of google.rpc that statuses of HTTP stand for. */
const codes: Record<number, number> = { 401: 16, 403: 7, 405: 12, 413: 8, 429: 8, 503: 14 }
const invalidArgument = 3

/** Answers in the encoding of the request that all was taken, or what was left out (OTLP/HTTP, Partial Success). */
export function answerTaken(
  ctx: Context,
  encoding: OtlpEncoding,
  { rejectedSpans, errorMessage }: { rejectedSpans: number; errorMessage: string },
): void {
  const isPartial = rejectedSpans > 0 || errorMessage !== ''
  ctx.status = 200
  if (encoding === 'json') {
    // 64-bit numbers are strings in JSON (ProtoJSON).
    ctx.body = isPartial ? { partialSuccess: { rejectedSpans: String(rejectedSpans), errorMessage } } : {}
  } else {
    const response = isPartial ? { partialSuccess: { rejectedSpans, errorMessage } } : {}
    answerMessage(ctx, exportResponse.encode(exportResponse.fromObject(response)).finish())
  }
}

/** Answers a failure with a Status, as OTLP/HTTP wants it. The message is a sentence for whoever runs the collector. */
export function answerFailure(
  ctx: Context,
  encoding: OtlpEncoding,
  failure: { status: number; message: string; retryAfterSeconds?: number | undefined },
): void {
  const body = { code: codes[failure.status] ?? invalidArgument, message: failure.message }
  ctx.status = failure.status
  if (failure.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(failure.retryAfterSeconds))
  if (encoding === 'json') ctx.body = body
  else answerMessage(ctx, status.encode(status.fromObject(body)).finish())
}

function answerMessage(ctx: Context, bytes: Uint8Array): void {
  ctx.body = Buffer.from(bytes)
  ctx.type = 'application/x-protobuf'
}
