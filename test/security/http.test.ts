import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, mock, test } from 'node:test'
import Koa from 'koa'
import { createHttpServer } from '../../src/cli/serve.ts'
import type { RequestState } from '../../src/http/request-context.ts'
import { createBrowser } from '../support/browser.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'
import { runCommandHere } from '../support/command-line.ts'
import { testSecretKey } from '../support/server-process.ts'
import { openSocket, requestText, sendRaw } from './raw-request.ts'

let server: TestServer
let host: string
before(async () => {
  server = await startServer()
  await populate(server)
  host = `Host: localhost:${server.port}`
})
after(() => server.stop())

/** Refused with one of the statuses, or by closing the connection without an answer. */
function assertRefused(status: number | undefined, allowed: readonly number[], what: string): void {
  assert.ok(status === undefined || allowed.includes(status), `${what}: ${status}`)
}

test('HTTP-01 a header of 20 KB is 431 (limits)', async () => {
  const text = requestText('GET /oauth/jwks HTTP/1.1', [host, `X-A: ${'a'.repeat(20_000)}`])
  assert.equal((await sendRaw(server.port, text)).status, 431)
})

test('HTTP-02 2500 headers are 431 (limits)', async () => {
  const headers = Array.from({ length: 2500 }, (_, n) => `X-${n}: a`)
  const text = requestText('GET /oauth/jwks HTTP/1.1', [host, ...headers])
  assert.equal((await sendRaw(server.port, text)).status, 431)
})

const smuggled: [title: string, headers: string[]][] = [
  ['HTTP-04 an obfuscated Transfer-Encoding', ['Transfer-Encoding: xchunked']],
  ['HTTP-05 two values of Content-Length', ['Content-Length: 3', 'Content-Length: 4']],
]
for (const [title, headers] of smuggled) {
  test(`${title} is 400 (RFC 9112 §6.3, request smuggling)`, async () => {
    const type = 'Content-Type: application/x-www-form-urlencoded'
    const text = requestText('POST /oauth/token HTTP/1.1', [host, type, ...headers])
    assert.equal((await sendRaw(server.port, `${text}a=b`)).status, 400)
  })
}

test('HTTP-07 a request without version or Host is refused (RFC 9112 §3.2)', async () => {
  for (const line of ['GET /oauth/jwks', 'GET /oauth/jwks HTTP/1.0', 'GET /oauth/jwks HTTP/1.1']) {
    assertRefused((await sendRaw(server.port, `${line}\r\n\r\n`)).status, [400], line)
  }
})

