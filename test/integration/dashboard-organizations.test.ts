import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Browser, createBrowser, type Page } from '../support/browser.ts'
import { password, populate, startServer, type TestServer, prepareUser } from '../support/server.ts'

describe('Pages of organizations', () => {
  let server: TestServer
  let ada: Browser
  let mel: Browser
  before(async () => {
    server = await startServer()
    await populate(server)
    ada = createBrowser(server.origin)
    await ada.submit(await ada.open('/sign-in'), { email: 'ada@example.com', password })
    mel = createBrowser(server.origin)
    await mel.submit(await mel.open('/sign-in'), { email: 'mel@example.com', password })
  })
  after(() => server.stop())

  it('lead into the only organization, or let people choose', async () => {
    assert.equal((await mel.open('/')).url, `${server.origin}/organizations/acme`)
    const choice = await ada.open('/')
    assert.equal(choice.url, `${server.origin}/`)
    assert.match(choice.html, /href="\/organizations\/acme"[\s\S]+href="\/organizations\/globex"/)
  })

  it('tell people in no organization what to do', async () => {
    const { user, change } = prepareUser(server.domain, { email: 'new@example.com', name: 'New' })
    await server.store.documents.commit([change])
    const browser = createBrowser(server.origin)
    const page = await browser.submit(await browser.open('/sign-in'), { email: user.email, password })
    assert.match(page.html, /Ask an administrator of yours to invite <strong>new@example\.com<\/strong>/)
  })

  it('answer another organization exactly as one that does not exist', async () => {
    const paths = ['', '/connect', '/sessions', '/architecture', '/architecture/service%3Aacme%2Fx']
    for (const path of [...paths, '/members', '/members/invite', '/members/leave', '/members/some-id']) {
      const foreign = await mel.open(`/organizations/globex${path}`)
      const missing = await mel.open(`/organizations/nowhere${path}`)
      assert.equal(foreign.status, 404)
      assert.equal(missing.status, 404)
      assert.equal(withoutRandom(foreign), withoutRandom(missing))
    }
  })

  it('offer the sample to administrators of an empty organization, and to nobody else', async () => {
    const forMel = await mel.open('/organizations/acme')
    assert.doesNotMatch(forMel.html, /acme\/sample/)
    const forged = { ...forMel, html: forMel.html.replace('/sign-out', '/organizations/acme/sample') }
    assert.equal((await mel.submit(forged, {}, /sample/)).status, 403)

    const home = await ada.open('/organizations/acme')
    assert.match(home.html, /opentrace -- import --organization acme/)
    const filled = await ada.submit(home, {}, /sample/)
    assert.match(filled.html, /The sample architecture is here/)
    assert.match(filled.html, /<strong>sample<\/strong>/)
  })

  it('answer HEAD as GET without a body, and other methods with 405 and Allow (RFC 9110 §15.5.6)', async () => {
    const head = await ada.request('/organizations/acme', { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
    const put = await ada.request('/organizations/acme', { method: 'PUT' })
    assert.deepEqual([put.status, put.headers.get('allow')], [405, 'HEAD, GET'])
    const get = await ada.request('/organizations/acme/sessions/some/revoke')
    assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST'])
    assert.equal((await ada.request('/organizations/acme/nothing')).status, 404)
  })
})

/** A page without what differs at every request: its request id and its nonce. */
function withoutRandom({ html, headers }: Page): string {
  return html.replaceAll(headers.get('x-request-id') ?? '-', '').replaceAll(/nonce="[^"]*"/g, '')
}
