import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { administrationBy } from '../../src/domain/administration.ts'
import { createAccount, issueToken } from '../support/api-tokens.ts'
import type { Browser } from '../support/browser.ts'
import { signIn } from '../support/oauth-client.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'

describe('Connect pages (/organizations/{slug}/connect)', () => {
  const base = '/organizations/acme/connect'
  let server: TestServer
  let people: Awaited<ReturnType<typeof populate>>
  let ada: Browser
  let mel: Browser
  before(async () => {
    server = await startServer()
    people = await populate(server)
    ;[ada, mel] = await Promise.all([openAs(server.origin, 'ada'), openAs(server.origin, 'mel')])
  })
  after(() => server.stop())

  it('give every client the address of this organization, in files that parse', async () => {
    const { html } = await mel.open(base)
    const url = `${server.origin}/o/acme/mcp/v1`
    assert.deepEqual(JSON.parse(textOf(html, 'project-file')), {
      mcpServers: { opentrace: { type: 'http', url } },
    })
    assert.deepEqual(JSON.parse(textOf(html, 'cursor-file')), { mcpServers: { opentrace: { url } } })
    assert.deepEqual(JSON.parse(textOf(html, 'vscode-file')), {
      servers: { opentrace: { type: 'http', url } },
    })
    assert.equal(textOf(html, 'codex-file'), `[mcp_servers.opentrace]\nurl = "${url}"`)
    for (const id of [
      'local-command',
      'user-command',
      'add-again-command',
      'codex-command',
      'curl-command',
    ]) {
      assert.ok(textOf(html, id).includes(` ${url} `), id)
    }
    assert.equal(textOf(html, 'shared-endpoint'), `${server.origin}/mcp/v1`)
  })

  it('give machines a token by way of a variable, never in a file of the repository', async () => {
    const { html } = await ada.open(base)
    const url = `${server.origin}/o/acme/mcp/v1`
    assert.deepEqual(JSON.parse(textOf(html, 'token-project-file')), {
      mcpServers: {
        opentrace: { type: 'http', url, headers: { Authorization: 'Bearer ${OPENTRACE_API_TOKEN}' } },
      },
    })
    assert.deepEqual(JSON.parse(textOf(html, 'token-cursor-file')), {
      mcpServers: { opentrace: { url, headers: { Authorization: 'Bearer ${env:OPENTRACE_API_TOKEN}' } } },
    })
    assert.match(textOf(html, 'token-codex-file'), /^bearer_token_env_var = "OPENTRACE_API_TOKEN"$/m)
    assert.match(
      textOf(html, 'github-actions'),
      /OPENTRACE_API_TOKEN: \$\{\{ secrets\.OPENTRACE_API_TOKEN \}\}/,
    )
    assert.match(html, /No live token in Acme/)
    await issueToken(server, people, await createAccount(server, people))
    assert.match((await ada.open(base)).html, /One live token in Acme/)
    assert.doesNotMatch((await mel.open(base)).html, /live token/)
  })

  it('give CI jobs two ways: without a stored token first, with a link to where a repository is trusted', async () => {
    const accounts = '/organizations/globex/service-accounts'
    const bob = await openAs(server.origin, 'bob')
    const none = await bob.open('/organizations/globex/connect')
    assert.ok(none.html.includes(`<a href="${accounts}">make or open a service account`))
    const by = administrationBy({ organization: people.globex, role: 'owner' }, people.bob, '127.0.0.1')
    const form = { name: 'deploy', description: '' }
    const { id } = await server.domain.serviceAccounts.create(by, form)
    const one = await bob.open('/organizations/globex/connect')
    assert.ok(one.html.includes(`<a href="${accounts}/${id}/trust">deploy</a>`))
    for (const job of ['github-exchange', 'gitlab-exchange'].map((name) => textOf(one.html, name))) {
      assert.ok(job.includes(`${server.origin}/oauth/token `))
      assert.ok(job.includes(`resource=${server.origin}/o/globex/mcp/v1 `))
      assert.ok(job.includes(`service_account=${id} `))
      assert.doesNotMatch(job, /secrets\.OPENTRACE_API_TOKEN/)
      assert.match(job, /claude -p .* --mcp-config \.mcp\.json/)
    }
    await server.domain.serviceAccounts.create(by, { ...form, name: 'nightly' })
    const two = await bob.open('/organizations/globex/connect')
    assert.match(two.html, />deploy<\/a> or <a [^>]*>nightly<\/a>/)
    assert.match(textOf(two.html, 'gitlab-exchange'), /service_account=SERVICE_ACCOUNT_ID /)

    const member = await mel.open(base)
    assert.match(member.html, /an administrator adds the repository to the trusted CI identities/)
    assert.doesNotMatch(member.html, /service-accounts/)
  })

  it('say what the server knows: sessions, refusals, and whether there is anything to answer', async () => {
    const fresh = await mel.open(base)
    assert.match(fresh.html, /No client of yours is signed in to Acme/)
    assert.match(fresh.html, /Nothing was imported yet[^<]*Ask an administrator/)
    await signIn(server.origin, { email: 'mel@example.com' })
    await server.domain.auditLog.append(people.acme.id, {
      type: 'refresh_token.refused',
      clientSessionId: 'some',
      userId: people.mel.id,
      reason: 'token_not_valid',
      actor: { kind: 'unknown' },
    })
    await ada.submit(await ada.open('/organizations/acme'), {}, /sample/)
    const { html } = await mel.open(base)
    assert.match(html, /one live session<?[^;]*; Test client was used/)
    assert.match(html, /Last refusal, [\s\S]*a client was refused because its token was not valid any more/)
    assert.match(html, /architecture">\d+ entities<\/a>, last imported/)
    // What is known of one member is not shown to another.
    assert.doesNotMatch((await ada.open(base)).html, /Last refusal|live session/)
  })

  it('examine the server for administrators, and tell how their own request arrived', async () => {
    const page = await ada.open(`${base}/check`)
    assert.match(page.html, /X-Forwarded-For<\/dt><dd>none/)
    const checked = await ada.submit(page, {}, /check/)
    assert.equal(checked.status, 200)
    assert.match(checked.html, /Clients that can reach this address can connect/)
    assert.equal([...checked.html.matchAll(/data-label="Step"/g)].length, 16)
    const forwarded = await ada.open(`${base}/check`, { headers: { 'x-forwarded-for': '203.0.113.9' } })
    assert.match(forwarded.html, /set <code>TRUSTED_PROXIES=127\.0\.0\.1<\/code>/)
  })

  it('keep the examination from members', async () => {
    assert.doesNotMatch((await mel.open(base)).html, /connect\/check/)
    assert.equal((await mel.open(`${base}/check`)).status, 403)
    const home = await mel.open(base)
    const forged = { ...home, html: home.html.replace('/sign-out', `${base}/check`) }
    assert.equal((await mel.submit(forged, {}, /check/)).status, 403)
  })
})

/** The text of an element that people copy. */
function textOf(html: string, id: string): string {
  const [, text = ''] = new RegExp(`<pre id="${id}"[^>]*>([^<]*)</pre>`).exec(html) ?? []
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
}
