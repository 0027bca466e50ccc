import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Page } from '../support/browser.ts'
import { callTool, claudeCode, register, signIn } from '../support/oauth-client.ts'
import { openAs } from '../support/signed-in-browser.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const acme = '/organizations/acme/sessions'

interface Connected {
  id: string
  token: string
}

describe('The sessions console', () => {
  let server: TestServer
  let people: Awaited<ReturnType<typeof populate>>
  before(async () => {
    server = await startServer()
    people = await populate(server)
  })
  after(() => server.stop())

  /** Connects a client of a person and finds out which session that made. */
  async function connect(
    name: 'ada' | 'mel' | 'bob',
    options: { clientId?: string; organization?: string } = {},
  ): Promise<Connected> {
    const list = () => server.domain.clientSessions.listLive('user', people[name].id)
    const known = new Set((await list()).map(({ id }) => id))
    const redirectUri = options.clientId === claudeCode ? 'http://localhost:5000/callback' : undefined
    const { access_token: token } = await signIn(server.origin, {
      email: `${name}@example.com`,
      organization: 'acme',
      ...options,
      ...(redirectUri === undefined ? {} : { redirectUri }),
    })
    const made = (await list()).find(({ id }) => !known.has(id))
    return { id: made?.id ?? '', token }
  }

  async function statuses(...sessions: Connected[]): Promise<number[]> {
    return Promise.all(sessions.map(async ({ token }) => (await callTool(server.origin, token)).status))
  }

  async function endAll(): Promise<void> {
    const { clientSessions } = server.domain
    for (const organization of [people.acme, people.globex]) {
      for (const { id } of await clientSessions.listLive('organization', organization.id)) {
        await clientSessions.end(id, { kind: 'operator' })
      }
    }
  }

  it('tells client version, protocol revision and last tool of each session, one line each', async () => {
    const { id, token } = await connect('ada', { clientId: claudeCode })
    const params = { name: 'whoami', arguments: {} }
    await fetch(server.mcpUrl, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
        'user-agent': 'claude-code/2.1.330 (cli)',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    })
    const page = await (await openAs(server.origin, 'ada')).open(acme)
    assert.deepEqual(idsOn(page), [id])
    assert.match(page.html, /<strong>Claude Code<\/strong> on <span class="fixed">(127\.0\.0\.1|::1)</)
    assert.match(page.html, /2\.1\.330 · MCP 2025-11-25/)
    assert.match(page.html, /<code class="second">whoami<\/code>/)
    await endAll()
  })

  it('searches, filters by person, client, kind, idleness and time, sorts and pages', async () => {
    const cursor = await register(server.origin, { client_name: 'Cursor <b>' })
    const ofAda = await connect('ada', { clientId: claudeCode })
    const ofMel = await connect('mel', { clientId: cursor })
    const ada = await openAs(server.origin, 'ada')
    const found = async (query: string) => idsOn(await ada.open(`${acme}?${query}`)).toSorted()
    const both = [ofAda.id, ofMel.id].toSorted()
    assert.deepEqual(await found('q=MEL%40example'), [ofMel.id])
    assert.deepEqual(await found('q=mel+cursor'), [ofMel.id])
    assert.deepEqual(await found('q=mel+claude'), [])
    assert.deepEqual(await found(`person=${people.ada.id}`), [ofAda.id])
    assert.deepEqual(await found('client=cursor+%3Cb%3E'), [ofMel.id])
    assert.deepEqual(await found(`client=${encodeURIComponent(claudeCode)}`), [ofAda.id])
    assert.deepEqual(await found('kind=verified'), [ofAda.id])
    assert.deepEqual(await found('kind=unverified'), [ofMel.id])
    assert.deepEqual(await found('idle=7'), [])
    assert.deepEqual(await found('before=2020-01-01T00%3A00'), [])
    assert.deepEqual(await found('before=2999-01-01T00%3A00'), both)
    assert.deepEqual(
      await found('before=soon&kind=odd&sort=odd&page=99'),
      both,
      'what makes no sense is absent',
    )
    assert.deepEqual(idsOn(await ada.open(`${acme}?sort=person`)), [ofAda.id, ofMel.id])
    assert.deepEqual(idsOn(await ada.open(`${acme}?sort=client`)), [ofAda.id, ofMel.id])
    assert.deepEqual(idsOn(await ada.open(`${acme}?sort=started`)), [ofMel.id, ofAda.id])
    const page = await ada.open(acme)
    assert.match(page.html, /Cursor &lt;b&gt;/)
    assert.doesNotMatch(page.html, /Cursor <b>/)
    await endAll()
  })

  it('shows a selection first, and then ends exactly that', async () => {
    const [first, second, third] = [await connect('mel'), await connect('mel'), await connect('mel')]
    const ada = await openAs(server.origin, 'ada')
    const confirmation = await ada.open(`${acme}/revoke?session=${first.id}&session=${second.id}`)
    assert.match(confirmation.html, /<h1>Revoke 2 sessions of mel@example\.com\?<\/h1>/)
    assert.deepEqual(await statuses(first, second, third), [200, 200, 200], 'looking ends nothing')
    const answer = await ada.submit(confirmation, {}, /\/revoke$/)
    assert.match(answer.html, /role="status">2 sessions revoked/)
    assert.deepEqual(idsOn(answer), [third.id])
    assert.deepEqual(await statuses(first, second, third), [401, 401, 200])
    const again = await ada.submit(confirmation, {}, /\/revoke$/)
    assert.match(again.html, /had ended already/)
    await endAll()
  })

  it('ends all of a person, of a client, before a time, or all, but none begun after it was shown', async () => {
    const cursor = await register(server.origin, { client_name: 'Cursor' })
    const ofAda = await connect('ada', { clientId: claudeCode })
    const ofMel = await connect('mel', { clientId: cursor })
    const ada = await openAs(server.origin, 'ada')
    const nobody = await ada.open(`${acme}/revoke?match=all&before=2020-01-01T00:00`)
    assert.match(nobody.html, /had ended already/)
    const byClient = await ada.open(`${acme}/revoke?match=all&client=Cursor`)
    assert.match(byClient.html, /Revoke 1 session of mel@example\.com\?/)
    const everything = await ada.open(`${acme}/revoke?match=all`)
    assert.match(everything.html, /Revoke 2 sessions of 2 people\?/)
    const later = await connect('mel')
    const answer = await ada.submit(everything, {}, /\/revoke$/)
    assert.match(answer.html, /2 sessions revoked/)
    assert.deepEqual(await statuses(ofAda, ofMel, later), [401, 401, 200])
    const byPerson = await ada.open(`${acme}/revoke?match=all&person=${people.mel.id}`)
    await ada.submit(byPerson, {}, /\/revoke$/)
    assert.deepEqual(await statuses(later), [401])
  })

  it('answers ids of other organizations and people as unknown, and ends none of the selection', async () => {
    const ofMel = await connect('mel')
    const ofBob = await connect('bob', { organization: 'globex' })
    const [ada, mel] = [await openAs(server.origin, 'ada'), await openAs(server.origin, 'mel')]
    const mine = await mel.open(`${acme}/revoke?session=${ofMel.id}`)
    for (const ids of [[ofBob.id], [ofMel.id, ofBob.id], ['no-such-session']]) {
      const query = ids.map((id) => `session=${id}`).join('&')
      const shown = await ada.open(`${acme}/revoke?${query}`)
      assert.equal(shown.status, 404)
      assert.match(shown.html, /There is no such session/)
      const sent = await mel.submit(mine, { sessions: ids.join(' ') }, /\/revoke$/)
      assert.equal(sent.status, 404)
      assert.match(sent.html, /There is no such session/)
    }
    assert.equal((await ada.open(`/organizations/nowhere/sessions/revoke?match=all`)).status, 404)
    assert.equal((await mel.open('/organizations/globex/sessions/revoke?match=all')).status, 404)
    assert.deepEqual(await statuses(ofMel, ofBob), [200, 200])
    await endAll()
  })

  it('ends nothing without the form’s token', async () => {
    const ofMel = await connect('mel')
    const body = new URLSearchParams({ sessions: ofMel.id })
    const page = await (await openAs(server.origin, 'ada')).open(`${acme}/revoke`, { method: 'POST', body })
    assert.equal(page.status, 403)
    assert.deepEqual(await statuses(ofMel), [200])
    await endAll()
  })
})

function idsOn(page: Page): string[] {
  return [...page.html.matchAll(/name="session" value="([^"]+)"/g)].map(([, id = '']) => id)
}
