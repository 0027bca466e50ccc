import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Browser, createBrowser, type Page } from '../support/browser.ts'
import {
  authorizationUrl,
  callTool,
  exchangeFields,
  pkce,
  post,
  redirectUri,
  register,
  signIn,
} from '../support/oauth-client.ts'
import { redisSkipReason, startRedis, type RedisFixture } from '../support/redis.ts'
import { password, populate, startServer, type TestServer, prepareUser } from '../support/server.ts'
import {
  startUpstreamProvider,
  upstreamClient,
  type UpstreamPerson,
  type UpstreamProvider,
} from '../support/upstream-provider.ts'

const grace: UpstreamPerson = {
  sub: 'grace-1',
  email: 'grace@example.com',
  email_verified: true,
  name: 'Grace Hopper',
}

for (const engine of ['SQLite', 'Redis'] as const) {
  const skip = engine === 'Redis' && redisSkipReason()
  describe(`Signing in through the operator’s provider, on ${engine}`, { skip }, () => {
    let redis: RedisFixture | undefined
    let upstream: UpstreamProvider
    let server: TestServer
    before(async () => {
      redis = engine === 'Redis' ? await startRedis() : undefined
      upstream = await startUpstreamProvider()
      server = await startServer({
        redisUrl: redis?.url,
        environment: {
          OIDC_ISSUER: upstream.issuer,
          OIDC_CLIENT_ID: upstreamClient.id,
          OIDC_CLIENT_SECRET: upstreamClient.secret,
          OIDC_NAME: 'Example ID',
          OIDC_SIGN_UP: 'on',
        },
      })
      await populate(server)
    })
    after(async () => {
      await server.stop()
      await upstream.stop()
      await redis?.stop()
    })

    /** As a person does: the link on a sign-in page, the provider, and back. */
    async function goThrough(
      browser: Browser,
      person: UpstreamPerson,
      { from = '/sign-in', visitor }: { from?: string; visitor?: Browser } = {},
    ): Promise<Page> {
      upstream.signInAs(person)
      const { url } = await upstream.visit((await leave(browser, from)).url, visitor)
      return browser.open(url)
    }

    it('says so while the provider is down, beside the password, and works once it is up (lazy discovery)', async () => {
      const browser = createBrowser(server.origin)
      const page = await leave(browser, '/sign-in?return_to=%2Forganizations%2Facme')
      assert.equal(page.status, 503)
      assert.match(page.headers.get('retry-after') ?? '', /^\d+$/)
      assert.match(page.html, /role="alert">Example ID cannot be reached right now/)
      assert.match(page.html, /name="password"/)
      assert.match(page.html, /name="return_to" value="\/organizations\/acme"/)
      upstream.serve(`${server.origin}/sign-in/oidc/callback`)
      assert.equal(new URL((await leave(browser)).url).origin, upstream.origin)
    })

    it('makes an account at the first sign-in, and leads to the same at the next, whatever the address is then', async () => {
      const first = await goThrough(createBrowser(server.origin), grace)
      assert.equal(first.url, `${server.origin}/`)
      assert.match(first.html, /Grace Hopper/)
      const user = await server.domain.users.findByEmail('grace@example.com')
      assert.ok(user)
      assert.equal(user.passwordHash, undefined)
      const renamed = { ...grace, email: 'ada@example.com' }
      const again = await goThrough(createBrowser(server.origin), renamed)
      assert.match(again.html, /grace@example\.com/)
      assert.doesNotMatch(again.html, /Ada Lovelace/)
    })

    it('sends PKCE with S256, state and nonce, and sets its cookie only then (UI-22; RFC 9700 §2.1.1)', async () => {
      const browser = createBrowser(server.origin)
      await browser.open('/sign-in')
      assert.equal(browser.cookies.has('upstream'), false)
      const { searchParams } = new URL((await leave(browser)).url)
      assert.equal(browser.cookies.has('upstream'), true)
      assert.equal(searchParams.get('code_challenge_method'), 'S256')
      for (const name of ['code_challenge', 'state', 'nonce']) {
        assert.match(searchParams.get(name) ?? '', /^[\w-]{43,}$/, name)
      }
      assert.equal(searchParams.get('redirect_uri'), `${server.origin}/sign-in/oidc/callback`)
    })

    it('links an account there is by a verified address, and tells its organizations', async () => {
      const page = await goThrough(
        createBrowser(server.origin),
        { sub: 'ada-1', email: 'ADA@example.com', email_verified: true },
        { from: '/sign-in?return_to=%2Forganizations%2Facme%2Fconnect' },
      )
      assert.equal(page.url, `${server.origin}/organizations/acme/connect`)
      const acme = await server.domain.organizations.findBySlug('acme')
      const entries = await server.domain.auditLog.page(acme?.id ?? '', { limit: 2 })
      assert.deepEqual(
        entries.map(({ type }) => type),
        ['sign_in.succeeded', 'identity.linked'],
      )
    })

    it('ends what opened an account before its owner came: it may have been made by another (pre-hijacking)', async () => {
      const { user, change } = prepareUser(server.domain, { email: 'heidi@example.com', name: 'Not Heidi' })
      const acme = await server.domain.organizations.findBySlug('acme')
      await server.store.documents.commit([
        change,
        server.domain.members.prepare(acme?.id ?? '', user.id, 'member'),
      ])
      const credentials = { email: user.email, password }
      const { access_token } = await signIn(server.origin, { email: user.email })
      const mallory = createBrowser(server.origin)
      await mallory.submit(await mallory.open('/sign-in'), credentials)

      const person = { sub: 'heidi-1', email: user.email, email_verified: true }
      const heidi = await goThrough(createBrowser(server.origin), person)
      assert.equal(heidi.url, `${server.origin}/organizations/acme`)
      assert.match((await mallory.open('/account')).url, /\/sign-in/)
      assert.equal((await mallory.submit(await mallory.open('/sign-in'), credentials)).status, 422)
      assert.equal((await callTool(server.origin, access_token)).status, 401)
      // The second time there is nobody to take anything from.
      const again = await goThrough(createBrowser(server.origin), person)
      assert.equal(again.url, `${server.origin}/organizations/acme`)
    })

    const refused: [title: string, person: UpstreamPerson, sentence: RegExp][] = [
      [
        'an address that is not verified',
        { sub: 'eve-1', email: 'mel@example.com', email_verified: false },
        /it has not verified that mel@example\.com is yours/,
      ],
      ['a verification that is not told', { sub: 'eve-2', email: 'mel@example.com' }, /it has not verified/],
      ['no address', { sub: 'eve-3' }, /it told no e-mail address/],
      [
        'the next holder of an address that is linked already',
        { sub: 'grace-2', email: 'grace@example.com', email_verified: true },
        /another person there already uses this account/,
      ],
    ]
    for (const [title, person, sentence] of refused) {
      it(`refuses ${title}`, async () => {
        const browser = createBrowser(server.origin)
        const page = await goThrough(browser, person)
        assert.equal(page.status, 403)
        assert.match(page.html, sentence)
        assert.equal(new URL((await browser.open('/')).url).pathname, '/sign-in')
      })
    }

    it('refuses an answer with another nonce, with another state, in another browser, and a second time', async () => {
      upstream.signInAs(grace)
      const answers: [title: string, change: (location: URL) => void, back?: (url: URL) => void][] = [
        ['nonce', (location) => location.searchParams.set('nonce', 'n'.repeat(43))],
        ['state', () => {}, (url) => url.searchParams.set('state', 's'.repeat(43))],
        ['issuer', () => {}, (url) => url.searchParams.set('iss', 'https://evil.example')],
      ]
      for (const [title, change, back] of answers) {
        const browser = createBrowser(server.origin)
        const location = new URL((await leave(browser)).url)
        change(location)
        const url = new URL((await upstream.visit(location.href)).url)
        back?.(url)
        assert.equal((await browser.open(url.href)).status, 403, title)
        assert.equal(browser.cookies.has('session'), false, title)
      }
      const browser = createBrowser(server.origin)
      const { url } = await upstream.visit((await leave(browser)).url)
      const stranger = createBrowser(server.origin)
      await leave(stranger)
      assert.equal((await stranger.open(url)).status, 403, 'in another browser')
      const cookies = new Map(browser.cookies)
      assert.equal((await browser.open(url)).status, 200)
      for (const [name, cookie] of cookies) browser.cookies.set(name, cookie)
      browser.cookies.delete('session')
      assert.equal((await browser.open(url)).status, 403, 'a second time')
    })

    it('is not begun by another site, which could sign in whom it likes (login CSRF, RFC 6749 §10.12)', async () => {
      const browser = createBrowser(server.origin)
      for (const site of ['cross-site', 'same-site']) {
        const page = await browser.open('/sign-in/oidc', { headers: { 'sec-fetch-site': site } })
        assert.equal(page.status, 403)
        assert.equal(browser.cookies.has('upstream'), false)
      }
    })

    it('tells that somebody said no at the provider', async () => {
      const browser = createBrowser(server.origin)
      const state = new URL((await leave(browser)).url).searchParams.get('state') ?? ''
      const query = new URLSearchParams({ error: 'access_denied', state, iss: upstream.issuer })
      const page = await browser.open(`/sign-in/oidc/callback?${query.toString()}`)
      assert.equal(page.status, 403)
      assert.match(page.html, /Example ID did not sign you in: you or it said no/)
    })

    it('goes on with the authorization it came from, up to a token that works', async () => {
      const clientId = await register(server.origin)
      const { verifier, challenge } = pkce()
      const browser = createBrowser(server.origin)
      const consent = await goThrough(
        browser,
        { sub: 'ada-1', email: 'ada@example.com', email_verified: true },
        { from: authorizationUrl(server.origin, { client_id: clientId, code_challenge: challenge }) },
      )
      const answer = await browser.submit(consent, { organization: 'acme', decision: 'allow' })
      const callback = new URL(answer.url)
      const code = callback.searchParams.get('code') ?? ''
      const tokens = await post(
        `${server.origin}/oauth/token`,
        exchangeFields({ clientId, verifier, code, browser, callback, redirectUri }),
      )
      const { access_token } = (await tokens.json()) as { access_token: string }
      const called = await callTool(server.origin, access_token)
      assert.equal(called.status, 200)
      assert.match(await called.text(), /ada@example\.com/)
    })

    it('never takes a password of whoever has none', async () => {
      const browser = createBrowser(server.origin)
      const form = await browser.open('/sign-in')
      for (const wrong of ['no such user', '']) {
        assert.equal(
          (await browser.submit(form, { email: 'grace@example.com', password: wrong })).status,
          422,
        )
      }
    })

    it('does not count the provider’s old sign-in as a fresh one, but a new one made for it', async () => {
      const browser = createBrowser(server.origin)
      const visitor = createBrowser(upstream.origin)
      await goThrough(browser, grace, { visitor })
      const confirm = await browser.open('/sign-in/confirm?return_to=%2Forganizations')
      assert.match(confirm.html, /Confirm it’s you/)
      const location = await leave(browser, confirm.url)
      assert.equal(new URL(location.url).searchParams.get('prompt'), 'login')
      await browser.open((await upstream.visit(location.url, visitor)).url)
      assert.equal((await browser.open('/sign-in/confirm?return_to=%2F')).url, `${server.origin}/`)
    })

    it('keeps on its way whoever is refused, who may have a password', async () => {
      const page = await goThrough(
        createBrowser(server.origin),
        { sub: 'eve-3' },
        { from: '/sign-in?return_to=%2Forganizations%2Facme' },
      )
      assert.match(page.html, /name="return_to" value="\/organizations\/acme"/)
    })

    it('writes neither secrets nor addresses of the provider’s answers into the log', () => {
      const log = server.log.join('\n')
      assert.match(log, /sign-in provider/)
      for (const secret of [upstreamClient.secret, 'mel@example.com', 'code=']) {
        assert.ok(!log.includes(secret), secret)
      }
    })
  })
}

/** Up to the provider’s address. */
async function leave(browser: Browser, from = '/sign-in'): Promise<Page> {
  const page = await browser.open(from)
  const href = /<a class="button wide" href="([^"]+)"[^>]*>Continue with Example ID/.exec(page.html)?.[1]
  assert.ok(href, page.html)
  return browser.open(href.replaceAll('&amp;', '&'))
}
