import { newId } from '../../domain/identifiers.ts'
import type { Logs } from '../../storage/contract.ts'
import type { Architecture } from '../architecture.ts'
import { createOperationNames } from '../importers/traces/operations.ts'
import { observeCall, observePeer, pairSpans } from '../importers/traces/pairing.ts'
import type { Span } from '../importers/traces/span.ts'
import { createTraffic, type Traffic } from '../importers/traces/traffic.ts'
import type { Claims } from '../model.ts'
import { addObserved, maxIngestedEntities, mergeClaims, structureOf } from './observed-section.ts'
import { createWaitingSpans, maxWaitingOfBatch } from './waiting-spans.ts'

/** Takes in spans as they are sent, and keeps what they tell as the scope `traces` of a source. */
export interface TraceIngest {
  /**
   * What is new in the spans is stored when this returns, and so is what waits for spans of other batches. Counts and
   * times of relations that are known are written within half a minute.
   * @returns sentences about what was left out
   * @throws {StoreUnavailable} when nothing of the spans counts yet, so that they can be sent again
   */
  readonly receive: (organizationId: string, source: string, spans: readonly Span[]) => Promise<string[]>
  /** Writes what is not written yet and ends the regular writing. */
  readonly stop: () => Promise<void>
}

export interface TraceIngestDeps {
  architecture: Pick<Architecture, 'ingest'>
  logs: Logs
  /** Told when counts could not be written; they are tried again. */
  onDelay: (error: unknown) => void
  /** How often it is looked for what is due, in milliseconds. */
  lookEvery?: number
  now: () => number
}

const writeEveryMilliseconds = 30_000
/** What is known is forgotten beyond this, and learned again. */
const maxKnown = 50_000

/** What one source sent of late. */
interface Account {
  organizationId: string
  source: string
  /** Not written yet. */
  pending: Claims | undefined
  writtenAt: number
  /** Names of entities and relations that this process has written. */
  known: Set<string>
  /** One write at a time. */
  turn: Promise<unknown>
}

/** Starts taking in spans. Pairing needs no memory: what is kept here is a buffer of counts, which may be lost. */
export function createTraceIngest(deps: TraceIngestDeps): TraceIngest {
  const { architecture, logs, onDelay, lookEvery = 5_000, now } = deps
  const waiting = createWaitingSpans({ logs, now })
  const accounts = new Map<string, Account>()

  function accountOf(organizationId: string, source: string): Account {
    const name = `${organizationId}\n${source}`
    const known = accounts.get(name)
    if (known !== undefined) return known
    const account: Account = {
      organizationId,
      source,
      pending: undefined,
      writtenAt: now(),
      known: new Set(),
      turn: Promise.resolve(),
    }
    accounts.set(name, account)
    return account
  }

  /** Keeps what is known already for later, and writes at once what is not. Nothing counts when that fails. */
  async function take(account: Account, claims: Claims): Promise<number> {
    return inTurn(account, async () => {
      const all = account.pending === undefined ? claims : mergeClaims(account.pending, claims)
      const isNew = structureOf(claims).some((name) => !account.known.has(name))
      const leftOut = isNew ? await write(account, all) : 0
      account.pending = isNew ? undefined : all
      return leftOut
    })
  }

  async function write(account: Account, claims: Claims): Promise<number> {
    const at = now()
    const runId = newId(at)
    const key = { id: account.source, scope: 'traces' }
    let leftOut = 0
    await architecture.ingest(account.organizationId, key, (former) => {
      const added = addObserved(former, claims, { key, at, runId })
      leftOut = added.leftOut
      return added.section
    })
    account.writtenAt = at
    if (account.known.size > maxKnown) account.known.clear()
    for (const name of structureOf(claims)) account.known.add(name)
    return leftOut
  }

  async function flush(account: Account): Promise<void> {
    await inTurn(account, async () => {
      if (account.pending === undefined) return
      await write(account, account.pending)
      account.pending = undefined
    })
  }

  /** Calls that nobody answered lead to whom they name. They were let in long ago, so they wait with the counts. */
  async function takeOverdue(organizationId: string): Promise<void> {
    const names = createOperationNames()
    const bySource = new Map<string, Traffic>()
    for (const { source, span } of await waiting.takeOverdue(organizationId)) {
      const traffic = bySource.get(source) ?? createTraffic()
      bySource.set(source, traffic)
      const use = observePeer(span, names)
      if (use) traffic.add(use)
    }
    for (const [source, traffic] of bySource) {
      const account = accountOf(organizationId, source)
      await inTurn(account, async () => {
        const claims = traffic.claims()
        account.pending = account.pending === undefined ? claims : mergeClaims(account.pending, claims)
      })
    }
  }

  async function look(): Promise<void> {
    for (const organizationId of waiting.organizations()) await orDelay(() => takeOverdue(organizationId))
    for (const [name, account] of accounts) {
      const isDue = now() - account.writtenAt >= writeEveryMilliseconds
      if (isDue) await orDelay(() => flush(account))
      if (isDue && account.pending === undefined && now() - account.writtenAt > 10 * writeEveryMilliseconds)
        accounts.delete(name)
    }
  }

  async function orDelay(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      onDelay(error)
    }
  }

  let round: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    round = round.then(look)
  }, lookEvery)
  timer.unref()

  return {
    receive: async (organizationId, source, spans) => {
      if (spans.length === 0) return []
      const names = createOperationNames()
      const traffic = createTraffic()
      for (const { service } of spans) traffic.addEntity(service)
      const { uses, unanswered, unasked } = pairSpans(spans, names)
      for (const use of uses) traffic.add(use)
      const pairs = await waiting.match(organizationId, { source, unanswered, unasked }, names)
      for (const { caller, callee } of pairs) traffic.add(observeCall(caller, callee, names))
      const leftOut = await take(accountOf(organizationId, source), traffic.claims())
      return describeLimits(unanswered.length + unasked.length, leftOut)
    },
    stop: async () => {
      clearInterval(timer)
      await round
      for (const account of accounts.values()) await orDelay(() => flush(account))
    },
  }
}

/** One after the other for each account. */
function inTurn<T>(account: Account, work: () => Promise<T>): Promise<T> {
  const done = account.turn.then(work)
  account.turn = done.catch(() => {})
  return done
}

function describeLimits(waited: number, leftOut: number): string[] {
  return [
    ...(waited > maxWaitingOfBatch
      ? [
          `${waited - maxWaitingOfBatch} spans were not paired with spans of other batches: at most ${maxWaitingOfBatch} of a batch wait for them`,
        ]
      : []),
    ...(leftOut > 0
      ? [
          `${leftOut} services or what they use were left out: a source has at most ${maxIngestedEntities}. Do their names hold ids?`,
        ]
      : []),
  ]
}
