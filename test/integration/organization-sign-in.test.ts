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
} from '../support/oauth-client.ts'
import { redisSkipReason, startRedis, type RedisFixture } from '../support/redis.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'
import {
  startUpstreamProvider,
  upstreamClient,
  type UpstreamPerson,
  type UpstreamProvider,
} from '../support/upstream-provider.ts'

const settings = '/organizations/acme/settings/sign-in'
const issuer = 'https://id.acme.example'
const connection = {
  name: 'Acme ID',
  issuer,
  client_id: upstreamClient.id,
  client_secret: upstreamClient.secret,
}
/** A member of acme, which owns the domain example.com here, and of globex. */
const ada: UpstreamPerson = {
  sub: 'ada',
  email: 'ada@example.com',
  email_verified: true,
  name: 'Ada Lovelace',
}
const newcomer: UpstreamPerson = {
  sub: 'new',
  email: 'new@example.com',
  email_verified: true,
  name: 'New Comer',
}

for (const engine of ['SQLite', 'Redis'] as const) {
  const skip = engine === 'Redis' && redisSkipReason()
  describe(`Signing in through an organization’s provider, on ${engine}`, { skip }, () => {
    const records = new Map<string, string[][]>()
    let redis: RedisFixture | undefined
    let upstream: UpstreamProvider
    let server: TestServer
    let people: Awaited<ReturnType<typeof populate>>
    let owner: Browser
    before(async () => {
      redis = engine === 'Redis' ? await startRedis() : undefined
      upstream = await startUpstreamProvider(issuer)
      server = await startServer({
        redisUrl: redis?.url,
        publicFetch: upstream.fetch,
        resolveTxt: (name) => {
          const found = records.get(name)
          return found
            ? Promise.resolve(found)
            : Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))
        },
      })
      people = await populate(server)
      upstream.serve(`${server.origin}/sign-in/oidc/${people.acme.id}/callback`)
      owner = await openAs(server.origin, 'ada')
    })
    after(async () => {
      await server.stop()
      await upstream.stop()
      await redis?.stop()
    })

    /** As a person does: their address, the provider, and back. */
    async function goThrough(
      person: UpstreamPerson,
      returnTo?: string,
      browser = createBrowser(server.origin),
    ) {
      const offer = await lookUp(browser, 'somebody@example.com', returnTo)
      return { browser, page: await comeBack(browser, offer, person) }
    }

    async function comeBack(browser: Browser, offer: Page, person: UpstreamPerson): Promise<Page> {
      upstream.signInAs(person)
      const href = /href="([^"]+)"[^>]*>Continue with Acme ID/.exec(offer.html)?.[1]
      assert.ok(href, offer.html)
      const { url } = await browser.open(href.replaceAll('&amp;', '&'))
      return browser.open((await upstream.visit(url)).url)
    }

    async function change(action: RegExp, fields: Record<string, string> = {}): Promise<Page> {
      return owner.submit(await owner.open(settings), fields, action)
    }

    it('is an owner’s to connect, after the mail domain is proved by its TXT record', async () => {
      assert.equal((await (await openAs(server.origin, 'mel')).open(settings)).status, 403)
      const bob = await openAs(server.origin, 'bob')
      assert.equal((await bob.open(settings)).status, 404)
      assert.match((await change(/\/domain$/, { domain: 'no domain' })).html, /Enter a mail domain such as/)
      const named = await change(/\/domain$/, { domain: 'Example.com' })
      const proof = /opentrace-verification=[\w-]{43}/.exec(named.html)?.[0]
      assert.ok(proof, named.html)
      const connected = await change(/\/provider$/, { ...connection, makes_accounts: 'yes' })
      assert.equal(connected.status, 200)
      assert.equal(
        (await lookUp(createBrowser(server.origin), 'ada@example.com')).status,
        422,
        'not proved yet',
      )
      assert.match((await change(/\/verify$/)).html, /The TXT record is not there yet/)
      records.set('_opentrace.example.com', [['v=spf1'], [proof.slice(0, 20), proof.slice(20)]])
      assert.match((await change(/\/verify$/)).html, /Proved/)
      const entries = await server.domain.auditLog.page(people.acme.id, { limit: 10 })
      for (const type of ['domain.verified', 'sign_in_provider.changed']) {
        assert.ok(
          entries.some((entry) => entry.type === type && entry.actor.kind === 'user'),
          type,
        )
      }
    })

    it('never shows the client secret again, keeps it sealed, and sends it to no other issuer', async () => {
      assert.ok(!(await owner.open(settings)).html.includes(upstreamClient.secret))
      const stored = await server.store.documents.get('sign-in-provider', people.acme.id)
      assert.ok(stored && !JSON.stringify(stored).includes(upstreamClient.secret))
      const moved = await change(/\/provider$/, {
        ...connection,
        issuer: 'https://evil.example',
        client_secret: '',
      })
      assert.equal(moved.status, 422)
      assert.match(moved.html, /Enter the client secret/)
      assert.equal(
        (await change(/\/provider$/, { ...connection, client_secret: '', makes_accounts: 'yes' })).status,
        200,
      )
    })

    for (const bad of [
      'http://id.acme.example',
      'https://127.0.0.1',
      'https://idp.internal',
      'https://id.acme.example:8443',
    ]) {
      it(`refuses the issuer ${bad} (SSRF)`, async () => {
        const page = await change(/\/provider$/, { ...connection, issuer: bad })
        assert.equal(page.status, 422)
        assert.match(page.html, /an https:\/\/ URL of a public host/)
      })
    }

    it('lets a proved domain have one organization only', async () => {
      const bob = await openAs(server.origin, 'bob')
      const theirs = '/organizations/globex/settings/sign-in'
      const named = await bob.submit(await bob.open(theirs), { domain: 'example.com' }, /\/domain$/)
      const proof = /opentrace-verification=[\w-]{43}/.exec(named.html)?.[0] ?? ''
      records.set('_opentrace.example.com', [...(records.get('_opentrace.example.com') ?? []), [proof]])
      const page = await bob.submit(await bob.open(theirs), {}, /\/verify$/)
      assert.equal(page.status, 409)
      assert.match(page.html, /Another organization here already signs in with example\.com/)
    })

    it('is offered by the mail domain, and tells nothing of who has an account', async () => {
      const [known, unknown] = await Promise.all(
        ['ada@example.com', 'nil@example.com'].map((email) => lookUp(createBrowser(server.origin), email)),
      )
      assert.match(known?.html ?? '', /Continue with Acme ID/)
      assert.equal(bare(known, 'ada@example.com'), bare(unknown, 'nil@example.com'))
      assert.match(
        (await lookUp(createBrowser(server.origin), 'x@other.example')).html,
        /No organization here/,
      )
    })

    it('makes a user and a member at the first sign-in', async () => {
      const { page } = await goThrough(newcomer)
      assert.equal(page.url, `${server.origin}/organizations/acme`)
      const user = await server.domain.users.findByEmail('new@example.com')
      const member = await server.domain.members.find(people.acme.id, user?.id ?? '')
      assert.equal(member?.role, 'member')
    })

    it('reaches its own organization alone: the others are not found, nor is the account open', async () => {
      const { browser, page } = await goThrough(ada)
      assert.equal(page.url, `${server.origin}/organizations/acme`)
      assert.doesNotMatch(page.html, /Globex/)
      const foreign = await browser.open('/organizations/globex')
      const missing = await browser.open('/organizations/missing')
      assert.equal(foreign.status, 404)
      assert.equal(bare(foreign), bare(missing))
      for (const path of ['/account/sessions', '/account/sessions/revoke']) {
        const refused = await browser.open(path)
        assert.equal(refused.status, 403, path)
        assert.match(refused.html, /reaches Acme alone/)
      }
    })

    it('is asked again before a sensitive act, in another tab, while what was sent waits', async () => {
      const { browser } = await goThrough(ada)
      const form = await browser.open('/organizations/acme/members/invite')
      const held = await browser.submit(form, { email: 'guest@example.com', role: 'member' }, /invite$/)
      assert.equal(held.status, 403)
      const href = /href="([^"]+)" target="_blank">Continue with Acme ID/.exec(held.html)?.[1] ?? ''
      const { url } = await browser.open(href.replaceAll('&amp;', '&'))
      assert.equal(new URL(url).searchParams.get('prompt'), 'login')
      upstream.signInAs(ada)
      await browser.open((await upstream.visit(url)).url)
      const done = await browser.submit(held, {}, /invite$/)
      assert.equal(done.status, 200)
      assert.match(done.html, /guest@example\.com/)
    })

    it('cannot be used to authorize a client for another organization', async () => {
      const clientId = await register(server.origin)
      const { verifier, challenge } = pkce()
      const target = authorizationUrl(server.origin, { client_id: clientId, code_challenge: challenge })
      const browser = createBrowser(server.origin)
      const { url } = await browser.open(target)
      const { page: consent } = await goThrough(ada, new URL(url).pathname, browser)
      assert.match(consent.html, /value="acme"/)
      assert.doesNotMatch(consent.html, /globex/i)
      const foreign = await browser.submit(consent, { organization: 'globex', decision: 'allow' }, /consent/)
      assert.equal(foreign.status, 403)
      const answer = await browser.submit(consent, { organization: 'acme', decision: 'allow' }, /consent/)
      const callback = new URL(answer.url)
      const code = callback.searchParams.get('code') ?? ''
      const grant = { clientId, verifier, code, browser, callback, redirectUri }
      const tokens = await post(`${server.origin}/oauth/token`, exchangeFields(grant))
      const { access_token } = (await tokens.json()) as { access_token: string }
      assert.match(await (await callTool(server.origin, access_token)).text(), /ada@example\.com/)
      // The sign-in has passed through oidc-provider, and still reaches no further.
      assert.equal((await browser.open('/organizations/globex')).status, 404)
    })

    const refused: [title: string, person: UpstreamPerson, sentence: RegExp][] = [
      [
        'an address of another domain',
        { ...newcomer, sub: 'x1', email: 'ada@globex.example' },
        /may speak for addresses at example\.com only/,
      ],
      [
        'an address that is not verified',
        { ...newcomer, sub: 'x2', email_verified: false },
        /it has not verified/,
      ],
      [
        'an address of a subdomain',
        { ...newcomer, sub: 'x3', email: 'ada@sub.example.com' },
        /may speak for addresses/,
      ],
    ]
    for (const [title, person, sentence] of refused) {
      it(`refuses ${title}`, async () => {
        const { browser, page } = await goThrough(person)
        assert.equal(page.status, 403)
        assert.match(page.html, sentence)
        assert.equal(browser.cookies.has('session'), false)
      })
    }

    it('asks members for it where an owner requires it, and lets owners in otherwise', async () => {
      await change(/\/provider$/, { ...connection, client_secret: '', is_required: 'yes' })
      const mel = await openAs(server.origin, 'mel')
      const page = await mel.open('/organizations/acme/connect')
      assert.equal(page.status, 403)
      assert.match(page.html, /lets its members in through/)
      const person = { sub: 'mel', email: 'mel@example.com', email_verified: true }
      const back = await comeBack(mel, page, person)
      assert.equal(back.url, `${server.origin}/organizations/acme/connect`)
      assert.equal((await owner.open('/organizations/acme/connect')).status, 200)
    })

    it('does not let strangers in, where first sign-ins make no members, nor those who were removed', async () => {
      const { page } = await goThrough({ ...newcomer, sub: 'y1', email: 'late@example.com' })
      assert.match(page.html, /there is no account with late@example\.com here/)
      const { page: outsider } = await goThrough({
        sub: 'bob',
        email: 'bob@example.com',
        email_verified: true,
      })
      assert.match(outsider.html, /you are not a member of Acme/)
      const mel = await owner.open(`/organizations/acme/members/${people.mel.id}`)
      await owner.submit(mel, {}, /\/remove$/)
      const person = { sub: 'mel', email: 'mel@example.com', email_verified: true }
      const { page: removed } = await goThrough(person)
      assert.match(removed.html, /you are not a member of Acme/)
    })

    it('ends when the owner removes it; people use what else they have', async () => {
      await change(/\/remove$/)
      assert.equal((await lookUp(createBrowser(server.origin), 'ada@example.com')).status, 422)
      const browser = createBrowser(server.origin)
      assert.equal((await browser.open(`/sign-in/oidc/${people.acme.id}`)).status, 404)
      assert.equal(
        (await browser.submit(await browser.open('/sign-in'), { email: 'ada@example.com', password })).status,
        200,
      )
    })
  })
}

/** The page after an address was typed. */
async function lookUp(browser: Browser, email: string, returnTo = '/'): Promise<Page> {
  const form = await browser.open(`/sign-in/organization?${new URLSearchParams({ return_to: returnTo })}`)
  return browser.submit(form, { email })
}

/** A page without what is another one each time, and without the address that was typed. */
function bare(page: Page | undefined, email = '-'): string | undefined {
  return page?.html
    .replaceAll(email, '')
    .replaceAll(/request [0-9a-f-]+/g, '')
    .replaceAll(/nonce="[^"]+"|name="csrf" value="[^"]+"/g, '')
}
