import { protocolOf, type OperationNames } from '../importers/traces/operations.ts'
import { spanKinds, type Span, type SpanAttributes } from '../importers/traces/span.ts'
import { peerOf } from '../importers/traces/span-targets.ts'
import type { Entity } from '../model.ts'
import type { NewWaiting } from './waiting-spans.ts'

/** Whose entry it is, and what waits. */
export interface WaitingBatch extends NewWaiting {
  /** The process that took it in. */
  writer: string
  unanswered: Span[]
  unasked: Span[]
}

/** Id, id of the parent, position of the service, kind, operation, end, milliseconds, error, protocol, peer. */
type Row = [string, string, number, number, string, number, number, 0 | 1, string, string, string]

/**
 * Spans as they wait: what they did without ids and values, and of attributes only who was called and how.
 * @returns undefined when nothing waits
 */
export function encodeWaiting(
  { writer, source, unanswered, unasked }: NewWaiting & { writer: string },
  names: OperationNames,
  most: number,
): Record<string, unknown> | undefined {
  if (unanswered.length + unasked.length === 0) return undefined
  const services = new Map<Entity, number>()
  const rowOf = (span: Span): Row => {
    const service = services.get(span.service) ?? services.size
    services.set(span.service, service)
    const peer = peerOf(span)?.entity
    return [
      span.id,
      span.parentId ?? '',
      service,
      spanKinds.indexOf(span.kind),
      names.operationOf(span),
      Math.round(span.endedAt ?? 0),
      Math.round((span.durationMs ?? -1) * 100) / 100,
      span.isError ? 1 : 0,
      protocolOf(span) ?? '',
      peer?.name ?? '',
      peer?.namespace ?? '',
    ]
  }
  // Answers first: without them, calls look as if nobody answered.
  const callees = unasked.slice(0, most).map(rowOf)
  const callers = unanswered.slice(0, most - callees.length).map(rowOf)
  return { writer, source, services: [...services.keys()], callers, callees }
}

/** The inverse of {@link encodeWaiting}. */
export function decodeWaiting(entry: Record<string, unknown>): WaitingBatch {
  const { writer, source, services, callers, callees } = entry as {
    writer: string
    source: string
    services: Entity[]
    callers: Row[]
    callees: Row[]
  }
  const spanOf = (row: Row): Span[] => {
    const [id, parentId, position, kind, name, endedAt, durationMs, error, protocol, peer, namespace] = row
    const service = services[position]
    if (service === undefined) return []
    return [
      {
        id,
        parentId: parentId === '' ? undefined : parentId,
        service,
        kind: spanKinds[kind] ?? 'unspecified',
        name,
        endedAt: endedAt > 0 ? endedAt : undefined,
        durationMs: durationMs >= 0 ? durationMs : undefined,
        isError: error === 1,
        attributes: attributesOf(protocol, peer, namespace),
        place: ingestedPlace,
      },
    ]
  }
  return { writer, source, unanswered: callers.flatMap(spanOf), unasked: callees.flatMap(spanOf) }
}

/** Where spans stand that were sent. */
export const ingestedPlace = { file: '/v1/traces', line: 1 }

function attributesOf(protocol: string, peer: string, namespace: string): SpanAttributes {
  return {
    ...(protocol === 'http' ? { 'http.request.method': 'GET' } : { 'rpc.system.name': protocol }),
    'service.peer.name': peer,
    'service.peer.namespace': namespace,
  }
}
