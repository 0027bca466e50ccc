import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { McpServer } from '@modelcontextprotocol/server'
import {
  answerOf,
  beginSession,
  initialize,
  mcpHeaders,
  post,
  type SignedInClient,
  signedInClient,
  startEndpoint,
  toolCall,
} from '../support/mcp-endpoint.ts'

/** What tools that are under way wait for and tell. */
const work = new EventEmitter()
const text = (content: string) => ({ content: [{ type: 'text' as const, text: content }] })

function createServer(): McpServer {
  const server = new McpServer({ name: 'test', version: '1' }, { capabilities: { logging: {} } })
  server.registerTool('quick', {}, () => text('quick'))
  server.registerTool('ask', {}, async (ctx) => {
    const requestedSchema = { type: 'object' as const, properties: { name: { type: 'string' as const } } }
    const { content } = await ctx.mcpReq.elicitInput({ message: 'Who?', requestedSchema })
    return text(`Hello, ${String(content?.['name'])}`)
  })
  server.registerTool('count', {}, async (ctx) => {
    for (const data of [1, 2, 3]) {
      await ctx.mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } })
      work.emit('counted', data)
      if (data < 3) await once(work, 'continue')
    }
    return text('counted')
  })
  server.registerTool('wait', {}, async ({ mcpReq: { signal } }) => {
    work.emit('waiting')
    if (!signal.aborted) await once(signal, 'abort')
    work.emit('aborted')
    return text('aborted')
  })
  server.registerTool('announce', {}, async () => {
    await server.server.notification({
      method: 'notifications/message',
      params: { level: 'info', data: 'news' },
    })
    return text('announced')
  })
  return server
}

const toolsList = { jsonrpc: '2.0', id: 1, method: 'tools/list' }

let client: SignedInClient
/** Two endpoints share nothing but the store, as two processes do. */
let one: Awaited<ReturnType<typeof startEndpoint>>
let two: typeof one
/** With our own tools. */
let ours: typeof one
const readiness = { draining: false }
let session: Record<string, string>

before(async () => {
  client = await signedInClient()
  one = await startEndpoint(client, [], { serverFor: createServer, readiness })
  two = await startEndpoint(client, [], { serverFor: createServer })
  ours = await startEndpoint(client)
  session = await beginSession(one.url, await client.issueToken(), { elicitation: {} })
})
after(async () => {
  await one.stop()
  await two.stop()
  await ours.stop()
})

/** Opens the standalone stream, or with `last-event-id` the rest of another. */
function listen(url: string, headers: Record<string, string>): Promise<Response> {
  return fetch(url, { headers })
}

/** Reads events of a response one after the other. */
function readEvents(response: Response) {
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const chunks = response.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]()
  let buffered = ''
  return {
    /** The next message with its id; undefined at the end of the stream. */
    async next(): Promise<{ id: string; message?: Record<string, unknown> } | undefined> {
      for (;;) {
        const [block, ...rest] = buffered.split('\n\n')
        if (rest.length > 0) {
          buffered = rest.join('\n\n')
          const id = /^id: (.*)$/m.exec(block ?? '')?.[1]
          const data = /^data: (.+)$/m.exec(block ?? '')?.[1]
          if (id === undefined) continue
          return { id, ...(data ? { message: JSON.parse(data) as Record<string, unknown> } : {}) }
        }
        const chunk = await chunks?.next()
        if (!chunk || chunk.done) return undefined
        buffered += chunk.value
      }
    },
    close: () => chunks?.return?.(),
  }
}

/** What a log message among the events says. */
function dataOf(event: { message?: Record<string, unknown> } | undefined): unknown {
  return (event?.message?.['params'] as { data: unknown } | undefined)?.data
}

