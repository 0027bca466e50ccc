import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, createBrowser, formsOf, type Page } from '../support/browser.ts'
import {
  authorizationUrl,
  callTool,
  pkce,
  post,
  redirectUri,
  register,
  signIn,
  signInAt,
} from '../support/oauth-client.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let people: Awaited<ReturnType<typeof populate>>
let native: string
/** Signed in as ada, who owns acme and is a member of globex. */
let ada: Browser
/** Signed in as mel, who is a member of acme only. */
let mel: Browser
before(async () => {
  server = await startServer()
  people = await populate(server)
  native = await register(server.origin, { client_name: 'Trace reader' })
  ada = createBrowser(server.origin)
  mel = createBrowser(server.origin)
  for (const [browser, email] of [
    [ada, 'ada@example.com'],
    [mel, 'mel@example.com'],
  ] as const) {
    await browser.submit(await browser.open('/sign-in'), { email, password })
  }
})
after(() => server.stop())

/** The page an authorization begins with: consent where the browser is signed in, else the sign-in. */
function begin(browser: Browser, clientId = native): Promise<Page> {
  return browser.open(
    authorizationUrl(server.origin, { client_id: clientId, code_challenge: pkce().challenge }),
  )
}

/** Posts the consent form of a page and gives the answer itself, not where it leads. */
function postConsent(browser: Browser, page: Page, fields: Record<string, string>): Promise<Response> {
  const form = formsOf(page.html).find(({ action }) => action.endsWith('/consent'))
  assert.ok(form, page.html)
  return browser.request(form.action, {
    method: 'POST',
    body: new URLSearchParams({ ...form.hidden, ...fields }),
  })
}

async function sessionsOf(organizationId: string): Promise<number> {
  return (await server.store.documents.list('client-session', 'organization', organizationId)).items.length
}

async function organizationOf(accessToken: string): Promise<string> {
  const response = await callTool(server.origin, accessToken)
  assert.equal(response.status, 200)
  return /\((acme|globex)\)/.exec(await response.text())?.[1] ?? ''
}

test('UI-01 sign-in and consent pages cannot be framed, sniffed or cached (RFC 9700 §4.16)', async () => {
  for (const page of [await begin(createBrowser(server.origin)), await begin(ada)]) {
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
    assert.equal(page.headers.get('x-frame-options'), 'DENY')
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer')
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff')
    assert.match(page.headers.get('cache-control') ?? '', /no-store/)
  }
})

