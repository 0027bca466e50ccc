import { request } from 'node:http'
import { createBrowser } from '../test/support/browser.ts'
import { post, register, signIn } from '../test/support/oauth-client.ts'
import { password } from '../test/support/server.ts'
import { type BenchedServer, startServer } from './server-process.ts'

const revocations = 100
const atOnce = 4
/** What is promised: within a second, on every process. */
const promisedMs = 1000

/** How long after its acknowledgement a revocation is felt by another process, in milliseconds. */
export interface Propagation {
  medianMs: number
  p99Ms: number
}

/**
 * Ends sessions at one of two processes while their clients call the other without pause, and measures from the answer to
 * the revocation to the first call that was refused.
 * @throws {Error} when the 99th percentile is not below a second
 */
export async function measurePropagation(store: { dataDir: string; redisUrl: string }): Promise<Propagation> {
  const here = await startServer(store)
  try {
    const there = await startServer({ ...store, origin: here.origin })
    try {
      return summarize(await revokeAll(here, there))
    } finally {
      await there.stop()
    }
  } finally {
    await here.stop()
  }
}

async function revokeAll(here: BenchedServer, there: BenchedServer): Promise<number[]> {
  await here.run(['setup', '--email', 'ada@example.com', '--organization', 'Acme'], password)
  const clientId = await register(here.origin)
  const durations: number[] = []
  const worker = async () => {
    const browser = createBrowser(here.origin)
    for (let i = 0; i < revocations / atOnce; i++) {
      const session = await signIn(here.origin, { clientId, browser })
      durations.push(await revokeAndFeel(here, there, session))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return durations
}

async function revokeAndFeel(
  here: BenchedServer,
  there: BenchedServer,
  session: { clientId: string; access_token: string; refresh_token: string },
): Promise<number> {
  if ((await callStatus(there, session.access_token)) !== 200) throw new Error('the session never worked')
  const refused = (async () => {
    while ((await callStatus(there, session.access_token)) !== 401);
    return performance.now()
  })()
  const fields = { client_id: session.clientId, token: session.refresh_token }
  const { status } = await post(`${here.origin}/oauth/revoke`, fields)
  if (status !== 200) throw new Error(`the revocation was answered with ${status}`)
  const acknowledgedAt = performance.now()
  return Math.max(0, (await refused) - acknowledgedAt)
}

/** Calls a tool at this very process, under the address that all of them share. */
function callStatus({ origin, port }: BenchedServer, token: string): Promise<number | undefined> {
  const headers = {
    host: new URL(origin).host,
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } }
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/mcp/v1', method: 'POST', headers }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode))
    })
      .on('error', reject)
      .end(JSON.stringify(message))
  })
}

function summarize(durations: number[]): Propagation {
  const sorted = durations.toSorted((a, b) => a - b)
  const quantile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  const p99Ms = quantile(0.99)
  if (!(p99Ms < promisedMs)) throw new Error(`a revocation is felt after ${p99Ms.toFixed(0)} ms (p99)`)
  return { medianMs: quantile(0.5), p99Ms }
}
