import { refuseImport, type ImportFile } from '../import-file.ts'
import type { Importer, Reading } from '../importer.ts'
import { isRecord } from '../untyped-values.ts'
import { createOperationNames } from './operations.ts'
import { observePeer, pairSpans } from './pairing.ts'
import { resolvePeers } from './peers.ts'
import { readSpanFiles, resemblesSpans, type SpanRecord } from './span-files.ts'
import { readSpans, type SpanReading } from './span-reader.ts'
import type { Span } from './span.ts'
import { createTraffic } from './traffic.ts'

/** Spans as OpenTelemetry's collector and SDKs export them (OTLP), in files. */
export const tracesImporter: Importer = {
  type: 'traces',
  title: 'OpenTelemetry traces (OTLP as JSON or protobuf)',
  accepts: resemblesSpans,
  read: readTraces,
}

const maxSpans = 500_000
/** More services and what they use would say that names hold ids. */
const maxEntities = 5_000

/**
 * Reads which services called which others, and what they used, out of spans.
 * @throws {DomainError} `import_refused`
 */
export function readTraces(files: readonly ImportFile[]): Reading {
  const { records, lineOf } = readSpanFiles(files)
  const { spans, ignored, warnings } = readRecords(records)
  const names = createOperationNames()
  const traffic = createTraffic(lineOf)
  for (const { service } of spans) traffic.addEntity(service)
  const { uses, unanswered, unasked } = pairSpans(spans, names)
  for (const use of uses) traffic.add(use)
  const leadNowhere = unanswered.filter((span) => {
    const use = observePeer(span, names)
    if (use !== undefined) traffic.add(use)
    return use === undefined && span.kind !== 'unspecified'
  })
  const claims = resolvePeers(traffic.claims())
  const place = { file: records[0]?.file ?? 'spans', line: records[0]?.line ?? 1 }
  if (claims.entities.length > maxEntities)
    throw refuseImport(
      place,
      `${claims.entities.length} services and what they use; at most ${maxEntities} are taken. Do their names hold ids?`,
    )
  const arrivals = unasked.filter(({ kind }) => kind !== 'unspecified')
  warnings.push(...describeUnpaired(place, leadNowhere.length, arrivals.length))
  return { claims, documents: records.length, ignored, warnings }
}

function readRecords(records: readonly SpanRecord[]): {
  spans: Span[]
  ignored: Record<string, number>
  warnings: string[]
} {
  const spans: Span[] = []
  const warnings: string[] = []
  const ignored: Record<string, number> = {}
  for (const { file, line, data } of records) {
    if (!isRecord(data) || !('resourceSpans' in data)) {
      const kind = isRecord(data) ? otherSignal(data) : undefined
      if (kind === undefined)
        throw refuseImport({ file, line }, 'this is no export of spans: it has no "resourceSpans"')
      ignored[kind] = (ignored[kind] ?? 0) + 1
      continue
    }
    const reading = readSpans(data, { file, line }, maxSpans - spans.length)
    if (reading.excess > 0)
      throw refuseImport({ file, line }, `more than ${maxSpans} spans in one import; split it`)
    for (const span of reading.spans) spans.push(span)
    warnings.push(...describeLeftOut(reading, `${file}:${line}`))
  }
  if (spans.length === 0) {
    const place = { file: records[0]?.file ?? 'spans', line: 1 }
    throw refuseImport(place, 'there is no span of a named service in what was given')
  }
  return { spans, ignored, warnings: warnings.slice(0, 50) }
}

/** The collector may write metrics and logs into the same file. */
function otherSignal(data: Record<string, unknown>): string | undefined {
  return ['resourceMetrics', 'resourceLogs', 'resourceProfiles'].find((kind) => kind in data)
}

/** @param where as in `FILE:LINE` */
export function describeLeftOut(
  { malformed, unnamed, excess }: Omit<SpanReading, 'spans'>,
  where?: string,
): string[] {
  const place = where === undefined ? '' : `${where}: `
  return [
    ...(malformed > 0
      ? [`${place}${malformed} spans were left out: they have no valid traceId and spanId`]
      : []),
    ...(unnamed > 0 ? [`${place}${unnamed} spans were left out: their resource has no service.name`] : []),
    ...(excess > 0 ? [`${place}${excess} spans were left out: there are too many in one export`] : []),
  ]
}

function describeUnpaired(
  { file, line }: { file: string; line: number },
  leadNowhere: number,
  arrivals: number,
): string[] {
  return [
    ...(leadNowhere > 0
      ? [
          `${file}:${line}: ${leadNowhere} calls are answered by no other span and name no peer, so what they lead to is unknown`,
        ]
      : []),
    ...(arrivals > 0
      ? [`${file}:${line}: ${arrivals} calls arrived from spans that are not here, so who called is unknown`]
      : []),
  ]
}
