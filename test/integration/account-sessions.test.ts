import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { authorizationUrl, callTool, pkce, register, signIn } from '../support/oauth-client.ts'
import { openAs } from '../support/signed-in-browser.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const account = '/account/sessions'

describe('One’s own sessions (/account/sessions)', () => {
  let server: TestServer
  let people: Awaited<ReturnType<typeof populate>>
  before(async () => {
    server = await startServer()
    people = await populate(server)
  })
  after(() => server.stop())

  const status = async (token: string) => (await callTool(server.origin, token)).status

  it('lists and ends clients over all organizations, and nobody else’s', async () => {
    const inAcme = await signIn(server.origin)
    const inGlobex = await signIn(server.origin, { organization: 'globex' })
    const ofMel = await signIn(server.origin, { email: 'mel@example.com' })
    const [melsSession] = await server.domain.clientSessions.listLive('user', people.mel.id)
    const ada = await openAs(server.origin, 'ada')
    const page = await ada.open(account)
    assert.match(page.html, /data-label="Organization">Acme</)
    assert.match(page.html, /data-label="Organization">Globex</)
    assert.doesNotMatch(page.html, /mel@example\.com/)

    const foreign = await ada.open(`${account}/revoke?session=${melsSession?.id}`)
    assert.equal(foreign.status, 404)
    const confirmation = await ada.open(`${account}/revoke?match=all`)
    assert.match(confirmation.html, /Revoke 2 sessions of yours\?/)
    const sent = await ada.submit(confirmation, { sessions: melsSession?.id ?? '' }, /\/revoke$/)
    assert.equal(sent.status, 404)
    assert.equal(await status(inAcme.access_token), 200)
    await ada.submit(confirmation, {}, /\/revoke$/)
    assert.deepEqual(
      [
        await status(inAcme.access_token),
        await status(inGlobex.access_token),
        await status(ofMel.access_token),
      ],
      [401, 401, 200],
    )
    const refused = await callTool(server.origin, inAcme.access_token)
    assert.match(await refused.text(), /revoked by its user/)
  })

  it('signs out every other browser, for pages and for authorizations', async () => {
    const clientId = await register(server.origin)
    const consentUrl = authorizationUrl(server.origin, {
      client_id: clientId,
      code_challenge: pkce().challenge,
    })
    const [here, there] = [await openAs(server.origin, 'ada'), await openAs(server.origin, 'ada')]
    const consent = await there.open(consentUrl)
    assert.match(consent.html, /name="decision"/)
    const clients = await signIn(server.origin)
    // A sign-in of the second in which everything was signed out counts as earlier.
    await sleep(1000)
    const page = await here.open(account)
    assert.match(page.html, /Sign out \d+ other browsers/)
    const answer = await here.submit(page, { browsers: 'others' }, /sign-ins\/end$/)
    assert.match(answer.html, /role="status">You are signed out in every other browser/)
    assert.equal(answer.html.match(/ unless used</g)?.length, 1)
    assert.doesNotMatch(answer.html, /other browser</)

    assert.match((await there.open('/')).url, /\/sign-in\?/)
    const late = await there.submit(consent, { organization: 'acme', decision: 'allow' })
    assert.equal(late.status, 400, 'a consent page that stood open allows nothing')
    assert.match((await there.open(consentUrl)).html, /name="password"/)
    assert.equal(await status(clients.access_token), 200, 'clients are not browsers')
    const audit = await server.domain.auditLog.search(
      people.acme.id,
      { what: 'sign_ins.ended' },
      { limit: 9 },
    )
    assert.equal(audit.entries.length, 1)
  })

  it('signs out this browser too when asked, and lets the user in again', async () => {
    const here = await openAs(server.origin, 'mel')
    const kept = new Map(here.cookies)
    await sleep(1000)
    const left = await here.submit(await here.open(account), { browsers: 'all' }, /sign-ins\/end$/)
    assert.equal(left.url, `${server.origin}/sign-in`)
    for (const [name, cookie] of kept) here.cookies.set(name, cookie)
    assert.match((await here.open(account)).url, /\/sign-in\?/, 'the old cookie opens nothing')
    await sleep(1000)
    const again = await openAs(server.origin, 'mel')
    assert.match((await again.open(account)).html, /Your sessions/)
  })

  it('needs the form’s token to sign out', async () => {
    const here = await openAs(server.origin, 'bob')
    const body = new URLSearchParams({ browsers: 'all' })
    assert.equal((await here.open('/account/sign-ins/end', { method: 'POST', body })).status, 403)
    assert.equal((await here.open(account)).status, 200)
  })
})
