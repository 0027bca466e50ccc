import { StoreUnavailable } from '../storage/contract.ts'

/** Hears of what an operator should know. */
export interface AuditTrouble {
  /** The store is out of reach; entries wait for it in memory. */
  readonly waiting: (count: number) => void
  readonly lost: (count: number, reason?: unknown) => void
}

const flushInterval = 100
const retryInterval = 1000
/** What an outage may hold back; what comes after that is lost, and said to be. */
const capacity = 10_000

/**
 * Appends in batches, behind the back of whoever it is for: their answer neither waits nor fails. What a store out of
 * reach does not take waits in memory and is tried again.
 */
export function createAuditQueue<Item>(deps: {
  append: (organizationId: string, items: Item[]) => Promise<void>
  trouble: AuditTrouble
}) {
  const { append, trouble } = deps
  let waiting = new Map<string, Item[]>()
  let size = 0
  let lost = 0
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  function add(organizationId: string, item: Item): void {
    put(organizationId, [item])
    schedule(flushInterval)
  }

  function put(organizationId: string, items: Item[]): void {
    const kept = items.slice(0, capacity - size)
    size += kept.length
    lost += items.length - kept.length
    const others = waiting.get(organizationId)
    if (others) others.push(...kept)
    else waiting.set(organizationId, kept)
  }

  function schedule(delay: number): void {
    timer ??= setTimeout(() => void flush(), delay).unref()
  }

  /** Writes what waits, once; never rejects. Before the store is closed, this is what loses nothing. */
  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    running = running.then(write)
    return running
  }

  async function write(): Promise<void> {
    const batch = waiting
    waiting = new Map()
    size = 0
    let heldBack = 0
    for (const [organizationId, items] of batch) {
      try {
        await append(organizationId, items)
      } catch (error) {
        // Anything else would fail again: it is a defect, and must not stop the others.
        if (error instanceof StoreUnavailable) {
          heldBack += items.length
          put(organizationId, items)
        } else trouble.lost(items.length, error)
      }
    }
    if (lost > 0) trouble.lost(lost)
    lost = 0
    // What was added meanwhile has its own time.
    if (heldBack === 0) return
    trouble.waiting(size)
    schedule(retryInterval)
  }

  return { add, flush }
}
