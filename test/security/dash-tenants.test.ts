import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from '../support/browser.ts'
import { callTool, signIn } from '../support/oauth-client.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'

const sessions = '/organizations/acme/sessions'

let server: TestServer
let people: Awaited<ReturnType<typeof populate>>
let ada: Browser
let bob: Browser
/** Mel's client session in acme, and bob's in globex. */
let mels: { id: string; token: string }
let bobs: { id: string; token: string }
before(async () => {
  server = await startServer()
  people = await populate(server)
  ada = await openAs(server.origin, 'ada')
  bob = await openAs(server.origin, 'bob')
  mels = await connect('mel', 'acme')
  bobs = await connect('bob', 'globex')
})
after(() => server.stop())

async function connect(name: 'mel' | 'bob', organization: string): Promise<{ id: string; token: string }> {
  const { access_token: token } = await signIn(server.origin, {
    email: `${name}@example.com`,
    organization,
  })
  const [session] = await server.domain.clientSessions.listLive('user', people[name].id)
  return { id: session?.id ?? '', token }
}

async function csrfOf(browser: Browser, path: string): Promise<string> {
  return /name="csrf" value="([^"]+)"/.exec((await browser.open(path)).html)?.[1] ?? ''
}

async function isAlive({ token }: { token: string }): Promise<boolean> {
  return (await callTool(server.origin, token)).status === 200
}

test('DASH-01 a form without its CSRF field changes nothing', async () => {
  const refused = await ada.request(`${sessions}/${mels.id}/revoke`, {
    method: 'POST',
    body: new URLSearchParams(),
  })
  assert.equal(refused.status, 403)
  assert.ok(await isAlive(mels))
})

test('DASH-02 a form that another site sends changes nothing, even with the right field', async () => {
  const body = new URLSearchParams({ csrf: await csrfOf(ada, sessions) })
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const refused = await ada.request(`${sessions}/${mels.id}/revoke`, { method: 'POST', body, headers })
    assert.equal(refused.status, 403)
    assert.ok(await isAlive(mels))
  }
  const lift = await ada.request('/sign-out', { method: 'POST', body, headers: { origin: 'null' } })
  assert.equal(lift.status, 303, 'as browsers send forms of pages without referrer')
  ada = await openAs(server.origin, 'ada')
})

test('DASH-04 no GET changes anything', async () => {
  assert.equal((await ada.open(`${sessions}/${mels.id}/revoke`)).status, 405)
  assert.equal((await ada.open(`${sessions}/revoke?session=${mels.id}&decision=revoke`)).status, 200)
  assert.ok(await isAlive(mels), 'that page only asks')
})

test('DASH-05 the sessions of another organization cannot be read', async () => {
  for (const path of [sessions, `${sessions}/revoke?match=all`, '/organizations/acme/audit-log']) {
    assert.equal((await bob.open(path)).status, 404)
  }
})

test('DASH-07 naming another organization in a filter or a field shows and changes nothing of it', async () => {
  for (const name of ['orgId', 'organization', 'organizationId', 'slug']) {
    const { html, status } = await ada.open(`${sessions}?${name}=${people.globex.id}&person=${people.bob.id}`)
    assert.equal(status, 200)
    assert.ok(!html.includes('bob@example.com') && !html.includes(bobs.id))
  }
  const fields = { csrf: await csrfOf(ada, sessions), sessions: bobs.id, organization: 'globex' }
  const body = new URLSearchParams(fields)
  assert.equal((await ada.request(`${sessions}/revoke`, { method: 'POST', body })).status, 404)
  assert.ok(await isAlive(bobs))
})

test('DASH-08 ids of another organization are answered as ids of nothing, byte for byte', async () => {
  const answerTo = async (id: string) => {
    const { html, status } = await ada.open(`${sessions}/revoke?session=${id}`)
    return { status, html: html.replaceAll(/[\da-f]{8}-[\da-f-]{27}|nonce="[^"]*"/g, '') }
  }
  const [others, nobodys] = [await answerTo(bobs.id), await answerTo('0'.repeat(bobs.id.length))]
  assert.equal(others.status, 404)
  assert.deepEqual(others, nobodys)
})

test('DASH-13 an access token of the MCP endpoint does not open the dashboard', async () => {
  for (const path of ['/', sessions, '/organizations/acme/audit-log.jsonl']) {
    const response = await fetch(`${server.origin}${path}`, {
      redirect: 'manual',
      headers: { authorization: `Bearer ${mels.token}` },
    })
    assert.equal(response.status, 401)
    assert.equal(response.headers.get('location'), null)
  }
})

test('DASH-14 the cookies of the dashboard do not open the MCP endpoint', async () => {
  const response = await ada.request('/mcp/v1', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  })
  assert.equal(response.status, 401)
})

test('DASH-16 no cell of an exported table is a formula (CSV injection)', async () => {
  const { auditLog } = server.domain
  for (const clientName of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', 'a\r\n=1']) {
    const actor = { kind: 'user', id: people.ada.id } as const
    await auditLog.append(people.acme.id, { type: 'consent.denied', clientId: '=c', clientName, actor })
  }
  const response = await ada.request('/organizations/acme/audit-log.csv?what=consent.denied')
  assert.equal(response.status, 200)
  const csv = await response.text()
  assert.equal(csv.trim().split('\r\n').length, 7)
  assert.doesNotMatch(csv, /(?:^|[\r\n,]"?)\s*[=+\-@]/)
})

test('DASH-25 what administrators do is in the audit log, which nobody can change', async () => {
  const form = new URLSearchParams({ csrf: await csrfOf(ada, sessions), days: '400' })
  const log = '/organizations/acme/audit-log'
  const { auditLog } = server.domain
  const revoked = await ada.request(`${sessions}/${mels.id}/revoke`, { method: 'POST', body: form })
  assert.equal(revoked.status, 303)
  const newest = async () =>
    (await auditLog.search(people.acme.id, { what: 'sessions' }, { limit: 1 })).entries[0]
  const entry = await newest()
  assert.ok(entry?.type === 'client_session.ended')
  assert.deepEqual([entry.actor, entry.userId], [{ kind: 'user', id: people.ada.id }, people.mel.id])
  assert.equal(entry.address, '127.0.0.1')
  for (const path of [log, `${log}/${entry.id}`, `${log}.jsonl`]) {
    for (const method of ['DELETE', 'PUT', 'PATCH', 'POST']) {
      const response = await ada.request(path, { method, body: form })
      assert.ok([404, 405].includes(response.status), `${method} ${path}: ${response.status}`)
    }
  }
  assert.equal((await newest())?.id, entry.id)
})
