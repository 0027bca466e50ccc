import { createBrowser } from '../test/support/browser.ts'
import { register, signIn, type Tokens } from '../test/support/oauth-client.ts'
import { password } from '../test/support/server.ts'
import { connections, createSender, measure, type Send, type Throughput, warmUpSeconds } from './load.ts'
import type { BenchedServer } from './server-process.ts'

type SignedIn = Tokens & { clientId: string }

/** Each client session may call 600 times a minute. */
const callsOfSession = 550
/** More than these servers do; sessions are made for as many. */
const callsPerSecond = 6000

const wires = {
  '2025-11-25': { headers: { 'mcp-protocol-version': '2025-11-25' }, params: {} },
  '2026-07-28': {
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'whoami' },
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  },
}

/** Requests per second of what clients ask most, by name. The server must be empty: its owner is made here. */
export async function measureWorkloads(
  server: BenchedServer,
  seconds: number,
): Promise<Record<string, Throughput>> {
  await server.run(['setup', '--email', 'ada@example.com', '--organization', 'Acme', '--sample'], password)
  const calls = 2 * (seconds + warmUpSeconds(seconds)) * callsPerSecond
  const sessions = await signInTimes(server.origin, Math.max(connections, Math.ceil(calls / callsOfSession)))
  const { send, close } = createSender(server)
  try {
    return {
      'metadata document': await measure(seconds, async () => {
        await send({ method: 'GET', path: '/.well-known/oauth-authorization-server' })
      }),
      'tools/call whoami, 2025-11-25': await measure(seconds, toolCaller(send, '2025-11-25', sessions)),
      'tools/call whoami, 2026-07-28': await measure(seconds, toolCaller(send, '2026-07-28', sessions)),
      // Last, since it ends the tokens that the calls used.
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

/** Takes the sessions in turn, so that none gets to its limit. */
function toolCaller(send: Send, wire: keyof typeof wires, sessions: readonly SignedIn[]) {
  const { headers, params } = wires[wire]
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'whoami', arguments: {}, ...params },
  }
  let turn = 0
  return async () => {
    const session = sessions[turn++ % sessions.length]
    const answer = await send({
      method: 'POST',
      path: '/mcp/v1',
      headers: {
        ...headers,
        authorization: `Bearer ${session?.access_token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify(message),
    })
    if (!answer.includes('ada@example.com'))
      throw new Error(`not the answer of whoami: ${answer.slice(0, 300)}`)
  }
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
