import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from '../support/browser.ts'
import { callTool, refresh, register, signIn, type Tokens } from '../support/oauth-client.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'
import { assertJsonError } from './refusals.ts'

let server: TestServer
let people: Awaited<ReturnType<typeof populate>>
let clientId: string
/** Signed in as ada. */
let browser: Browser
let clock = 0
before(async () => {
  server = await startServer({ now: () => Date.now() + clock })
  people = await populate(server)
  clientId = await register(server.origin)
  browser = (await signIn(server.origin, { clientId })).browser
})
after(() => server.stop())

const elsewhere = { 'user-agent': 'another program' }

function freshTokens(): Promise<Tokens> {
  return signIn(server.origin, { clientId, browser })
}

async function refreshed(token: string): Promise<Tokens> {
  const response = await refresh(server.origin, clientId, token)
  assert.equal(response.status, 200, await response.clone().text())
  return (await response.json()) as Tokens
}

async function assertEnded(tokens: Tokens): Promise<void> {
  assert.equal((await callTool(server.origin, tokens.access_token)).status, 401)
  await assertJsonError(await refresh(server.origin, clientId, tokens.refresh_token), 400, 'invalid_grant')
}

test('RT-01 every rotation gives a new refresh token, which works (OAuth 2.1 §4.3.1)', async () => {
  const first = await freshTokens()
  const second = await refreshed(first.refresh_token)
  assert.notEqual(second.refresh_token, first.refresh_token)
  await refreshed(second.refresh_token)
})

test('RT-02 20 parallel refreshes of one token succeed with the same new pair, and the family lives', async () => {
  const { refresh_token: token } = await freshTokens()
  const pairs = await Promise.all(Array.from({ length: 20 }, () => refreshed(token)))
  assert.equal(new Set(pairs.map((pair) => pair.refresh_token)).size, 1)
  await refreshed(pairs[0]?.refresh_token ?? '')
})

test('RT-04 an answer that was lost can be fetched again after the window while its successor is unused', async () => {
  const first = await freshTokens()
  const lost = await refreshed(first.refresh_token)
  clock += 61_000
  const second = await refreshed(first.refresh_token)
  assert.notEqual(second.refresh_token, lost.refresh_token)
})

test('RT-05 a superseded successor is refused, and its family ends', async () => {
  const first = await freshTokens()
  const lost = await refreshed(first.refresh_token)
  clock += 61_000
  const second = await refreshed(first.refresh_token)
  const reuse = await refresh(server.origin, clientId, lost.refresh_token, {}, elsewhere)
  await assertJsonError(reuse, 400, 'invalid_grant')
  await assertEnded(second)
})

test('RT-07 a rotation whose process died can be repeated, and nobody is signed out', async () => {
  const { refresh_token: token } = await freshTokens()
  // What a process leaves behind that is killed right after it began.
  const flight = { model: 'Flight', id: `0 ${token}` }
  await server.store.artifacts.put({ ...flight, payload: {}, expiresAt: Date.now() + 3_600_000 })
  assert.equal(await server.store.artifacts.consume(flight.model, flight.id, { graceSeconds: 0 }), 'first')
  clock += 301_000
  const second = await refreshed(token)
  assert.equal((await callTool(server.origin, second.access_token)).status, 200)
})

test('RT-08 a scope that was not granted is refused, and the token is not spent (RFC 6749 §6)', async () => {
  const first = await freshTokens()
  const widened = await refresh(server.origin, clientId, first.refresh_token, {
    scope: 'architecture:read admin',
  })
  await assertJsonError(widened, 400, 'invalid_scope')
  await refreshed(first.refresh_token)
})

test('RT-10 another resource is refused, and the token still works with the right one (RFC 8707 §2.2)', async () => {
  const first = await freshTokens()
  const other = { resource: 'https://other.example/mcp' }
  await assertJsonError(
    await refresh(server.origin, clientId, first.refresh_token, other),
    400,
    'invalid_target',
  )
  const right = await refresh(server.origin, clientId, first.refresh_token, { resource: server.mcpUrl })
  assert.equal(right.status, 200)
})

test('RT-11 another client is refused, and the rightful one is unaffected (RFC 6749 §6)', async () => {
  const first = await freshTokens()
  const stranger = await register(server.origin)
  await assertJsonError(await refresh(server.origin, stranger, first.refresh_token), 400, 'invalid_grant')
  await refreshed(first.refresh_token)
})

test('RT-13 an access token is no refresh token', async () => {
  const first = await freshTokens()
  await assertJsonError(await refresh(server.origin, clientId, first.access_token), 400, 'invalid_grant')
})

test('RT-14 who left the organization gets no new tokens, and the old ones end at once', async () => {
  const tokens = await signIn(server.origin, { clientId, email: 'mel@example.com' })
  const id = `${people.acme.id}:${people.mel.id}`
  const member = await server.store.documents.get('member', id)
  assert.ok(member)
  await server.store.documents.commit([{ op: 'delete', kind: 'member', id, version: member.version }])
  await assertEnded(tokens)
})

test('RT-17 a password that is changed or set anew ends every family, unless its user keeps them (RFC 9700 §4.14.2)', async () => {
  const bob = await openAs(server.origin, 'bob')
  const client = { clientId, email: 'bob@example.com', organization: 'globex' }
  const change = async (fields: Record<string, string>) => {
    const passwords = { current_password: password, new_password: password }
    const page = await bob.submit(
      await bob.open('/account'),
      { ...passwords, ...fields },
      /account\/password$/,
    )
    assert.match(page.html, /Your password is changed/)
  }
  const changed = await signIn(server.origin, client)
  assert.match((await bob.open('/account')).html, /name="client_sessions" value="end" checked/)
  await change({})
  await refreshed(changed.refresh_token)
  await change({ client_sessions: 'end' })
  await assertEnded(changed)

  const forgotten = await signIn(server.origin, client)
  const token = await server.domain.passwordResets.issue(people.bob, 60_000)
  await server.domain.passwordResets.complete(token, password, '127.0.0.1')
  await assertEnded(forgotten)
})
