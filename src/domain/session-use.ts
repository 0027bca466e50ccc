import type { Documents } from '../storage/contract.ts'

/** What a request tells about the use of a client session or an API token; every text is the client's own claim. */
export interface SessionUse {
  address: string
  userAgent: string
  /** Of the client program, such as `2.1.330`. */
  clientVersion?: string | undefined
  /** Of MCP, such as `2025-11-25`. */
  protocolRevision?: string | undefined
  /** The last tool that was called. */
  lastTool?: string | undefined
}

interface NotedUse {
  at: number
  changedAt: number
  facts: Record<string, string>
}

// Last use is shown in minutes, so one write a minute for each is enough.
const touchInterval = 60_000

/** Notes uses beside the records of one kind. Lost updates are fine: a slow store is not worth waiting for. */
export function createSessionUse({
  documents,
  kind,
  now,
}: {
  documents: Documents
  kind: 'client-session' | 'api-token'
  now: () => number
}) {
  const noted = new Map<string, NotedUse>()

  /** Writes at most once a minute, and at most once more a minute when what is known of the client changed. */
  return async function noteUse(id: string, use: SessionUse): Promise<void> {
    const last = noted.get(id)
    const facts = { ...last?.facts, ...factsOf(use) }
    const due = last === undefined || now() - last.at >= touchInterval
    const changed =
      last !== undefined &&
      now() - last.changedAt >= touchInterval &&
      Object.entries(facts).some(([name, value]) => last.facts[name] !== value)
    if (!due && !changed) return
    if (noted.size > 10_000) noted.clear()
    noted.set(id, { at: now(), changedAt: changed ? now() : (last?.changedAt ?? 0), facts })
    await documents.touch(kind, id, {
      lastUsedAt: now(),
      lastAddress: use.address,
      lastUserAgent: use.userAgent.slice(0, 200),
      ...facts,
    })
  }
}

function factsOf({ clientVersion, protocolRevision, lastTool }: SessionUse): Record<string, string> {
  return {
    ...(clientVersion !== undefined && { clientVersion }),
    ...(protocolRevision !== undefined && { protocolRevision }),
    ...(lastTool !== undefined && { lastTool }),
  }
}
