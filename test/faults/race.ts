import { callTool, refresh, signIn, type Tokens } from '../support/oauth-client.ts'
import { processHeader } from '../support/server-process.ts'
import type { Build } from './build.ts'
import { startCluster } from './cluster.ts'

const holders = 20
/** Each goes through its rounds one after the other. */
const sessionsAtOnce = 5

/** A client session whose refresh token many processes of its user hold. */
export interface SharedSession {
  origin: string
  clientId: string
  tokens: Tokens
}

/**
 * Rounds of twenty parallel refreshes of one token, over two processes with a slow store.
 * @param options.latency of every call to the store, in milliseconds
 * @returns the broken promises, one sentence each
 */
export async function runRace(options: { build: Build; rounds: number; latency: number }): Promise<string[]> {
  const { build, rounds, latency } = options
  const emails = Array.from({ length: Math.min(sessionsAtOnce, rounds) }, (_, i) => `user${i}@example.com`)
  const cluster = await startCluster({ mainFile: build.mainFile, emails })
  try {
    const { origin, clientId, proxy } = cluster
    const ports = cluster.processes.map(({ port }) => port)
    const sessions = await Promise.all(
      emails.map(async (email) => ({ origin, clientId, tokens: await signIn(origin, { clientId, email }) })),
    )
    // A command and its answer each wait for half of it.
    proxy.setWeather({ kind: 'delay', ms: latency / 2 })
    const began = performance.now()
    const violations: string[] = []
    let left = rounds
    let raced = 0
    let longest = 0
    await Promise.all(
      sessions.map(async (session) => {
        while (left-- > 0) {
          const begun = performance.now()
          const violation = await raceOnce(session, ports)
          longest = Math.max(longest, performance.now() - begun)
          raced += 1
          if (violation === undefined) continue
          // The session may be signed out by now; the others go on.
          violations.push(violation)
          return
        }
      }),
    )
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    console.log(
      `${raced} rounds of ${holders} refreshes with ${latency} ms to the store, in ${seconds} s; the longest took ${(longest / 1000).toFixed(1)} s`,
    )
    return violations
  } finally {
    await cluster.stop()
  }
}

/**
 * One round: all get the same new pair, with which they go on. Its access token is served by every process; the next
 * round presents its refresh token.
 * @param ports of the processes
 * @returns what went otherwise
 */
export async function raceOnce(
  session: SharedSession,
  ports: readonly number[],
): Promise<string | undefined> {
  const { origin, clientId, tokens } = session
  const answers = await Promise.all(
    Array.from({ length: holders }, (_, i) =>
      refresh(origin, clientId, tokens.refresh_token, {}, to(ports[i % ports.length] ?? 0)),
    ),
  )
  const texts = await Promise.all(answers.map((answer) => answer.text()))
  const refused = answers.findIndex(({ status }) => status !== 200)
  if (refused >= 0) return `a refresh was answered ${answers[refused]?.status} ${texts[refused]}`
  const pairs = texts.map((text) => JSON.parse(text) as Tokens)
  const names = new Set(pairs.map((pair) => `${pair.access_token} ${pair.refresh_token}`))
  const [renewed] = pairs
  if (!renewed || names.size > 1) return `${holders} refreshes got ${names.size} new pairs`
  session.tokens = renewed
  const calls = await Promise.all(
    ports.map((port) => callTool(origin, renewed.access_token, 'whoami', {}, '/mcp/v1', to(port))),
  )
  const failed = calls.find(({ status }) => status !== 200)
  return failed && `the new access token was answered ${failed.status} ${await failed.text()}`
}

function to(port: number): Record<string, string> {
  return { [processHeader]: String(port) }
}