test('UI-02 the CSP allows no inline script, and no page has one without nonce (XSS)', async () => {
  for (const page of [
    await begin(createBrowser(server.origin)),
    await begin(ada),
    await ada.open('/organizations/acme'),
  ]) {
    const policy = page.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'.*script-src 'nonce-[\w+/=]{20,}'(?:;|$)/)
    assert.doesNotMatch(policy, /unsafe-(inline|eval)/)
    assert.doesNotMatch(page.html, /<script(?![^>]*nonce=)|\son[a-z]+="|\sstyle="|href="javascript:/i)
  }
})

test('what is no page may load, run and send nothing (CSP Level 3 §6.1)', async () => {
  const answer = await fetch(`${server.origin}/.well-known/oauth-authorization-server`)
  const policy = answer.headers.get('content-security-policy')
  assert.equal(policy, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
})

test('UI-04 an interaction does not open without its cookie (login CSRF)', async () => {
  const page = await begin(ada)
  const response = await fetch(page.url)
  assert.equal(response.status, 400)
  assert.doesNotMatch(await response.text(), /Trace reader/)
})

test('UI-05 an interaction does not open in another browser (session swap)', async () => {
  const victims = await begin(ada)
  const attackers = await begin(mel)
  assert.equal(attackers.status, 200)
  // Also with the attacker's own interaction cookie, which a browser would not send to this path.
  const cookie = [...mel.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ')
  for (const url of [victims.url, `${victims.url}/consent`]) {
    const response = await fetch(url, {
      headers: { cookie },
      ...(url === victims.url ? {} : { method: 'POST', body: new URLSearchParams({ decision: 'allow' }) }),
    })
    assert.equal(response.status, 400, url)
    assert.doesNotMatch(await response.text(), /Trace reader/)
  }
})

test('UI-07 consent without CSRF token is refused and grants nothing (RFC 9700 §4.7)', async () => {
  const sessions = await sessionsOf(people.acme.id)
  const page = await begin(ada)
  for (const csrf of ['', 'x']) {
    const response = await postConsent(ada, page, { decision: 'allow', organization: 'acme', csrf })
    assert.equal(response.status, 403)
    assert.equal(response.headers.get('location'), null)
  }
  assert.equal(await sessionsOf(people.acme.id), sessions)
})

test('UI-08 the CSRF token of another interaction is refused (token binding)', async () => {
  const other = formsOf((await begin(ada)).html)[0]?.hidden['csrf'] ?? ''
  const page = await begin(ada)
  const fields = { decision: 'allow', organization: 'acme' }
  assert.equal((await postConsent(ada, page, { ...fields, csrf: other })).status, 403)
  assert.equal((await postConsent(ada, page, fields)).status, 303)
})

test('UI-10 nobody consents by GET (CSRF)', async () => {
  const page = await begin(ada)
  const response = await ada.request(`${page.url}/consent?decision=allow&organization=acme`)
  assert.ok([404, 405].includes(response.status), `${response.status}`)
})

test('UI-11 consent names client, organization, scopes and redirect host, and warns of localhost (MCP, Security Considerations)', async () => {
  const { html } = await begin(ada)
  for (const shown of [
    'Trace reader',
    'Unverified',
    '127.0.0.1:5000',
    'architecture:read',
    'Acme',
    'Globex',
  ]) {
    assert.ok(html.includes(shown), shown)
  }
  assert.match(html, /Any program on this computer/)
})

test('UI-13 only an organization of the user can be chosen (IDOR)', async () => {
  const page = await begin(mel)
  assert.doesNotMatch(page.html, /globex/i)
  for (const organization of ['globex', people.globex.id, 'nothing']) {
    const response = await postConsent(mel, page, { decision: 'allow', organization })
    assert.equal(response.status, 403, organization)
    assert.equal(response.headers.get('location'), null)
  }
})

test('UI-14 another organization on a second device leaves the first alone (grant sharing)', async () => {
  const first = await signIn(server.origin, { clientId: native, browser: ada, organization: 'acme' })
  const second = await signIn(server.origin, { clientId: native, browser: ada, organization: 'globex' })
  assert.equal(await organizationOf(first.access_token), 'acme')
  assert.equal(await organizationOf(second.access_token), 'globex')
  const revoked = await post(`${server.origin}/oauth/revoke`, {
    client_id: native,
    token: second.refresh_token,
  })
  assert.equal(revoked.status, 200)
  assert.equal((await callTool(server.origin, second.access_token)).status, 401)
  assert.equal(await organizationOf(first.access_token), 'acme')
})

test('UI-16 a consent submitted twice gives one code and one session (replay)', async () => {
  const sessions = await sessionsOf(people.acme.id)
  const page = await begin(ada)
  const fields = { decision: 'allow', organization: 'acme' }
  const parallel = await Promise.all([1, 2, 3].map(() => postConsent(ada, page, fields)))
  // As after a double click, of which a browser follows the last answer.
  const answers = [...parallel, await postConsent(ada, page, fields)]
  assert.equal(answers.at(-1)?.status, 303)
  const codes: unknown[] = []
  for (const { status, headers } of answers) {
    assert.ok([303, 400].includes(status), `${status}`)
    const resumed = status === 303 ? await ada.request(headers.get('location') ?? '') : undefined
    codes.push(URL.parse(resumed?.headers.get('location') ?? '')?.searchParams.get('code'))
  }
  assert.equal(codes.filter((code) => typeof code === 'string').length, 1)
  assert.equal(await sessionsOf(people.acme.id), sessions + 1)
})

test('UI-17 Cancel sends access_denied with state and iss (RFC 6749 §4.1.2.1, RFC 9207 §2)', async () => {
  const page = await begin(ada)
  const { url } = await ada.submit(page, { decision: 'deny' })
  const callback = new URL(url)
  assert.equal(`${callback.origin}${callback.pathname}`, redirectUri)
  assert.equal(callback.searchParams.get('error'), 'access_denied')
  assert.equal(callback.searchParams.get('state'), 'st')
  assert.equal(callback.searchParams.get('iss'), server.origin)
})

test('UI-20 a sign-in never continues at another host (open redirect, CVE-2025-54420)', async () => {
  for (const target of ['//evil.example', 'https://evil.example', '/\\evil.example', '/\t/evil.example']) {
    const query = new URLSearchParams({ return_to: target, returnTo: target }).toString()
    const response = await ada.request(`/sign-in?${query}`)
    assert.equal(response.status, 303)
    const location = new URL(response.headers.get('location') ?? '', server.origin)
    assert.equal(location.origin, server.origin, target)
  }
  const fresh = createBrowser(server.origin)
  const page = await fresh.open('/sign-in?return_to=//evil.example')
  const fields = { email: 'ada@example.com', password, return_to: '//evil.example' }
  assert.equal(new URL((await fresh.submit(page, fields)).url).origin, server.origin)
})

test('UI-22 starting an authorization sets no cookie but the interaction’s (MCP, confused deputy)', async () => {
  const fresh = createBrowser(server.origin)
  const response = await fresh.request(
    authorizationUrl(server.origin, { client_id: native, code_challenge: pkce().challenge }),
  )
  assert.equal(response.status, 303)
  const names = response.headers.getSetCookie().map((cookie) => cookie.split('=', 1)[0])
  for (const name of names) assert.match(name ?? '', /^(interaction|resume)(\.sig)?$/)
})

test('UI-23 signing out needs a form with its token, and leads nowhere else (open redirect)', async () => {
  const query = new URLSearchParams({
    post_logout_redirect_uri: 'https://evil.example/',
    client_id: native,
  }).toString()
  for (const path of [`/session/end?${query}`, '/session/end/confirm', `/oauth/session/end?${query}`]) {
    const response = await ada.request(path)
    assert.ok([400, 404].includes(response.status), `${path}: ${response.status}`)
    assert.equal(response.headers.get('location'), null)
  }
  assert.equal((await ada.request(`/sign-out?${query}`)).status, 405)
  const forged = await ada.request('/sign-out', { method: 'POST', body: new URLSearchParams({}) })
  assert.equal(forged.status, 403)
  assert.equal((await ada.open('/organizations/acme')).status, 200, 'still signed in')
  const left = await ada.submit(await ada.open('/organizations/acme'), {}, /sign-out/)
  assert.equal(left.url, `${server.origin}/sign-in`)
  const page = await signInAt(ada, await begin(ada))
  assert.match(page.html, /name="decision"/, 'a new sign-in was asked for')
})
