import type { Entity, RelationType } from '../../model.ts'
import { isBareMethod, protocolOf, type OperationNames } from './operations.ts'
import type { Span, SpanKind } from './span.ts'
import { isDatabaseSpan, isMessagingSpan, peerOf, queueOf, storeOf, type SpanTarget } from './span-targets.ts'

/** One use of one thing by another that was seen. */
export interface ObservedUse {
  from: Entity
  to: Entity
  type: RelationType
  /** Of the span that tells the times: that of the dependent. */
  kind: SpanKind
  operation: string
  protocol: string | undefined
  /** Epoch milliseconds. */
  at: number | undefined
  durationMs: number | undefined
  isError: boolean
  place: Span['place']
  /** Of the span that stands at `place`. */
  spanId: string
}

/** What spans tell, and what of them needs others to tell something. */
export interface Pairing {
  uses: ObservedUse[]
  /** Calls that were not seen to arrive. */
  unanswered: Span[]
  /** Arrivals whose cause is not among the spans. */
  unasked: Span[]
}

/**
 * Pairs spans: a span whose parent is of another service is a call of that service, whatever the kinds; spans about
 * databases and messages tell what they used by themselves; spans within one service tell nothing.
 */
export function pairSpans(spans: readonly Span[], names: OperationNames): Pairing {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const pairing: Pairing = { uses: [], unanswered: [], unasked: [] }
  const addUse = (span: Span, target: SpanTarget | undefined): void => {
    if (target) pairing.uses.push(observe(span, target, names.operationOf(span)))
  }
  /** Each end speaks for itself; together with the other only where it does not know the queue's name. */
  const addMessage = (span: Span, arrived?: Span): void => {
    if (arrived === undefined) return addUse(span, queueOf(span))
    if (!isMessagingSpan(span)) addUse(span, queueOf(span, arrived))
    if (!isMessagingSpan(arrived)) addUse(arrived, queueOf(arrived, span))
  }
  const isAnswered = new Set<string>()
  /** Client spans within client spans: an HTTP request that is the way an RPC or a query goes. */
  const isWrapper = new Set<string>()
  const isWrapped = new Set<string>()
  for (const span of spans) {
    const parent = span.parentId === undefined ? undefined : byId.get(span.parentId)
    if (parent === undefined) {
      if (span.parentId !== undefined && awaitsCause(span)) pairing.unasked.push(span)
    } else if (parent.service.ref !== span.service.ref) {
      if (isMessagingSpan(parent) || isMessagingSpan(span)) addMessage(parent, span)
      else pairing.uses.push(observeCall(parent, span, names))
      isAnswered.add(parent.id)
    } else if (span.kind === 'client' && parent.kind === 'client') {
      if (isDatabaseSpan(parent) || isMessagingSpan(parent)) isWrapped.add(span.id)
      else isWrapper.add(parent.id)
    }
  }
  for (const span of spans) {
    if (isMessagingSpan(span)) addMessage(span)
    else if (isAnswered.has(span.id) || isWrapper.has(span.id) || isWrapped.has(span.id)) continue
    else if (isDatabaseSpan(span)) addUse(span, isLeaving(span) ? storeOf(span) : undefined)
    else if (isLeaving(span)) pairing.unanswered.push(span)
  }
  return pairing
}

/** A call by one service, as it arrived at another. The dependent's times count, where it has any. */
export function observeCall(caller: Span, callee: Span, names: OperationNames): ObservedUse {
  const measured = caller.durationMs === undefined || caller.kind === 'producer' ? callee : caller
  const named = isBareMethod(caller.name) ? callee : caller
  return {
    ...observe(caller, { entity: callee.service, type: 'calls' }, names.operationOf(named)),
    protocol: protocolOf(caller) ?? protocolOf(callee),
    durationMs: measured.durationMs,
    isError: measured.isError,
  }
}

/** What a call that was not seen to arrive says of where it went. */
export function observePeer(span: Span, names: OperationNames): ObservedUse | undefined {
  const peer = peerOf(span)
  return peer && observe(span, peer, names.operationOf(span))
}

function observe(span: Span, { entity, type }: SpanTarget, operation: string): ObservedUse {
  const { service, kind, endedAt, durationMs, isError, place, id } = span
  return {
    from: service,
    to: entity,
    type,
    kind,
    operation,
    protocol: protocolOf(span),
    at: endedAt,
    durationMs,
    isError,
    place,
    spanId: id.slice(32),
  }
}

/** Whether a span can be one that another service answers. */
function isLeaving({ kind }: Span): boolean {
  return kind === 'client' || kind === 'producer' || kind === 'unspecified'
}

/** Whether a span can be one that another service caused. */
function awaitsCause(span: Span): boolean {
  const arrives = span.kind === 'server' || span.kind === 'consumer' || span.kind === 'unspecified'
  return arrives && !isMessagingSpan(span)
}
