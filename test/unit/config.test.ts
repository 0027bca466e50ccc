import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ConfigError, parseConfig } from '../../src/config.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'opentrace-config-'))
const key = 'a-test-key-of-more-than-thirty-two-characters'
const olderKey = 'an-older-key-of-more-than-thirty-two-characters'
const production = { PUBLIC_URL: 'https://trace.example', SECRET_KEY: key }

after(() => rmSync(dataDir, { recursive: true }))

/** What is complained about, each as its variable and the rest of the line. */
function problemsOf(environment: Record<string, string | undefined>): string[] {
  try {
    parseConfig({ DATA_DIR: dataDir, ...environment })
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return [...error.problems]
  }
  return []
}

describe('The environment', () => {
  it('may be empty on a laptop: embedded store, loopback only, a key of its own', () => {
    const config = parseConfig({ DATA_DIR: dataDir })
    assert.equal(config.publicUrl, 'http://localhost:3000')
    assert.equal(config.host, '127.0.0.1')
    assert.equal(config.port, 3000)
    assert.equal(config.redisUrl, undefined)
    assert.equal(config.clientMetadataDocuments, true)
    assert.equal(config.logLevel, 'info')
    assert.equal(config.trustedProxies.check('127.0.0.1'), false)
  })

  it('keeps the key it made, readable by its owner only', () => {
    const [first] = parseConfig({ DATA_DIR: dataDir }).secretKeys
    const [second] = parseConfig({ DATA_DIR: dataDir }).secretKeys
    const file = join(dataDir, 'secret-key')
    assert.equal(first, second)
    assert.equal(readFileSync(file, 'utf8'), first)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.ok(first.length >= 43)
  })

  it('counts an empty variable as absent, as compose files produce them', () => {
    const config = parseConfig({ DATA_DIR: dataDir, PORT: '', LOG_LEVEL: ' ', TRUSTED_PROXIES: '' })
    assert.equal(config.port, 3000)
    assert.equal(config.logLevel, 'info')
  })

  it('names every wrong variable at once', () => {
    const problems = problemsOf({
      PUBLIC_URL: 'ftp://trace.example',
      PORT: '70000',
      REDIS_URL: 'postgres://db',
      REDIS_WAIT_REPLICAS: 'all',
      SECRET_KEY: 'short',
      CLIENT_METADATA_DOCUMENTS: 'maybe',
      LOG_LEVEL: 'loud',
      TRUSTED_PROXIES: 'balancer',
      SMTP_URL: 'mail.example',
      MAIL_FROM: 'OpenTrace',
      OIDC_ISSUER: 'http://idp.example',
      OIDC_SIGN_UP: 'yes',
    })
    assert.deepEqual(
      problems.map((problem) => problem.split(' ', 1)[0]),
      [
        'PUBLIC_URL',
        'PORT',
        'REDIS_URL',
        'REDIS_WAIT_REPLICAS',
        'SECRET_KEY',
        'CLIENT_METADATA_DOCUMENTS',
        'LOG_LEVEL',
        'TRUSTED_PROXIES',
        'SMTP_URL',
        'MAIL_FROM',
        'OIDC_ISSUER',
        'OIDC_SIGN_UP',
        'OIDC_CLIENT_ID',
        'OIDC_CLIENT_SECRET',
      ],
    )
  })
})

describe('PUBLIC_URL', () => {
  it('is kept without trailing slash, since issuers are compared byte for byte (RFC 8414 §3.3)', () => {
    assert.equal(
      parseConfig({ ...production, PUBLIC_URL: 'https://trace.example/' }).publicUrl,
      'https://trace.example',
    )
  })

  for (const [url, why] of [
    ['http://trace.example', 'plain http on a public host'],
    ['http://localhost.example', 'a name that only begins like loopback'],
    ['https://trace.example/opentrace', 'a path'],
    ['https://trace.example?x=1', 'a query'],
    ['https://trace.example:443', 'a default port'],
    ['https://user@trace.example', 'credentials'],
    ['https://Trace.example', 'capital letters, which comparison would miss'],
    ['trace.example', 'no scheme'],
  ] as const) {
    it(`is refused with ${why}`, () => {
      const [problem = '', ...others] = problemsOf({ PUBLIC_URL: url, SECRET_KEY: key })
      assert.match(problem, /^PUBLIC_URL must /)
      assert.deepEqual(others, [])
    })
  }

  it('decides where to listen, unless HOST and PORT do', () => {
    const listening = (environment: Record<string, string>) => {
      const { host, port } = parseConfig({ DATA_DIR: dataDir, SECRET_KEY: key, ...environment })
      return `${host} ${port}`
    }
    assert.equal(listening({ PUBLIC_URL: 'https://trace.example' }), '0.0.0.0 3000')
    assert.equal(listening({ PUBLIC_URL: 'http://localhost:8080' }), '127.0.0.1 8080')
    assert.equal(listening({ PUBLIC_URL: 'http://localhost' }), '127.0.0.1 80')
    assert.equal(listening({ PUBLIC_URL: 'http://[::1]:3000' }), '::1 3000')
    assert.equal(listening({ HOST: '10.0.0.1', PORT: '4000' }), '10.0.0.1 4000')
  })
})

