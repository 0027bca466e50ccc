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

  /**
   * Writes at most once a minute, and at most once more a minute when what is known of the client changed.
   * @returns undefined when there is nothing to write
   */
  return function noteUse(id: string, use: SessionUse): Promise<void> | undefined {
    const at = now()
    const last = noted.get(id)
    const isDue = last === undefined || at - last.at >= touchInterval
    const isNews = last !== undefined && at - last.changedAt >= touchInterval && tellsNews(use, last.facts)
    if (!isDue && !isNews) return undefined
    const facts = { ...last?.facts }
    for (const name of factNames) if (use[name] !== undefined) facts[name] = use[name]
    if (noted.size > 10_000) noted.clear()
    noted.set(id, { at, changedAt: isNews ? at : (last?.changedAt ?? 0), facts })
    return documents.touch(kind, id, {
      lastUsedAt: at,
      lastAddress: use.address,
      lastUserAgent: use.userAgent.slice(0, 200),
      ...facts,
    })
  }
}

const factNames = ['clientVersion', 'protocolRevision', 'lastTool'] as const

function tellsNews(use: SessionUse, facts: Record<string, string>): boolean {
  return factNames.some((name) => use[name] !== undefined && use[name] !== facts[name])
}
