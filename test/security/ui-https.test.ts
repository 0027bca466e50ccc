import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request } from 'node:http'
import { test } from 'node:test'
import { formsOf } from '../support/browser.ts'
import { authorizationUrl, claudeCode, pkce } from '../support/oauth-client.ts'
import { password, populate, startServer } from '../support/server.ts'

const publicUrl = 'https://trace.example'

/** A request as a TLS proxy in front sends it on. */
function sendOn(port: number, method: string, path: string, headers: Record<string, string>, body = '') {
  return new Promise<{ headers: IncomingHttpHeaders; html: string }>((resolve, reject) => {
    const all = { host: new URL(publicUrl).host, ...headers }
    const sent = request({ port, host: '127.0.0.1', method, path, headers: all }, (response) => {
      let html = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (html += chunk))
      response.on('end', () => resolve({ headers: response.headers, html }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('UI-19 cookies are HttpOnly, Secure and SameSite=Lax, the sign-in’s __Host- (https deployment)', async (t) => {
  const server = await startServer({ environment: { PUBLIC_URL: publicUrl, HOST: '127.0.0.1' } })
  t.after(() => server.stop())
  await populate(server)
  const form = await sendOn(server.port, 'GET', '/sign-in', { accept: 'text/html' })
  const fields = { csrf: formsOf(form.html)[0]?.hidden['csrf'] ?? '', email: 'ada@example.com', password }
  const signedIn = await sendOn(
    server.port,
    'POST',
    '/sign-in',
    {
      cookie: (form.headers['set-cookie'] ?? []).map((line) => line.split(';', 1)[0]).join('; '),
      'content-type': 'application/x-www-form-urlencoded',
    },
    new URLSearchParams(fields).toString(),
  )
  const { pathname, search } = new URL(
    authorizationUrl(publicUrl, {
      client_id: claudeCode,
      redirect_uri: 'http://localhost:5000/callback',
      code_challenge: pkce().challenge,
    }),
  )
  const begun = await sendOn(server.port, 'GET', pathname + search, {})
  const cookies = [form, signedIn, begun].flatMap(({ headers }) => headers['set-cookie'] ?? [])
  for (const cookie of cookies) {
    assert.match(cookie, /; ?httponly/i, cookie)
    assert.match(cookie, /; ?secure/i, cookie)
    assert.match(cookie, /; ?samesite=lax/i, cookie)
    assert.doesNotMatch(cookie, /; ?domain=/i, cookie)
  }
  const names = new Set(cookies.map((cookie) => cookie.split('=', 1)[0]))
  for (const name of ['__Host-csrf', '__Host-session', '__Host-session.sig', 'interaction']) {
    assert.ok(names.has(name), `${name} is none of ${[...names].join(', ')}`)
  }
})