describe('SECRET_KEY', () => {
  it('is required where PUBLIC_URL is not loopback: every process needs the same', () => {
    assert.match(problemsOf({ PUBLIC_URL: 'https://trace.example' })[0] ?? '', /^SECRET_KEY is required/)
  })

  it('is required where REDIS_URL is set, also on a laptop', () => {
    assert.match(problemsOf({ REDIS_URL: 'redis://localhost' })[0] ?? '', /^SECRET_KEY is required/)
  })

  it('is a list, newest first', () => {
    assert.deepEqual(parseConfig({ ...production, SECRET_KEY: `${key}, ${olderKey}` }).secretKeys, [
      key,
      olderKey,
    ])
  })

  for (const [name, value] of [
    ['is short', 'only-31-characters-are-too-few!'],
    ['repeats itself', 'abcabcabcabcabcabcabcabcabcabcabcabc'],
    ['has an older key that is short', `${key},short`],
    ['ends in a comma', `${key},`],
  ] as const) {
    it(`is refused when it ${name}, and is not repeated in the complaint`, () => {
      const [problem = ''] = problemsOf({ SECRET_KEY: value })
      assert.match(problem, /^SECRET_KEY needs at least 32 random characters/)
      assert.ok(!problem.includes(value))
    })
  }
})

describe('REDIS_URL', () => {
  for (const url of [
    'redis://localhost:6379/1',
    'rediss://user:secret@redis.example',
    'redis+sentinel://one:26379,two:26379/mymaster',
    'redis://one:7000,redis://two:7000',
  ]) {
    it(`may be ${url.replace('secret', '…')}`, () => {
      assert.equal(parseConfig({ ...production, REDIS_URL: url }).redisUrl, url)
    })
  }
})

describe('TRUSTED_PROXIES', () => {
  it('takes addresses and CIDR blocks of both families', () => {
    const { trustedProxies } = parseConfig({
      ...production,
      TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1, 2001:db8::/32',
    })
    assert.equal(trustedProxies.check('10.9.8.7'), true)
    assert.equal(trustedProxies.check('192.0.2.1'), true)
    assert.equal(trustedProxies.check('192.0.2.2'), false)
    assert.equal(trustedProxies.check('2001:db8::1', 'ipv6'), true)
    assert.equal(trustedProxies.check('2001:db9::1', 'ipv6'), false)
  })

  for (const entry of ['balancer.example', '10.0.0.0/33', '10.0.0.0/x', '2001:db8::/129']) {
    it(`refuses ${entry}`, () => {
      const [problem = ''] = problemsOf({ TRUSTED_PROXIES: entry })
      assert.ok(problem.startsWith(`TRUSTED_PROXIES has ${entry}`), problem)
    })
  }
})

describe('SMTP_URL', () => {
  const mailOf = (environment: Record<string, string>) => parseConfig({ ...production, ...environment }).mail

  it('decides whether mail is sent, as MAIL_FROM or as opentrace at the host of PUBLIC_URL', () => {
    assert.equal(mailOf({ MAIL_FROM: 'opentrace@example.com' }), undefined)
    const url = 'smtp://mail.example'
    assert.deepEqual(mailOf({ SMTP_URL: url }), { url, from: 'OpenTrace <opentrace@trace.example>' })
    const from = 'Acme <trace@acme.example>'
    assert.deepEqual(mailOf({ SMTP_URL: url, MAIL_FROM: from }), { url, from })
  })

  for (const url of [
    'https://mail.example',
    'smtp://',
    'smtp://mail.example/inbox',
    'smtp://mail.example?tls.rejectUnauthorized=false',
    'smtp://user@mail.example',
    'smtp://user:%zz@mail.example',
  ]) {
    it(`may not be ${url}`, () => {
      const [problem = ''] = problemsOf({ SMTP_URL: url })
      assert.match(problem, /^SMTP_URL must be smtp:\/\/HOST:PORT or smtps:/)
    })
  }

  for (const from of [
    'a@b.example, c@d.example',
    'A <a@b.example>\r\nBcc: c@d.example',
    '<a@b.example',
    'a',
  ]) {
    it(`takes no MAIL_FROM like ${JSON.stringify(from)}`, () => {
      assert.match(problemsOf({ MAIL_FROM: from })[0] ?? '', /^MAIL_FROM must be an address/)
    })
  }
})

describe('OIDC_ISSUER and what belongs to it', () => {
  const complete = {
    OIDC_ISSUER: 'https://id.example/',
    OIDC_CLIENT_ID: 'opentrace',
    OIDC_CLIENT_SECRET: 's',
  }

  it('is kept as it is written, since providers compare it byte for byte, and makes no accounts unless told', () => {
    assert.deepEqual(parseConfig({ ...production, ...complete }).signInProvider, {
      name: 'single sign-on',
      issuer: 'https://id.example/',
      clientId: 'opentrace',
      clientSecret: 's',
      makesAccounts: false,
      organization: undefined,
    })
    assert.equal(parseConfig(production).signInProvider, undefined)
  })

  it('is http on loopback only', () => {
    assert.ok(
      parseConfig({ ...production, ...complete, OIDC_ISSUER: 'http://127.0.0.1:8080' }).signInProvider,
    )
    for (const issuer of [
      'http://id.example',
      'https://id.example?x=1',
      'https://me@id.example',
      'id.example',
    ]) {
      assert.match(
        problemsOf({ ...production, ...complete, OIDC_ISSUER: issuer }).join(),
        /^OIDC_ISSUER must be/,
      )
    }
  })
})