describe('A protocol session', () => {
  it('is served by a process that never saw its beginning, as plain JSON', async () => {
    const response = await post(two.url, toolCall('quick'), session)
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
    assert.equal((await answerOf(response)).result?.content?.[0]?.text, 'quick')
  })

  it('is unknown under a token of another client session, and with another id', async () => {
    const other = await signedInClient({ store: client.store })
    const headers = { ...session, authorization: `Bearer ${await other.issueToken()}` }
    assert.equal((await post(one.url, toolsList, headers)).status, 404)
    assert.equal((await post(one.url, toolsList, { ...session, 'mcp-session-id': 'x' })).status, 404)
  })

  it('outlives the access token it began with', async () => {
    const headers = { ...session, authorization: `Bearer ${await client.issueToken()}` }
    assert.equal((await post(two.url, toolsList, headers)).status, 200)
  })

  it('ends with DELETE, on every process and for calls under way', async () => {
    const doomed = await beginSession(one.url, await client.issueToken())
    const call = post(two.url, toolCall('wait'), doomed)
    await once(work, 'waiting')
    const aborted = once(work, 'aborted')
    assert.equal((await fetch(one.url, { method: 'DELETE', headers: doomed })).status, 204)
    await aborted
    assert.equal((await answerOf(await call)).error?.code, -32000)
    assert.equal((await post(two.url, toolsList, doomed)).status, 404)
  })

  it('refuses a revision that is not served', async () => {
    assert.equal(
      (await post(one.url, toolsList, { ...session, 'mcp-protocol-version': '1999-01-01' })).status,
      400,
    )
  })

  it('keeps no more of a client than 16 KiB', async () => {
    const response = await post(
      one.url,
      initialize({ experimental: { padding: { text: 'x'.repeat(20_000) } } }),
      mcpHeaders(await client.issueToken()),
    )
    assert.equal(response.status, 413)
  })
})

describe('A request of the server to the client', () => {
  it('is answered through another process, once', async () => {
    const events = readEvents(await post(one.url, toolCall('ask'), session))
    const primed = await events.next()
    assert.ok(primed && primed.message === undefined)
    const asked = (await events.next())?.message
    assert.equal(asked?.['method'], 'elicitation/create')
    const answer = { jsonrpc: '2.0', id: asked['id'], result: { action: 'accept', content: { name: 'Ada' } } }
    assert.equal((await post(two.url, answer, session)).status, 202)
    assert.match(JSON.stringify((await events.next())?.message), /Hello, Ada/)
    assert.equal(await events.next(), undefined)
  })

  it('is not answered by another session', async () => {
    const stranger = await beginSession(one.url, await client.issueToken())
    const events = readEvents(await post(one.url, toolCall('ask'), session))
    await events.next()
    const asked = (await events.next())?.message
    const answerBy = (name: string) => ({
      jsonrpc: '2.0',
      id: asked?.['id'],
      result: { action: 'accept', content: { name } },
    })
    assert.equal((await post(two.url, answerBy('Mallory'), stranger)).status, 202)
    assert.equal((await post(two.url, answerBy('Ada'), session)).status, 202)
    assert.match(JSON.stringify((await events.next())?.message), /Hello, Ada/)
  })
})

