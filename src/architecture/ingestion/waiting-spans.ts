import { randomUUID } from 'node:crypto'
import type { Logs } from '../../storage/contract.ts'
import type { OperationNames } from '../importers/traces/operations.ts'
import type { Span } from '../importers/traces/span.ts'
import { decodeWaiting, encodeWaiting } from './waiting-record.ts'

/**
 * Spans whose other half may come with another batch, to another process. They stand in the store for a while, in a log
 * of each organization that every process reads; what is kept here is only what was read of it.
 */
export interface WaitingSpans {
  /**
   * Writes spans down and finds those they pair with. Of two batches the one that was written later finds the pair,
   * whichever process that is, so each is found once.
   * @throws {StoreUnavailable}
   */
  readonly match: (organizationId: string, waiting: NewWaiting, names: OperationNames) => Promise<SpanPair[]>
  /**
   * Takes calls that nobody answered in time, of those that came to this process.
   * @throws {StoreUnavailable}
   */
  readonly takeOverdue: (organizationId: string) => Promise<OverdueSpan[]>
  /** Organizations of which spans wait here. */
  readonly organizations: () => string[]
}

/** What of a batch waits, and for whom it counts. */
export interface NewWaiting {
  source: string
  unanswered: readonly Span[]
  unasked: readonly Span[]
}

/** A call and its arrival. */
export interface SpanPair {
  caller: Span
  callee: Span
}

/** A call that was not seen to arrive. */
export interface OverdueSpan {
  source: string
  span: Span
}

/** For how long the other half may be on its way: collectors hold spans back for some seconds, and try again. */
export const waitingSeconds = 120
/** Of one batch; what exceeds it is not paired over batches. */
export const maxWaitingOfBatch = 2_000
const maxBatches = 300
const maxKept = 100_000
const pageSize = 20

interface Batch {
  /** Of its entry in the log. */
  id: string
  at: number
  callers: Caller[]
  callees: Span[]
}

interface Caller {
  span: Span
  isAnswered: boolean
  /** Set where it came to this process. */
  source: string | undefined
}

interface Readings {
  /** Id of the newest entry that was read. */
  position: string | undefined
  batches: Batch[]
  kept: number
  callers: Map<string, Caller>
  /** By the id of the call they wait for. */
  callees: Map<string, Span[]>
  /** Pairs of batches of this process that were not asked for yet, by id of their entry. */
  found: Map<string, SpanPair[]>
  overdue: OverdueSpan[]
  /** One reader at a time. */
  turn: Promise<unknown>
}

/** @returns waiting spans in the logs `spans:{organizationId}` */
export function createWaitingSpans({ logs, now }: { logs: Logs; now: () => number }): WaitingSpans {
  const writer = randomUUID()
  const byOrganization = new Map<string, Readings>()

  function readingsOf(organizationId: string): Readings {
    const known = byOrganization.get(organizationId)
    if (known !== undefined) return known
    const readings: Readings = {
      position: undefined,
      batches: [],
      kept: 0,
      callers: new Map(),
      callees: new Map(),
      found: new Map(),
      overdue: [],
      turn: Promise.resolve(),
    }
    byOrganization.set(organizationId, readings)
    return readings
  }

  /** Reads on in the log; what is too old by then has seen all its answers. */
  function readOn(organizationId: string, readings: Readings): Promise<void> {
    const reading = readings.turn.then(() => readAll(organizationId, readings))
    // The next reader starts over where this one failed.
    readings.turn = reading.catch(() => {})
    return reading
  }

  async function readAll(organizationId: string, readings: Readings): Promise<void> {
    const oldest = now() - waitingSeconds * 1000
    for (let hasMore = true; hasMore;) {
      const request = { limit: pageSize, order: 'oldest-first', since: oldest } as const
      const entries = await logs.page(streamOf(organizationId), { ...request, from: readings.position })
      for (const { id, at, entry } of entries) {
        const { writer: other, source, unanswered, unasked } = decodeWaiting(entry)
        const isOwn = other === writer
        const pairs = add(readings, { id, at, unanswered, unasked, source: isOwn ? source : undefined })
        if (isOwn) readings.found.set(id, pairs)
        readings.position = id
      }
      hasMore = entries.length === pageSize
    }
    forgetOld(readings, oldest)
  }

  return {
    match: async (organizationId, waiting, names) => {
      const entry = encodeWaiting({ ...waiting, writer }, names, maxWaitingOfBatch)
      if (entry === undefined) return []
      const keep = { ttlSeconds: waitingSeconds, maxEntries: maxBatches }
      const id = await logs.append(streamOf(organizationId), entry, keep)
      const readings = readingsOf(organizationId)
      await readOn(organizationId, readings)
      const pairs = readings.found.get(id) ?? []
      readings.found.delete(id)
      return pairs
    },
    takeOverdue: async (organizationId) => {
      const readings = byOrganization.get(organizationId)
      if (readings === undefined) return []
      await readOn(organizationId, readings)
      if (readings.batches.length === 0) byOrganization.delete(organizationId)
      return readings.overdue.splice(0)
    },
    organizations: () => [...byOrganization.keys()],
  }
}

interface ReadBatch {
  id: string
  at: number
  source: string | undefined
  unanswered: Span[]
  unasked: Span[]
}

/** @returns the pairs that this batch makes with those before it */
function add(readings: Readings, { id: entryId, at, source, unanswered, unasked }: ReadBatch): SpanPair[] {
  const pairs: SpanPair[] = []
  const callers = unanswered.map((span): Caller => ({ span, source, isAnswered: false }))
  for (const caller of callers) {
    for (const callee of readings.callees.get(caller.span.id) ?? []) addPair(pairs, caller, callee)
    const former = readings.callers.get(caller.span.id)
    // It was sent again.
    if (former) former.isAnswered = true
    readings.callers.set(caller.span.id, caller)
  }
  for (const callee of unasked) {
    const { parentId = '' } = callee
    const caller = readings.callers.get(parentId)
    if (caller) addPair(pairs, caller, callee)
    // Kept all the same: should this batch fail and be sent again, its calls are asked for again.
    const waiting = readings.callees.get(parentId)
    if (waiting === undefined) readings.callees.set(parentId, [callee])
    else if (!waiting.some(({ id }) => id === callee.id)) waiting.push(callee)
  }
  readings.batches.push({ id: entryId, at, callers, callees: unasked })
  readings.kept += callers.length + unasked.length
  return pairs
}

function addPair(pairs: SpanPair[], caller: Caller, callee: Span): void {
  caller.isAnswered = true
  if (caller.span.service.ref !== callee.service.ref) pairs.push({ caller: caller.span, callee })
}

function forgetOld(readings: Readings, before: number): void {
  for (;;) {
    const [oldest] = readings.batches
    if (oldest === undefined || (oldest.at >= before && readings.kept <= maxKept)) return
    readings.batches.shift()
    readings.found.delete(oldest.id)
    readings.kept -= oldest.callers.length + oldest.callees.length
    for (const caller of oldest.callers) {
      const { span, source, isAnswered } = caller
      if (readings.callers.get(span.id) === caller) readings.callers.delete(span.id)
      if (source !== undefined && !isAnswered) readings.overdue.push({ source, span })
    }
    for (const { id, parentId = '' } of oldest.callees) {
      const others = readings.callees.get(parentId)?.filter((callee) => callee.id !== id) ?? []
      if (others.length > 0) readings.callees.set(parentId, others)
      else readings.callees.delete(parentId)
    }
  }
}

function streamOf(organizationId: string): string {
  return `spans:${organizationId}`
}