test('HTTP-10 a body longer or shorter than Content-Length is refused (RFC 9112 §6.3)', async () => {
  const post = (length: number) =>
    requestText('POST /oauth/token HTTP/1.1', [
      host,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${length}`,
    ])
  const short = await sendRaw(server.port, `${post(10)}a=b&c`, { hangUp: true })
  assertRefused(short.status, [400], 'short')
  const long = await sendRaw(server.port, `${post(3)}a=b&c=d`)
  assertRefused(long.status, [400], 'long')
  assert.equal((await fetch(`${server.origin}/healthz`)).status, 200)
})

test('HTTP-11 a compressed body is refused unread (zip bomb)', async () => {
  for (const [path, type] of [
    ['/oauth/token', 'application/x-www-form-urlencoded'],
    ['/oauth/revoke', 'application/x-www-form-urlencoded'],
    ['/oauth/register', 'application/json'],
    ['/sign-in', 'application/x-www-form-urlencoded'],
  ] as const) {
    const response = await fetch(server.origin + path, {
      method: 'POST',
      headers: { 'content-type': type, 'content-encoding': 'gzip' },
      body: Buffer.from('1f8b0800', 'hex'),
    })
    assert.ok([400, 415].includes(response.status), `${path}: ${response.status}`)
  }
})

test('HTTP-13 TRACE, CONNECT and unknown methods do nothing (cross-site tracing)', async () => {
  for (const line of [
    'TRACE / HTTP/1.1',
    'CONNECT evil.example:443 HTTP/1.1',
    'BREW / HTTP/1.1',
    'PROPFIND / HTTP/1.1',
  ]) {
    const { status, body } = await sendRaw(server.port, requestText(line, [host, 'X-Secret: reflected']))
    assertRefused(status, [400, 404, 405, 501], line)
    assert.doesNotMatch(body, /reflected/)
  }
})

test('HTTP-14 paths that parsers read differently lead nowhere (robustness)', async () => {
  const paths = [
    '/%zz',
    '/%00',
    '/sign-in%00',
    '/../../etc/passwd',
    '/assets/../../package.json',
    '//evil.example',
    '//evil.example/%2f..',
    '/%5cevil.example',
    '/\\evil.example',
  ]
  for (const path of paths) {
    const answer = await sendRaw(server.port, requestText(`GET ${path} HTTP/1.1`, [host]))
    assert.ok([400, 404].includes(answer.status ?? 0), `${path}: ${answer.status}`)
    assert.equal(answer.headers.get('location'), null, path)
  }
})

test('HTTP-16 look-alike slugs are refused, look-alike e-mail addresses are one account (homographs)', async (t) => {
  const fresh = await startServer()
  t.after(() => fresh.stop())
  const browser = createBrowser(fresh.origin)
  const token = await fresh.domain.firstRun.issueToken()
  const setup = await browser.open(`/setup?token=${token}`)
  const fields = { name: 'Ada', email: 'ada@example.com', password, organization: 'Acme' }
  // The first letter is Cyrillic. A form that is not accepted is shown again, with 422.
  for (const slug of ['\u0430cme', 'ACME', 'acme\u200b', 'ac.me']) {
    const refused = await browser.submit(setup, { ...fields, slug })
    assert.equal(refused.status, 422, slug)
    assert.match(refused.html, /Use 1 to 40 of a-z, 0-9 and -/)
  }
  assert.equal((await browser.submit(setup, { ...fields, slug: 'acme' })).status, 200)
  for (const email of ['ADA@Example.com', '\uff41da@example.com', ' ada@example.com ']) {
    const other = createBrowser(fresh.origin)
    const home = await other.submit(await other.open('/sign-in'), { email, password })
    assert.match(home.html, /ada@example\.com/, email)
    assert.notEqual(new URL(home.url).pathname, '/sign-in', email)
  }
})

test('HTTP-17 error answers show no stack, path or version (information leak)', async () => {
  const leaks = /node_modules|at Object\.|at async|\/(home|work|src)\/|koa|oidc-provider|a defect of ours/i
  const failing = mock.method(server.store.documents, 'findUnique', () => {
    throw new Error('a defect of ours')
  })
  const csrfPage = await createBrowser(server.origin).open('/sign-in')
  assert.equal(csrfPage.status, 200)
  for (const accept of ['text/html', 'application/json']) {
    for (const path of [
      '/%E0%A4%A',
      '/nothing/here',
      '/oauth/authorize',
      '/oauth/nothing',
      '/interaction/x',
    ]) {
      const response = await fetch(server.origin + path, { headers: { accept } })
      assert.ok([400, 404].includes(response.status), `${path}: ${response.status}`)
      assert.equal(response.headers.get('x-powered-by'), null)
      assert.equal(response.headers.get('server'), null)
      assert.doesNotMatch(await response.text(), leaks, path)
    }
  }
  const browser = createBrowser(server.origin)
  const broken = await browser.submit(await browser.open('/sign-in'), { email: 'ada@example.com', password })
  failing.mock.restore()
  assert.equal(broken.status, 500)
  assert.doesNotMatch(broken.html, leaks)
  const requestId = broken.headers.get('x-request-id') ?? 'none'
  assert.ok(broken.html.includes(requestId), 'the page leads to the log')
  assert.ok(server.log.some((line) => line.includes(requestId) && line.includes('a defect of ours')))
})

/** Runs `serve` with this environment, which must refuse to start; gives what it said. */
async function refusedStart(environment: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'opentrace-start-'))
  const { code, stderr } = await runCommandHere(['serve'], { DATA_DIR: folder, PORT: '0', ...environment })
  await rm(folder, { recursive: true })
  assert.equal(code, 1)
  assert.doesNotMatch(stderr, /node_modules|at async/)
  return stderr
}

test('HTTP-08 headers that drip in are cut off, and do not stop others (slowloris)', async (t) => {
  const app = new Koa<RequestState>().use((ctx) => {
    ctx.body = 'served'
  })
  const dripped = createHttpServer(app)
  assert.ok(dripped.headersTimeout <= 15_000 && dripped.requestTimeout <= 30_000)
  // The real limits take 20 seconds to show; what enforces them looks every five.
  dripped.headersTimeout = 200
  await new Promise<void>((resolve) => {
    dripped.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => {
    dripped.closeAllConnections()
    dripped.close()
  })
  const { port } = dripped.address() as AddressInfo
  const began = Date.now()
  const sockets = await Promise.all(Array.from({ length: 300 }, () => openSocket(port)))
  const answers = sockets.map(async (socket) => {
    const drip = setInterval(() => socket.write('X'), 100)
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\n')
    const [first] = (await once(socket, 'data')) as [Buffer]
    clearInterval(drip)
    socket.destroy()
    return first.toString()
  })
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'served')
  for (const answer of await Promise.all(answers)) assert.match(answer, /^HTTP\/1\.1 408 /)
  assert.ok(Date.now() - began < 12_000)
})

// On loopback plain http needs no flag: it is how a laptop runs, where requests never leave the machine.
test('HTTP-19 plain http under a public name is refused at start (OAuth 2.1 §1.5)', async () => {
  for (const url of ['http://auth.example', 'http://10.0.0.1:3000', 'http://localhost.evil.example']) {
    const said = await refusedStart({ PUBLIC_URL: url, SECRET_KEY: testSecretKey })
    assert.match(said, /PUBLIC_URL must start with https:\/\//)
  }
})

test('HTTP-20 a public server does not start without a secret of its own, and has no default one (secure defaults)', async () => {
  const publicUrl = 'https://trace.example'
  const refused = [
    { PUBLIC_URL: publicUrl },
    { PUBLIC_URL: publicUrl, SECRET_KEY: 'x'.repeat(40) },
    { REDIS_URL: 'redis://127.0.0.1:1' },
  ]
  for (const environment of refused) assert.match(await refusedStart(environment), /SECRET_KEY/)
  const other = await startServer()
  const keys = await Promise.all(
    [server, other].map(async ({ origin }) => {
      const { keys: published } = (await (await fetch(`${origin}/oauth/jwks`)).json()) as {
        keys: { kid: string; d?: string }[]
      }
      for (const key of published) assert.equal(key.d, undefined, 'a private key')
      return published.map(({ kid }) => kid)
    }),
  )
  await other.stop()
  assert.equal(new Set(keys.flat()).size, 2, 'every installation makes its own key')
  assert.ok(!keys.flat().includes('keystore-CHANGE-ME'))
})
