import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { StoreUnavailable } from '../../src/storage/contract.ts'
import { createBrowser } from '../support/browser.ts'
import { callTool, refresh, register, signIn } from '../support/oauth-client.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'
import { assertJsonError } from './refusals.ts'

let clock = 0
let server: TestServer
before(async () => {
  const environment = { TRUSTED_PROXIES: '127.0.0.1' }
  server = await startServer({ environment, now: () => Date.now() + clock })
  await populate(server)
})
after(() => server.stop())

/** As a balancer passes a request on. */
const from = (address: string) => ({ 'x-forwarded-for': address })

async function tally(answers: Promise<Response>[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

function registerFrom(address: string): Promise<Response> {
  return fetch(`${server.origin}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...from(address) },
    body: JSON.stringify({ redirect_uris: ['http://127.0.0.1:54321/callback'] }),
  })
}

/** One sign-in attempt; the form is of a browser of its own. */
async function attemptFrom(address: string, email: string, secret = 'not the password') {
  const browser = createBrowser(server.origin)
  const { html } = await browser.open('/sign-in')
  const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
  return browser.request('/sign-in', {
    method: 'POST',
    headers: from(address),
    body: new URLSearchParams({ csrf, email, password: secret }),
  })
}

function guessFrom(address: string, clientId: string, token: string): Promise<Response> {
  return refresh(server.origin, clientId, token, {}, from(address))
}

test('RATE-01 registrations of one address end with 429 and Retry-After, and others register on', async () => {
  const answers = Array.from({ length: 200 }, () => registerFrom('198.51.100.1'))
  assert.deepEqual(await tally(answers), { 201: 150, 429: 50 })
  const refused = await registerFrom('198.51.100.1')
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/)
  await assertJsonError(refused, 429, 'temporarily_unavailable')
  assert.equal((await registerFrom('198.51.100.2')).status, 201)
})

test('RATE-02 guessing at one account ends with 429, and does not lock its owner out elsewhere', async () => {
  const guesses = Array.from({ length: 12 }, () => attemptFrom('198.51.100.3', 'ada@example.com'))
  assert.deepEqual(await tally(guesses), { 422: 10, 429: 2 })
  const right = await attemptFrom('198.51.100.3', 'ada@example.com', password)
  assert.equal(right.status, 429, 'not even the right password')
  assert.match(right.headers.get('retry-after') ?? '', /^\d+$/)
  assert.equal((await attemptFrom('198.51.100.4', 'ada@example.com', password)).status, 303)
})

test('RATE-04 one IPv6 /64 is one source, however many of its addresses are used', async () => {
  const guesses = Array.from({ length: 32 }, (_, n) =>
    attemptFrom(`2001:db8::${(n + 1).toString(16)}`, `somebody${n}@example.com`),
  )
  assert.deepEqual(await tally(guesses), { 422: 30, 429: 2 })
  assert.equal((await attemptFrom('2001:db8:0:1::1', 'ada@example.com')).status, 422)
})

test('RATE-05 guessing tokens ends with 429, for whoever guesses alone', async () => {
  const clientId = await register(server.origin)
  const guesses = Array.from({ length: 310 }, (_, n) => guessFrom('198.51.100.5', clientId, `guess-${n}`))
  assert.deepEqual(await tally(guesses), { 400: 300, 429: 10 })
  assert.equal((await guessFrom('198.51.100.6', clientId, 'guess')).status, 400)
})

test('RATE-07 too many refreshes are told to wait, and keep the session', async () => {
  const { clientId, refresh_token: token } = await signIn(server.origin)
  const ask = () => refresh(server.origin, clientId, token)
  for (let round = 0; round < 6; round++) {
    assert.deepEqual(await tally(Array.from({ length: 50 }, ask)), { 200: 50 })
  }
  const refused = await ask()
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/)
  // `invalid_grant` would make a client delete its tokens.
  await assertJsonError(refused, 429, 'temporarily_unavailable')
  clock += 61_000
  assert.equal((await ask()).status, 200)
})

test('RATE-08 without a limiter reading goes on, and nobody signs in', async () => {
  const { access_token: token } = await signIn(server.origin)
  const { limiter } = server.store
  const { hit } = limiter
  const down = { hit: () => Promise.reject(new StoreUnavailable('the limiter is down')) }
  Object.assign(limiter, down)
  try {
    assert.equal((await callTool(server.origin, token)).status, 200)
    const refused = await attemptFrom('198.51.100.7', 'ada@example.com', password)
    assert.equal(refused.status, 503)
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/)
  } finally {
    Object.assign(limiter, { hit })
  }
})
