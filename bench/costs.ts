import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { sha256 } from '../src/domain/identifiers.ts'
import type { Store } from '../src/storage/contract.ts'
import { openConnection, formatRequest } from './connection.ts'
import { type FixtureProcess, startFixture } from './fixture-process.ts'
import { connections, summarize, type Throughput } from './load.ts'
import type { BenchedServer } from './server-process.ts'
import { openSessions } from './sessions.ts'
import { type Call, type Wire, callMessage, introduction, wireHeaders } from './wires.ts'

/** What a server spends on one request, and how well it kept up. */
export interface Cost extends Throughput {
  cpuMicroseconds: number
}

/** Costs by what was asked of which server. */
export type Costs = Record<string, Cost>

/** So many that none comes near its limit of calls, as agents do not: then each call would be counted by itself. */
const sessionCount = 2000
const rounds = 3
/** Before anything counts: code gets compiled and caches fill, in at least this many requests, and each session is seen so often. */
const warmUp = { requests: 2000, rounds: 3 }

interface Workload {
  name: string
  server: Pick<FixtureProcess, 'port' | 'findCpu'>
  /** Whole requests, taken in turns. */
  requests: string[]
  /** What each answer holds. */
  expected: string
}

/**
 * Measures the CPU time a request costs the server, in turns with the servers it is compared with, so that whatever else
 * the machine does hits all alike; the median of the rounds.
 * @param openStore opens the server's own, in which the sessions are made
 */
export async function measureCosts(
  server: BenchedServer,
  {
    openStore,
    redisUrl,
    seconds,
  }: { openStore: () => Promise<Store>; redisUrl: string | undefined; seconds: number },
): Promise<Costs> {
  const sdk = await startFixture('sdk-server')
  const bare = redisUrl === undefined ? undefined : await startFixture('bare-server', redisUrl)
  try {
    const { origin } = server
    const store = await openStore()
    const tokens = await openSessions(store, { origin, organization: 'acme', count: sessionCount })
    await store.close()
    const workloads = [
      ...(bare && redisUrl !== undefined ? [await bareWorkload(bare, redisUrl)] : []),
      ...(await ourWorkloads(server, tokens)),
      ...sdkWorkloads(sdk),
    ]
    for (const workload of workloads) {
      const enough = Math.max(warmUp.requests, workload.requests.length * warmUp.rounds)
      await run(workload, (answered) => answered >= enough)
    }
    const measured = new Map<string, Cost[]>(workloads.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const workload of workloads) {
        const end = performance.now() + seconds * 1000
        measured.get(workload.name)?.push(await run(workload, () => performance.now() >= end))
      }
    }
    return Object.fromEntries(Array.from(measured, ([name, costs]) => [name, medianOf(costs)]))
  } finally {
    await sdk.stop()
    await bare?.stop()
  }
}

async function run(
  { server, requests, expected }: Workload,
  isOver: (answered: number) => boolean,
): Promise<Cost> {
  const durations: number[] = []
  let turn = 0
  const cpuBefore = (await server.findCpu()) ?? Number.NaN
  const begun = performance.now()
  const repeat = async () => {
    const { exchange, close } = openConnection(server.port)
    try {
      while (!isOver(durations.length)) {
        const started = performance.now()
        const answer = await exchange(requests[turn++ % requests.length] ?? '')
        durations.push(performance.now() - started)
        if (!answer.includes(expected)) throw new Error(`not the answer expected: ${answer.slice(0, 1000)}`)
      }
    } finally {
      close()
    }
  }
  await Promise.all(Array.from({ length: connections }, repeat))
  const elapsedSeconds = (performance.now() - begun) / 1000
  const cpu = ((await server.findCpu()) ?? Number.NaN) - cpuBefore
  return { cpuMicroseconds: cpu / durations.length, ...summarize(durations, elapsedSeconds) }
}

async function bareWorkload(server: FixtureProcess, redisUrl: string): Promise<Workload> {
  const redis = new Redis(redisUrl)
  const token = randomBytes(32).toString('base64url')
  await redis.set(`bare:${sha256(token)}`, JSON.stringify({ user: { id: 'ada', email: 'ada@example.com' } }))
  redis.disconnect()
  const headers = { authorization: `Bearer ${token}` }
  const request = formatRequest(server.origin, { method: 'GET', path: '/authenticated', headers })
  return { name: bareName, server, requests: [request], expected: 'ada@example.com' }
}

const calls: Record<string, Call> = {
  whoami: { name: 'whoami', arguments: {} },
  get_dependencies: { name: 'get_dependencies', arguments: { ref: 'gateway' } },
}
const wires = ['2025-11-25', '2026-07-28'] as const

export const bareName = 'bare authenticated request'
const ourName = (tool: string, wire: Wire) => `tools/call ${tool}, ${wire}`
const sdkName = (tool: string, wire: Wire) => `createMcpHandler, ${tool}, ${wire}`

/** Every call, by the names of ours and of what it is compared with. */
export const comparedCalls = Object.keys(calls).flatMap((tool) =>
  wires.map((wire) => ({ ours: ourName(tool, wire), sdk: sdkName(tool, wire) })),
)

async function ourWorkloads(server: BenchedServer, tokens: readonly string[]): Promise<Workload[]> {
  // As Claude Code does, the clients of 2025-11-25 keep a protocol session.
  const sessionIds = await beginProtocolSessions(server, tokens)
  return Object.entries(calls).flatMap(([tool, call]) =>
    wires.map((wire) => ({
      name: ourName(tool, wire),
      server,
      expected: expectedOf(tool),
      requests: tokens.map((token, i) =>
        formatRequest(server.origin, {
          method: 'POST',
          path: '/mcp/v1',
          headers: {
            ...wireHeaders(wire, call),
            authorization: `Bearer ${token}`,
            ...(wire === '2025-11-25' ? { 'mcp-session-id': sessionIds[i] ?? '' } : {}),
          },
          body: JSON.stringify(callMessage(wire, call)),
        }),
      ),
    })),
  )
}

function sdkWorkloads(server: FixtureProcess): Workload[] {
  return Object.entries(calls).flatMap(([tool, call]) =>
    wires.map((wire) => {
      const headers = wireHeaders(wire, call)
      const body = JSON.stringify(callMessage(wire, call))
      const request = formatRequest(server.origin, { method: 'POST', path: '/mcp', headers, body })
      return { name: sdkName(tool, wire), server, requests: [request], expected: expectedOf(tool) }
    }),
  )
}

function expectedOf(tool: string): string {
  return tool === 'whoami' ? '"structuredContent":{"user":' : '"structuredContent":{"summary":'
}

async function beginProtocolSessions(server: BenchedServer, tokens: readonly string[]): Promise<string[]> {
  const { exchange, close } = openConnection(server.port)
  const ids: string[] = []
  for (const token of tokens) {
    const answer = await exchange(
      formatRequest(server.origin, {
        method: 'POST',
        path: '/mcp/v1',
        headers: { ...wireHeaders('2025-11-25'), authorization: `Bearer ${token}` },
        body: JSON.stringify(introduction),
      }),
    )
    ids.push(/\r\nmcp-session-id: *(\S+)/i.exec(answer)?.[1] ?? '')
  }
  close()
  return ids
}

function medianOf(costs: readonly Cost[]): Cost {
  const sorted = costs.toSorted((a, b) => a.cpuMicroseconds - b.cpuMicroseconds)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (!middle) throw new Error('nothing was measured')
  return middle
}
