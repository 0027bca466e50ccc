import { createBrowser } from '../test/support/browser.ts'
import { register, signIn, type Tokens } from '../test/support/oauth-client.ts'
import { password } from '../test/support/server.ts'
import { connections, createSender, measure, type Send, type Throughput, warmUpSeconds } from './load.ts'
import type { BenchedServer } from './server-process.ts'

type SignedIn = Tokens & { clientId: string }

/** Each client session may refresh 300 times a minute. */
const refreshesOfSession = 250
/** More than these servers do; sessions are made for as many. */
const refreshesPerSecond = 3000

/** Requests per second of what clients ask beside calling tools (see `comparison.ts`), by name. The server must be empty: its owner is made here. */
export async function measureWorkloads(
  server: BenchedServer,
  seconds: number,
): Promise<Record<string, Throughput>> {
  await server.run(['setup', '--email', 'ada@example.com', '--organization', 'Acme', '--sample'], password)
  const refreshes = (seconds + warmUpSeconds(seconds)) * refreshesPerSecond
  const count = Math.max(connections, Math.ceil(refreshes / refreshesOfSession))
  const sessions = await signInTimes(server.origin, count)
  const { send, close } = createSender(server)
  try {
    return {
      'metadata document': await measure(seconds, async () => {
        await send({ method: 'GET', path: '/.well-known/oauth-authorization-server' })
      }),
      'refresh with rotation': await measure(seconds, refresher(send, sessions)),
    }
  } finally {
    close()
  }
}

async function signInTimes(origin: string, count: number): Promise<SignedIn[]> {
  const options = { clientId: await register(origin), browser: createBrowser(origin) }
  const sessions: SignedIn[] = []
  while (sessions.length < count) sessions.push(await signIn(origin, options))
  return sessions
}

/** Takes the sessions in turn, so that none gets to its limit, and each with its newest token. */
function refresher(send: Send, sessions: readonly SignedIn[]) {
  const newest = sessions.map((session) => session.refresh_token)
  let turn = 0
  return async () => {
    const index = turn++ % sessions.length
    // Another connection may present the same token meanwhile, and then both have the same answer.
    const presented = newest[index] ?? ''
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: sessions[index]?.clientId ?? '',
      refresh_token: presented,
    }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = JSON.parse(await send({ method: 'POST', path: '/oauth/token', headers, body })) as Tokens
    if (answer.refresh_token === presented) throw new Error('the refresh token was not rotated')
    newest[index] = answer.refresh_token
  }
}