describe('A call', () => {
  it('is cancelled through another process', async () => {
    const call = post(one.url, toolCall('wait', {}, 77), session)
    await once(work, 'waiting')
    const aborted = once(work, 'aborted')
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 77 } }
    assert.equal((await post(two.url, cancelled, session)).status, 202)
    await aborted
    assert.equal((await call).status, 200)
  })

  it('goes on when its connection is lost, and is resumed on another process without loss or repetition', async () => {
    const events = readEvents(await post(one.url, toolCall('count'), session))
    await events.next()
    const first = await events.next()
    assert.equal(dataOf(first), 1)
    await events.close()
    const counted = once(work, 'counted')
    work.emit('continue')
    await counted
    const headers = { ...session, 'last-event-id': first?.id ?? '' }
    const resumed = readEvents(await listen(two.url, headers))
    assert.equal(dataOf(await resumed.next()), 2)
    work.emit('continue')
    assert.equal(dataOf(await resumed.next()), 3)
    const answer = await resumed.next()
    assert.match(JSON.stringify(answer?.message), /counted/)
    assert.equal(await resumed.next(), undefined)
    const nothingMore = await listen(one.url, { ...session, 'last-event-id': answer?.id ?? '' })
    assert.equal(nothingMore.status, 405, 'clients that come back for more must not wait, nor ask for ever')
  })

  it('that was not begun to be answered ends when its connection is lost', async () => {
    const hangUp = new AbortController()
    const call = fetch(one.url, {
      method: 'POST',
      headers: session,
      body: JSON.stringify(toolCall('wait')),
      signal: hangUp.signal,
    })
    await once(work, 'waiting')
    const aborted = once(work, 'aborted')
    hangUp.abort()
    await assert.rejects(call)
    await aborted
  })

  it('cannot be resumed by another session, nor after an event that never was', async () => {
    const stranger = await beginSession(one.url, await client.issueToken())
    const own = await beginSession(one.url, await client.issueToken(), { elicitation: {} })
    const events = readEvents(await post(one.url, toolCall('ask'), own))
    const primed = await events.next()
    for (const headers of [
      { ...stranger, 'last-event-id': primed?.id ?? '' },
      { ...own, 'last-event-id': 'nonsense' },
    ]) {
      assert.equal((await listen(two.url, headers)).status, 400)
    }
    // Else the question would wait for its answer longer than the tests run.
    await fetch(two.url, { method: 'DELETE', headers: own })
    await events.close()
  })
})

describe('The standalone stream', () => {
  it('is not offered by a server that says nothing unasked, as ours, since a broken one costs clients their connection', async () => {
    const headers = await beginSession(ours.url, await client.issueToken())
    const refused = await listen(ours.url, headers)
    assert.equal(refused.status, 405)
    assert.equal(refused.headers.get('allow'), 'POST, DELETE')
  })

  it('carries what belongs to no request, from any process', async () => {
    const events = readEvents(await listen(one.url, session))
    await events.next()
    await post(two.url, toolCall('announce'), session)
    assert.equal(dataOf(await events.next()), 'news')
    await events.close()
  })

  it('is one: a newer one replaces it, so that no message arrives twice', async () => {
    const older = readEvents(await listen(one.url, session))
    const newer = readEvents(await listen(two.url, session))
    await older.next()
    assert.equal(await older.next(), undefined)
    await newer.next()
    await post(one.url, toolCall('announce'), session)
    assert.equal(dataOf(await newer.next()), 'news')
    await newer.close()
  })

  it('ends when its process stops, so that the client moves on to another', async () => {
    const events = readEvents(await listen(one.url, session))
    await events.next()
    readiness.draining = true
    assert.equal(await events.next(), undefined)
    readiness.draining = false
  })

  it('ends within five seconds on every process when its client session ends, also without a message, and no sooner', async () => {
    const revoked = await signedInClient({ store: client.store })
    const headers = await beginSession(one.url, await revoked.issueToken())
    const doomed = await listen(two.url, headers)
    // Its access token expires meanwhile, which its client will notice at its next request.
    const expiring = await client.issueToken({ exp: Math.floor(Date.now() / 1000) + 2 })
    const sparedSession = await beginSession(one.url, expiring)
    const spared = readEvents(await listen(two.url, sparedSession))
    await spared.next()
    // Not through the domain, which would announce it.
    await client.store.artifacts.revokeGrant(revoked.session.id)
    const deadline = sleep(5000, 'too late', { ref: false })
    const last = await Promise.race([doomed.text(), deadline])
    assert.match(last, /retry: 2147483647\n\n$/, 'its client is asked not to come back')
    await post(one.url, toolCall('announce'), {
      ...sparedSession,
      authorization: `Bearer ${await client.issueToken()}`,
    })
    assert.equal(dataOf(await spared.next()), 'news')
    await spared.close()
  })
})
