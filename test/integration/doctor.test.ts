import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Diagnosis, diagnose } from '../../src/diagnosis/diagnosis.ts'
import type { CheckName, Finding } from '../../src/diagnosis/finding.ts'
import { createProbe } from '../../src/diagnosis/probe.ts'
import { expiredCertificate, testCertificate } from '../support/certificates.ts'
import { type Fault, type PassingAnswer, startFaultyProxy } from '../support/faulty-proxy.ts'
import { signIn } from '../support/oauth-client.ts'
import { redisServerSkipReason, startRedisServer } from '../support/redis.ts'
import { runCommand, testSecretKey } from '../support/server-process.ts'
import { freePort, populate, startServer, type TestServer } from '../support/server.ts'

describe('diagnose (opentrace doctor)', () => {
  let server: TestServer
  let proxy: Awaited<ReturnType<typeof startFaultyProxy>>
  let origin: string
  before(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    server = await startServer({
      port: await freePort(),
      environment: { PUBLIC_URL: origin, HOST: '127.0.0.1', TRUSTED_PROXIES: '127.0.0.1' },
    })
    await populate(server)
    proxy = await startFaultyProxy({ port, target: server.port })
  })
  after(async () => {
    await proxy.stop()
    await server.stop()
  })

  it('finds nothing broken where nothing is, at the shared address and at an organization’s', async () => {
    proxy.make({})
    for (const address of [origin, `${origin}/o/acme/mcp/v1`]) {
      const { endpoint, findings } = await examine(address)
      assert.equal(endpoint, address === origin ? `${origin}/mcp/v1` : address)
      assert.deepEqual(
        findings.filter(({ outcome }) => !['holds', 'doubtful'].includes(outcome)),
        [],
      )
      assert.equal(new Set(findings.map(({ check }) => check)).size, 15)
    }
  })

  it('registers nothing while metadata documents are served', async () => {
    proxy.make({})
    await examine(origin)
    const registered = server.log.filter(
      (line) => line.includes('/oauth/register') && line.includes('"status":201'),
    )
    assert.deepEqual(registered, [])
  })

  it('calls a tool with a token, and repeats why a token is refused', async () => {
    proxy.make({})
    const { access_token: token } = await signIn(origin)
    const accepted = await examine(origin, token)
    assert.match(requireFinding(accepted.findings, 'whoami', 'holds').says, /Ada Lovelace[\s\S]*Acme/)
    const refused = await examine(origin, 'invented')
    assert.match(requireFinding(refused.findings, 'whoami', 'broken').says, /unknown or has expired/)
  })

  it('is a command that prints the report, and exits with 1 when something is broken', async () => {
    proxy.make({})
    const { code, stdout } = await runCommand(['doctor', origin], {})
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^http:\/\/localhost:\d+\/mcp\/v1\n\nok +The address\n/)
    proxy.make({
      answer: ({ path, method }) => (method === 'POST' && path.startsWith('/o/') ? redirect('/') : undefined),
    })
    const failed = await runCommand(['doctor', '--json', `${origin}/o/acme/mcp/v1`], {})
    assert.equal(failed.code, 1)
    assert.equal(failed.stderr.trim(), 'error: 1 thing is broken.', failed.stdout)
    const { endpoint, findings } = JSON.parse(failed.stdout) as Diagnosis
    assert.equal(endpoint, `${origin}/o/acme/mcp/v1`)
    requireFinding(findings, 'challenge', 'broken')
  })

  const faults: [title: string, check: CheckName, says: RegExp, mend: RegExp, fault: Fault][] = [
    [
      'Host is rewritten',
      'server',
      /rewrites the Host header: the server gets internal:80/,
      /proxy_set_header Host/,
      { headers: (headers) => ({ ...headers, host: 'internal:80' }) },
    ],
    [
      'the path is stripped',
      'challenge',
      /must answer 401, but it is 404/,
      /strip/,
      { path: (path) => (path === '/mcp/v1' ? '/v1' : path) },
    ],
    [
      'a slash is added',
      'challenge',
      /redirects to \/mcp\/v1\/ \(308\)/,
      /slash/,
      { answer: ({ path }) => (path === '/mcp/v1' ? redirect('/mcp/v1/') : undefined) },
    ],
    [
      'everything is redirected',
      'reach',
      /sends everybody on to https:\/\/trace\.example\//,
      /PUBLIC_URL/,
      { answer: () => redirect('https://trace.example/') },
    ],
    [
      'WWW-Authenticate is dropped',
      'challenge',
      /without WWW-Authenticate/,
      /proxy_hide_header/,
      { change: (answer) => without(answer, 'www-authenticate') },
    ],
    [
      'pages of errors are replaced',
      'challenge',
      /body: something in front replaced it/,
      /proxy_intercept_errors/,
      { change: (answer) => (answer.status === 401 ? { ...answer, body: '<h1>401</h1>' } : answer) },
    ],
    [
      'a firewall forbids posting',
      'challenge',
      /403/,
      /firewall/,
      { answer: ({ method }) => (method === 'POST' ? { status: 403, headers: {}, body: 'no' } : undefined) },
    ],
    [
      'the resource gets a slash',
      'resource_metadata',
      /a slash was added at its end/,
      /bodies on unchanged/,
      { change: (answer) => replaced(answer, /("resource":"[^"]*)"/, '$1/"') },
    ],
    [
      '/.well-known is taken by something else',
      'resource_metadata',
      /must be a JSON document, but is 404/,
      /certificate tools/,
      {
        answer: ({ path }) =>
          path.startsWith('/.well-known/') ? { status: 404, headers: {}, body: 'none' } : undefined,
      },
    ],
    [
      'the issuer is another',
      'server_metadata',
      /The issuer is https:\/\/internal:8080, .*its host is internal/,
      /PUBLIC_URL/,
      { change: (answer) => replaced(answer, /"issuer":"[^"]*"/, '"issuer":"https://internal:8080"') },
    ],
    [
      'endpoints are named as http on another port',
      'server_metadata',
      /names http:\/\/localhost:1\/token, which is not at/,
      /bodies on unchanged/,
      {
        change: (answer) =>
          replaced(answer, /"token_endpoint":"[^"]*"/, '"token_endpoint":"http://localhost:1/token"'),
      },
    ],
    [
      'bodies are limited to 64 KiB',
      'body_size',
      /256 KiB is refused on the way \(413\)/,
      /client_max_body_size/,
      { answer: ({ length }) => (length > 65_536 ? { status: 413, headers: {}, body: '' } : undefined) },
    ],
    [
      'streams are buffered',
      'streaming',
      /holds streams back until they end/,
      /proxy_buffering off/,
      { change: (answer) => answer },
    ],
    [
      'OPTIONS is refused',
      'cors',
      /\/mcp\/v1 answers 405 to OPTIONS/,
      /OPTIONS/,
      { answer: ({ method }) => (method === 'OPTIONS' ? { status: 405, headers: {}, body: '' } : undefined) },
    ],
    [
      'Access-Control headers are dropped',
      'cors',
      /\/mcp\/v1 allows no page/,
      /Access-Control/,
      { change: (answer) => without(answer, 'access-control-allow-origin') },
    ],
    [
      'cookies are dropped',
      'authorization',
      /Instead of the sign-in page .*no cookie was set/,
      /Set-Cookie/,
      { change: (answer) => without(answer, 'set-cookie') },
    ],
    [
      'answers with tokens may be cached',
      'token',
      /without Cache-Control: no-store/,
      /cache nothing/,
      { change: (answer) => without(answer, 'cache-control') },
    ],
    [
      'the server behind is down',
      'server',
      /gets no answer from the server \(502\)/,
      /Start the server/,
      { answer: () => ({ status: 502, headers: {}, body: '' }) },
    ],
  ]
  for (const [title, check, says, mend, fault] of faults) {
    it(`names the fault when ${title}, and the mend`, async () => {
      proxy.make(fault)
      const finding = requireFinding((await examine(origin)).findings, check, 'broken')
      assert.match(finding.says, says)
      assert.match(finding.mend ?? '', mend)
    })
  }

  it('notices who writes the address of clients', async () => {
    proxy.make({ headers: (headers) => ({ ...headers, 'x-forwarded-for': '203.0.113.9' }) })
    const good = requireFinding((await examine(origin)).findings, 'client_address', 'holds')
    assert.match(good.says, /203\.0\.113\.9/)
    proxy.make({})
    const spoofed = requireFinding((await examine(origin)).findings, 'client_address', 'doubtful')
    assert.match(spoofed.mend ?? '', /proxy_add_x_forwarded_for/)
  })

  it('compares clocks: the server’s with ours and with the Date header', async () => {
    proxy.make({})
    const hour = 3_600_000
    const ahead = await diagnose(origin, { probe: createProbe(), now: () => Date.now() - hour })
    assert.match(
      requireFinding(ahead.findings, 'clock', 'broken').says,
      /3600 s ahead of that of this machine/,
    )
    proxy.make({
      change: (answer) => ({
        ...answer,
        headers: { ...answer.headers, date: new Date(Date.now() - hour).toUTCString() },
      }),
    })
    assert.match(
      requireFinding((await examine(origin)).findings, 'clock', 'broken').says,
      /ahead of that of the proxy/,
    )
  })
})

