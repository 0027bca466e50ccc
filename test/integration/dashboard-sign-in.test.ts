import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Browser, createBrowser, formsOf } from '../support/browser.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'

describe('Signing in to the dashboard (/sign-in)', () => {
  let server: TestServer
  let browser: Browser
  before(async () => {
    server = await startServer()
    await populate(server)
    browser = createBrowser(server.origin)
  })
  after(() => server.stop())

  it('asks strangers to sign in, and then continues where they wanted to go', async () => {
    const wanted = '/organizations/acme/architecture/entities?q=a%26b'
    const form = await browser.open(wanted)
    assert.equal(new URL(form.url).pathname, '/sign-in')
    const page = await browser.submit(form, { email: 'Mel@example.com', password })
    assert.equal(page.url, server.origin + wanted)
    assert.equal(page.status, 200)
    await browser.submit(page, {}, /sign-out/)
    assert.equal(new URL((await browser.open('/')).url).pathname, '/sign-in')
  })

  it('refuses a form without a token, or with the token of another browser (OWASP CSRF)', async () => {
    const own = await browser.open('/sign-in')
    const other = await createBrowser(server.origin).open('/sign-in')
    for (const csrf of ['', formsOf(other.html)[0]?.hidden['csrf'] ?? '']) {
      const page = await browser.submit(own, { email: 'ada@example.com', password, csrf })
      assert.equal(page.status, 403)
    }
    assert.equal(new URL((await browser.open('/')).url).pathname, '/sign-in')
  })

  it('refuses a signed-in form with the token of another sign-in, and of another purpose', async () => {
    const ada = createBrowser(server.origin)
    const signInForm = await ada.open('/sign-in')
    const home = await ada.submit(signInForm, { email: 'ada@example.com', password })
    const mel = createBrowser(server.origin)
    const melHome = await mel.submit(await mel.open('/sign-in'), { email: 'mel@example.com', password })
    const foreign = [signInForm, melHome].map(({ html }) => formsOf(html)[0]?.hidden['csrf'] ?? '')
    for (const csrf of ['', ...foreign]) {
      assert.equal((await ada.submit(home, { csrf }, /sign-out/)).status, 403)
    }
    assert.equal((await ada.open('/')).url, `${server.origin}/`)
  })

  for (const returnTo of [
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/..//evil.example',
    'https://evil.example/',
    '\\\\evil.example',
    'javascript:alert(1)',
  ]) {
    it(`never continues at another host: ${JSON.stringify(returnTo)} (RFC 9700 §4.11)`, async () => {
      const fresh = createBrowser(server.origin)
      const form = await fresh.open(`/sign-in?${new URLSearchParams({ return_to: returnTo }).toString()}`)
      const [{ hidden } = { hidden: {} }] = formsOf(form.html)
      const answer = await fresh.request('/sign-in', {
        method: 'POST',
        body: new URLSearchParams({ ...hidden, return_to: returnTo, email: 'ada@example.com', password }),
      })
      assert.equal(answer.status, 303)
      assert.equal(answer.headers.get('location'), '/')
    })
  }

  it('tells neither that an address is unknown nor that a password is wrong, and keeps the address', async () => {
    const pages = await Promise.all(
      ['ada@example.com', 'nobody@example.com'].map(async (email) => {
        const fresh = createBrowser(server.origin)
        return fresh.submit(await fresh.open('/sign-in'), { email, password: 'not the password' })
      }),
    )
    for (const [position, email] of ['ada@example.com', 'nobody@example.com'].entries()) {
      assert.equal(pages[position]?.status, 422)
      assert.match(pages[position]?.html ?? '', new RegExp(`name="email"[^>]*value="${email}"`))
      assert.match(pages[position]?.html ?? '', /role="alert">The e-mail address or the password is wrong/)
    }
  })
})

describe('Guessing passwords', () => {
  it('ends after ten attempts on one account within five minutes, with Retry-After (RFC 6585 §4)', async () => {
    const server = await startServer()
    try {
      const browser = createBrowser(server.origin)
      const form = await browser.open('/sign-in')
      const attempt = (email: string) => browser.submit(form, { email, password: 'guess' })
      for (let count = 0; count < 10; count += 1) assert.equal((await attempt('ada@example.com')).status, 422)
      const refused = await attempt(' ADA@example.com')
      assert.equal(refused.status, 429)
      assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/)
      assert.equal((await attempt('mel@example.com')).status, 422)
    } finally {
      await server.stop()
    }
  })
})
