import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createBrowser, type Page } from '../support/browser.ts'
import { invite, requireLink } from '../support/invitations.ts'
import { startMailServer } from '../support/mail-server.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'
import { upload } from '../support/uploads.ts'
import { requestText, sendRaw } from './raw-request.ts'

const members = '/organizations/acme/members'

let clock = 0
let server: TestServer
let mail: Awaited<ReturnType<typeof startMailServer>>
let people: Awaited<ReturnType<typeof populate>>
before(async () => {
  mail = await startMailServer()
  server = await startServer({ environment: { SMTP_URL: mail.url }, now: () => Date.now() + clock })
  people = await populate(server)
})
after(async () => {
  await server.stop()
  await mail.stop()
})

/** Sends a form that no page offers this person, with a token of theirs. */
async function send(name: string, path: string, fields: Record<string, string>): Promise<Page> {
  const browser = await openAs(server.origin, name)
  const { html } = await browser.open(members)
  const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
  return browser.open(path, { method: 'POST', body: new URLSearchParams({ csrf, ...fields }) })
}

async function roleOf(organizationId: string, userId: string): Promise<string | undefined> {
  return (await server.domain.members.find(organizationId, userId))?.role
}

test('DASH-10 a member cannot raise their own role, nor with fields no form has (mass assignment)', async () => {
  const { mel, acme, globex } = people
  const fields = { role: 'owner', organizationId: globex.id, organization: 'globex', userId: mel.id }
  const page = await send('mel', `${members}/${mel.id}/role`, fields)
  assert.equal(page.status, 403)
  assert.deepEqual([await roleOf(acme.id, mel.id), await roleOf(globex.id, mel.id)], ['member', undefined])
})

test('DASH-11 the last owner cannot be removed (lock-out)', async () => {
  const { ada, mel, acme } = people
  await send('ada', `${members}/${mel.id}/role`, { role: 'admin' })
  assert.equal(await roleOf(acme.id, mel.id), 'admin')
  assert.equal((await send('ada', `${members}/${ada.id}/remove`, {})).status, 409)
  assert.notEqual((await send('mel', `${members}/${ada.id}/remove`, {})).status, 200)
  assert.equal(await roleOf(acme.id, ada.id), 'owner')
})

test('DASH-17 an image or page is no upload, and nothing that is uploaded is ever served', async () => {
  const path = '/organizations/acme/architecture/import'
  const browser = await openAs(server.origin, 'ada')
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
  const headers = { 'content-type': 'image/svg+xml' }
  assert.equal((await browser.request(path, { method: 'POST', headers, body: svg })).status, 415)
  const page = await upload(browser, path, { 'logo.svg': svg })
  assert.equal(page.status, 422)
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
  assert.doesNotMatch(page.html, /onload/)
})

test('DASH-22 links in mails use PUBLIC_URL, whatever Host is sent (reset poisoning)', async () => {
  const browser = await openAs(server.origin, 'ada')
  const { html } = await browser.open(`${members}/invite`)
  const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
  const cookie = [...browser.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ')
  const body = new URLSearchParams({ csrf, email: 'host@example.com', role: 'member' }).toString()
  const request = (headers: string[]) => {
    const type = 'Content-Type: application/x-www-form-urlencoded'
    const all = [...headers, `Cookie: ${cookie}`, type, `Content-Length: ${body.length}`]
    return sendRaw(server.port, requestText(`POST ${members}/invite HTTP/1.1`, all) + body)
  }
  assert.equal((await request(['Host: evil.example'])).status, 421)
  assert.equal(mail.received.length, 0)
  const own = `Host: localhost:${server.port}`
  const sent = await request([own, 'X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example'])
  assert.equal(sent.status, 200)
  const text = mail.received.map((received) => received.text).join('')
  assert.match(text, new RegExp(`^${server.origin}/invitations/`, 'm'))
  assert.doesNotMatch(text, /evil\.example/)
})

test('DASH-23 an invitation link works once, for its address, and expires (replay)', async () => {
  const ada = await openAs(server.origin, 'ada')
  const link = await requireLink(ada, 'nia@example.com')
  const mel = await openAs(server.origin, 'mel')
  const other = await mel.open(link)
  const forced = { ...other, html: other.html.replace('/switch"', '"') }
  assert.equal((await mel.submit(forced, {})).status, 409, 'bound to its address')
  const nia = createBrowser(server.origin)
  const form = await nia.open(link)
  assert.equal((await nia.submit(form, { name: 'Nia', password })).status, 200)
  assert.equal((await nia.submit(form, { name: 'Nia', password })).status, 410, 'single use')
  const late = (await invite(ada, 'late@example.com')).link
  const browser = createBrowser(server.origin)
  const page = await browser.open(late)
  clock = 7 * 24 * 60 * 60 * 1000
  assert.equal((await browser.submit(page, { name: 'Late', password })).status, 410, 'expires')
  assert.equal(await server.domain.users.findByEmail('late@example.com'), undefined)
})

test('DASH-19 a cookie that was set before the sign-in is not kept (session fixation)', async () => {
  const browser = createBrowser(server.origin)
  browser.cookies.set('session', { value: 'attacker', path: '/' })
  await browser.submit(await browser.open('/sign-in'), { email: 'bob@example.com', password })
  const first = browser.cookies.get('session')?.value
  assert.ok(first !== undefined && first !== 'attacker')

  // Neither is one that the attacker is signed in with.
  const victim = createBrowser(server.origin)
  const form = await victim.open('/sign-in')
  for (const [name, cookie] of browser.cookies)
    if (name.startsWith('session')) victim.cookies.set(name, cookie)
  await victim.submit(form, { email: 'ada@example.com', password })
  assert.notEqual(victim.cookies.get('session')?.value, first)
  assert.match((await browser.open('/account')).url, /\/sign-in\?/)
})

test('DASH-20 signing out ends the sign-in in the store: its cookie opens nothing any more', async () => {
  const browser = await openAs(server.origin, 'bob')
  const cookies = new Map(browser.cookies)
  await browser.submit(await browser.open('/account'), {}, /sign-out$/)
  for (const [name, cookie] of cookies) browser.cookies.set(name, cookie)
  assert.match((await browser.open('/account/sessions')).url, /\/sign-in\?/)
})

test('DASH-26 a refused sign-in does not tell whether the account exists, by words or by time', async () => {
  const attempt = async (email: string) => {
    const browser = createBrowser(server.origin)
    const form = await browser.open('/sign-in')
    const began = performance.now()
    const { status, html } = await browser.submit(form, { email, password: 'not the password' })
    const took = performance.now() - began
    return {
      took,
      page: { status, html: html.replaceAll(email, '').replaceAll(/(?:nonce|value)="[^"]*"/g, '') },
    }
  }
  const least = { known: Infinity, unknown: Infinity }
  for (let round = 0; round < 4; round += 1) {
    const known = await attempt('ada@example.com')
    const unknown = await attempt('nobody@example.com')
    assert.deepEqual(unknown.page, known.page)
    assert.equal(known.page.status, 422)
    least.known = Math.min(least.known, known.took)
    least.unknown = Math.min(least.unknown, unknown.took)
  }
  // Hashing takes most of it; without it an unknown address would be told in a tenth of the time.
  assert.ok(least.unknown > least.known / 3, `${least.unknown} ms against ${least.known} ms`)
})