describe('opentrace doctor without an address', { skip: redisServerSkipReason() }, () => {
  it('examines the store of its environment too, and says when Redis may forget', async () => {
    const redis = await startRedisServer('--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru')
    try {
      const { code, stdout } = await runCommand(['doctor', '--json'], {
        PUBLIC_URL: `http://localhost:${await freePort()}`,
        REDIS_URL: `redis://127.0.0.1:${redis.port}`,
        SECRET_KEY: testSecretKey,
      })
      assert.equal(code, 1)
      const { findings } = JSON.parse(stdout) as Diagnosis
      assert.match(requireFinding(findings, 'reach', 'broken').says, /Nothing listens/)
      assert.match(requireFinding(findings, 'store', 'broken').says, /maxmemory-policy allkeys-lru/)
    } finally {
      await redis.stop()
    }
  })
})

describe('diagnose, before the server is reached', () => {
  it('tells a wrong PUBLIC_URL from a rewritten Host', async () => {
    const port = await freePort()
    const server = await startServer({
      port,
      environment: { PUBLIC_URL: 'http://localhost:1', HOST: '127.0.0.1' },
    })
    try {
      const { findings } = await examine(`http://localhost:${port}`)
      const { says, mend = '' } = requireFinding(findings, 'server', 'broken')
      assert.match(says, /takes itself for http:\/\/localhost:1, but is reached at/)
      assert.match(mend, new RegExp(`Set PUBLIC_URL=http://localhost:${port} `))
    } finally {
      await server.stop()
    }
  })

  it('says that an untrusted proxy makes everybody one client', async () => {
    const [port, target] = [await freePort(), await freePort()]
    const environment = { PUBLIC_URL: `http://localhost:${port}`, HOST: '127.0.0.1' }
    const server = await startServer({ port: target, environment })
    const proxy = await startFaultyProxy({ port, target })
    try {
      const finding = requireFinding((await examine(server.origin)).findings, 'client_address', 'doubtful')
      assert.match(finding.mend ?? '', /Set TRUSTED_PROXIES=127\.0\.0\.1 /)
    } finally {
      await proxy.stop()
      await server.stop()
    }
  })

  it('judges the address: a slash too many, another path, plain http, no address', async () => {
    const port = await freePort()
    const addresses: [address: string, says: RegExp][] = [
      [`http://localhost:${port}/mcp/v1/`, /a slash too many/],
      [`http://localhost:${port}/mcp`, /no MCP endpoint at/],
      ['http://opentrace.invalid/mcp/v1', /plain http/],
    ]
    for (const [address, says] of addresses) {
      const { findings } = await examine(address)
      assert.match(requireFinding(findings, 'address', 'broken').says, says)
      assert.equal(requireFinding(findings, 'reach', 'broken').check, 'reach')
      assert.equal(requireFinding(findings, 'challenge', 'unchecked').check, 'challenge')
    }
    await assert.rejects(examine('trace.example'), { name: 'DomainError', code: 'invalid_input' })
  })

  it('names what is wrong with a certificate, and how long a good one lasts', async () => {
    const [port, target] = [await freePort(), await freePort()]
    const origin = `https://localhost:${port}`
    const server = await startServer({ port: target, environment: { PUBLIC_URL: origin, HOST: '127.0.0.1' } })
    const examineTls = async (cert: string, options: { ca?: string; now?: number } = {}) => {
      const proxy = await startFaultyProxy({ port, target, tls: { key: testCertificate.key, cert } })
      const deps = { probe: createProbe({ ca: options.ca }), now: () => options.now ?? Date.now() }
      try {
        return await diagnose(origin, deps)
      } finally {
        await proxy.stop()
      }
    }
    try {
      const unknown = await examineTls(testCertificate.cert)
      assert.match(requireFinding(unknown.findings, 'tls', 'broken').mend ?? '', /NODE_EXTRA_CA_CERTS/)
      const expired = await examineTls(expiredCertificate, { ca: expiredCertificate })
      assert.match(requireFinding(expired.findings, 'tls', 'broken').says, /has expired/)
      const good = await examineTls(testCertificate.cert, { ca: testCertificate.cert })
      assert.deepEqual(
        good.findings.filter(({ outcome }) => outcome === 'broken'),
        [],
      )
      assert.match(requireFinding(good.findings, 'tls', 'holds').says, /ends on 21\d\d/)
      const nearEnd = Date.parse(testCertificate.endsAt) - 3 * 86_400_000
      const ending = await examineTls(testCertificate.cert, { ca: testCertificate.cert, now: nearEnd })
      assert.match(requireFinding(ending.findings, 'tls', 'doubtful').says, /in 3 days/)
    } finally {
      await server.stop()
    }
  })
})

function examine(address: string, token?: string) {
  return diagnose(address, { probe: createProbe(), now: Date.now, token })
}

function requireFinding(
  findings: readonly Finding[],
  check: CheckName,
  outcome: Finding['outcome'],
): Finding {
  const found = findings.find((finding) => finding.check === check && finding.outcome === outcome)
  assert.ok(found, `no ${outcome} ${check} in ${JSON.stringify(findings, undefined, 1)}`)
  return found
}

function redirect(location: string): PassingAnswer {
  return { status: 308, headers: { location }, body: '' }
}

function without(answer: PassingAnswer, name: string): PassingAnswer {
  const { [name]: _dropped, ...headers } = answer.headers
  return { ...answer, headers }
}

function replaced(answer: PassingAnswer, pattern: RegExp, replacement: string): PassingAnswer {
  return { ...answer, body: answer.body.replace(pattern, replacement) }
}
