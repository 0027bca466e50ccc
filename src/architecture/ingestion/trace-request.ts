import { DomainError } from '../../domain/errors.ts'
import { decodeTraceRequest } from '../importers/traces/otlp-protobuf.ts'
import { countValues, maxValues } from '../importers/traces/span-files.ts'
import { readSpans, type SpanReading } from '../importers/traces/span-reader.ts'
import { isRecord } from '../importers/untyped-values.ts'
import { ingestedPlace } from './waiting-record.ts'

/** Encodings of OTLP/HTTP. */
export type OtlpEncoding = 'json' | 'protobuf'

/** Of one request; what exceeds it is left out and told. */
export const maxSpansOfRequest = 20_000

/**
 * Reads one ExportTraceServiceRequest that was sent.
 * @throws {DomainError} `invalid_input`
 */
export function readTraceRequest(body: Uint8Array, encoding: OtlpEncoding): SpanReading {
  const request = encoding === 'json' ? parseJson(body) : parseMessage(body)
  if (!isRecord(request)) throw invalid('The body is not an object.')
  const other = ['resourceMetrics', 'resourceLogs', 'resourceProfiles'].find((name) => name in request)
  if (other !== undefined) throw invalid(`The body has ${other}; only traces are taken here.`)
  return readSpans(request, ingestedPlace, maxSpansOfRequest)
}

function parseJson(body: Uint8Array): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw invalid('The body is not text in UTF-8.', cause)
  }
  if (countValues(text) > maxValues) throw invalid('The body holds too many values.')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid('The body is not valid JSON.', cause)
  }
}

function parseMessage(body: Uint8Array): unknown {
  try {
    return decodeTraceRequest(body)
  } catch (cause) {
    throw invalid('The body is no ExportTraceServiceRequest of OTLP, or is cut off.', cause)
  }
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('invalid_input', message, { cause })
}
