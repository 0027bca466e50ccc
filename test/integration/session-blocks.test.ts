import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Browser, createBrowser, type Page } from '../support/browser.ts'
import {
  authorizationUrl,
  callTool,
  pkce,
  refresh,
  register,
  signIn,
  signInAt,
} from '../support/oauth-client.ts'
import { openAs } from '../support/signed-in-browser.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const acme = '/organizations/acme/sessions'

describe('Blocking client sessions', () => {
  let server: TestServer
  let people: Awaited<ReturnType<typeof populate>>
  before(async () => {
    server = await startServer()
    people = await populate(server)
  })
  after(() => server.stop())

  const newestOf = async (userId: string) =>
    (await server.domain.clientSessions.listLive('user', userId)).toSorted((a, b) =>
      b.id.localeCompare(a.id),
    )[0]?.id ?? ''

  /** Tries to connect a client, and gives where that ends. */
  async function allow(email: string, clientId: string, organization: string): Promise<Page> {
    const browser = createBrowser(server.origin)
    const url = authorizationUrl(server.origin, { client_id: clientId, code_challenge: pkce().challenge })
    const consent = await signInAt(browser, await browser.open(url), email)
    return browser.submit(consent, { organization, decision: 'allow' })
  }

  it('ends a client’s sessions, makes no new ones, says so at consent, and can be lifted', async () => {
    const clientId = await register(server.origin, { client_name: 'Odd one' })
    const tokens = await signIn(server.origin, { email: 'mel@example.com', clientId })
    const elsewhere = await signIn(server.origin, { organization: 'globex', clientId })
    const ada = await openAs(server.origin, 'ada')
    const session = await newestOf(people.mel.id)
    const shown = await ada.open(`${acme}/block?subject=client&session=${session}`)
    assert.match(shown.html, /<h1>Block Odd one\?<\/h1>/)
    assert.match(shown.html, /1 session will end/)
    assert.equal((await callTool(server.origin, tokens.access_token)).status, 200, 'looking blocks nothing')

    const list = await ada.submit(shown, {}, /\/block$/)
    assert.match(list.html, /1 session revoked/)
    assert.equal((await callTool(server.origin, tokens.access_token)).status, 401)
    assert.equal((await refresh(server.origin, clientId, tokens.refresh_token)).status, 400)
    const refused = await allow('mel@example.com', clientId, 'acme')
    assert.equal(refused.status, 422)
    assert.match(refused.html, /An administrator of Acme has blocked Odd one from being used there/)
    assert.equal((await callTool(server.origin, elsewhere.access_token)).status, 200, 'only in Acme')
    const again = await allow('ada@example.com', clientId, 'globex')
    assert.match(again.url, /[?&]code=/)

    const lifted = await ada.submit(await ada.open(acme), {}, /\/lift$/)
    assert.match(lifted.html, /The block is lifted/)
    assert.match((await allow('mel@example.com', clientId, 'acme')).url, /[?&]code=/)
    const events = await server.domain.auditLog.page(people.acme.id, { limit: 20 })
    assert.deepEqual(
      events.map(({ type }) => type).filter((type) => type.startsWith('client_sessions')),
      ['client_sessions.block_lifted', 'client_sessions.blocked'],
    )
  })

  it('holds against a session that was made while the block was: at its next request and refresh', async () => {
    const tokens = await signIn(server.origin, { email: 'mel@example.com' })
    const membership = { organization: people.acme, role: 'owner' as const }
    const subject = { kind: 'user' as const, userId: people.mel.id }
    const { sessionBlocks } = server.domain
    const by = { userId: people.ada.id, address: '127.0.0.1' }
    await sessionBlocks.block(membership, by, { subject, label: people.mel.email })
    const refused = await callTool(server.origin, tokens.access_token)
    assert.equal(refused.status, 401)
    assert.match(await refused.text(), /has blocked you from connecting clients/)
    const renewed = await refresh(server.origin, tokens.clientId, tokens.refresh_token)
    assert.equal(renewed.status, 400)
    const [block] = await sessionBlocks.list(membership)
    await sessionBlocks.lift(membership, by, block?.id ?? '')
    assert.equal((await callTool(server.origin, tokens.access_token)).status, 200)
  })

  it('is for administrators, of their own organization only', async () => {
    await signIn(server.origin, { email: 'bob@example.com', organization: 'globex' })
    await signIn(server.origin, { email: 'mel@example.com' })
    const [ofBob, ofMel] = [await newestOf(people.bob.id), await newestOf(people.mel.id)]
    const [ada, mel, bob] = [
      await openAs(server.origin, 'ada'),
      await openAs(server.origin, 'mel'),
      await openAs(server.origin, 'bob'),
    ]
    const own = await ada.open(`${acme}/block?subject=user&session=${ofMel}`)
    assert.equal((await ada.open(`${acme}/block?subject=user&session=${ofBob}`)).status, 404)
    assert.equal((await ada.submit(own, { session: ofBob }, /\/block$/)).status, 404)
    assert.equal((await ada.submit(own, { subject: 'all' }, /\/block$/)).status, 404)
    assert.equal((await mel.open(`${acme}/block?subject=user&session=${ofMel}`)).status, 403)
    assert.equal((await bob.open(`${acme}/block?subject=user&session=${ofMel}`)).status, 404)

    await ada.submit(own, {}, /\/block$/)
    const page = await ada.open(acme)
    assert.doesNotMatch((await mel.open(acme)).html, /\/lift"/)
    const foreign = page.html.replaceAll('organizations/acme', 'organizations/globex')
    assert.match(foreign, /globex\/sessions\/blocks\/[^/]+\/lift/)
    const byBob = await bob.submit({ ...page, html: await withTokenOf(bob, foreign) }, {}, /\/lift$/)
    assert.equal(byBob.status, 404)
    assert.match((await ada.open(acme)).html, /mel@example\.com<\/strong>/)
  })
})

/** A page of somebody else with the form token of this browser, as an attacker would write it. */
async function withTokenOf(browser: Browser, html: string): Promise<string> {
  const own = await browser.open('/organizations/globex')
  const token = /name="csrf" value="([^"]+)"/.exec(own.html)?.[1] ?? ''
  return html.replaceAll(/name="csrf" value="[^"]+"/g, `name="csrf" value="${token}"`)
}
