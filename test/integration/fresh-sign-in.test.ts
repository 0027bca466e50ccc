import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createBrowser } from '../support/browser.ts'
import { authorizationUrl, pkce, redirectUri, register } from '../support/oauth-client.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'

const confirmation = '/sign-in/confirm?return_to=%2Faccount%2Fsessions'

describe('A fresh sign-in (/sign-in/confirm)', () => {
  let server: TestServer
  let ahead = 0
  before(async () => {
    server = await startServer({ now: () => Date.now() + ahead })
    await populate(server)
  })
  after(() => server.stop())

  it('is asked for 15 minutes after the last, and given by the password', async () => {
    const ada = await openAs(server.origin, 'ada')
    assert.equal((await ada.open(confirmation)).url, `${server.origin}/account/sessions`)
    const early = ada.cookies.get('session')?.value
    ahead += 15 * 60_000
    const question = await ada.open(confirmation)
    assert.match(question.html, /<h1>Confirm it’s you<\/h1>[\s\S]*ada@example\.com/)

    const wrong = await ada.submit(question, { confirm_password: 'guess' }, /confirm$/)
    assert.equal(wrong.status, 422)
    assert.match(wrong.html, /id="confirm_password-note">The password is wrong/)
    assert.equal(ada.cookies.get('session')?.value, early)

    const right = await ada.submit(wrong, { confirm_password: password }, /confirm$/)
    assert.equal(right.url, `${server.origin}/account/sessions`)
    const late = ada.cookies.get('session')?.value ?? ''
    assert.notEqual(late, early, 'the identifier is new')
    assert.equal((await ada.open(confirmation)).url, `${server.origin}/account/sessions`)

    const thief = createBrowser(server.origin)
    for (const [name, cookie] of ada.cookies) thief.cookies.set(name, cookie)
    thief.cookies.set('session', { value: early ?? '', path: '/' })
    assert.match((await thief.open('/')).url, /\/sign-in\?/, 'the identifier of before is void')
  })

  it('keeps what a form held, when it was sent too late', async () => {
    const ada = await openAs(server.origin, 'ada')
    const form = await ada.open('/account/passkeys/new')
    ahead += 15 * 60_000
    const question = await ada.submit(form, { name: 'Keys & <chain>' }, /passkeys$/)
    assert.equal(question.status, 403)
    assert.match(question.html, /Confirm it’s you/)
    const wrong = await ada.submit(question, { confirm_password: 'guess' }, /passkeys$/)
    const done = await ada.submit(wrong, { confirm_password: password }, /passkeys$/)
    assert.match(done.html, /name="name"[^>]*value="Keys &amp; &lt;chain&gt;"/)
    assert.match(done.html, /Your browser has to make the passkey first/)
  })

  it('is not given by another site’s form, and leads nowhere else', async () => {
    const ada = await openAs(server.origin, 'ada')
    ahead += 15 * 60_000
    const question = await ada.open(confirmation)
    const proof = { confirm_password: password }
    assert.equal((await ada.submit(question, { ...proof, csrf: '' }, /confirm$/)).status, 403)
    const answer = await ada.submit(question, { ...proof, return_to: '//evil.example' }, /confirm$/)
    assert.equal(new URL(answer.url).origin, server.origin)
  })
})

describe('Signing in elsewhere in a browser that is asked to sign in for a client', () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
    await populate(server)
  })
  after(() => server.stop())

  const authorization = async (parameters: Record<string, string> = {}) =>
    authorizationUrl(server.origin, {
      client_id: await register(server.origin),
      code_challenge: pkce().challenge,
      ...parameters,
    })

  it('goes on with the authorization as that user', async () => {
    const browser = createBrowser(server.origin)
    const asked = await browser.open(await authorization())
    assert.match(asked.html, /name="password"/)
    const form = await browser.open(signInFor(new URL(asked.url).pathname))
    const consent = await browser.submit(form, { email: 'mel@example.com', password })
    assert.match(
      consent.html,
      /name="decision"[\s\S]*mel@example\.com|mel@example\.com[\s\S]*name="decision"/,
    )
    const answer = await browser.submit(consent, { organization: 'acme', decision: 'allow' })
    assert.ok(answer.url.startsWith(`${redirectUri}?code=`), answer.url)
  })

  it('does so only in the browser the authorization was begun in', async () => {
    const asked = await createBrowser(server.origin).open(await authorization())
    const other = createBrowser(server.origin)
    const form = await other.open(signInFor(new URL(asked.url).pathname))
    const page = await other.submit(form, { email: 'mel@example.com', password })
    assert.equal(page.status, 400)
    assert.match(page.html, /This sign-in is over/)
  })

  it('answers a client that asks for a new sign-in (prompt=login) only with one begun since', async () => {
    const browser = await openAs(server.origin, 'ada')
    await new Promise((resolve) => {
      setTimeout(resolve, 1000)
    })
    const asked = await browser.open(await authorization({ prompt: 'login' }))
    assert.match(asked.html, /name="password"/)
    assert.match((await browser.open(asked.url)).html, /name="password"/)
    const stranger = await browser.submit(asked, { email: 'mel@example.com', password })
    assert.match(stranger.html, /signed in as somebody else/)
    const consent = await browser.submit(asked, { email: 'ada@example.com', password })
    const answer = await browser.submit(consent, { organization: 'acme', decision: 'allow' })
    assert.ok(answer.url.startsWith(`${redirectUri}?code=`), answer.url)
  })
})

function signInFor(path: string): string {
  return `/sign-in?${new URLSearchParams({ return_to: path }).toString()}`
}
