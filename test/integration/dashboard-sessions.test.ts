import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { callTool, signIn } from '../support/oauth-client.ts'
import { openAs } from '../support/signed-in-browser.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const acme = '/organizations/acme/sessions'

describe('Sessions (/organizations/{slug}/sessions)', () => {
  let server: TestServer
  let tokens: Record<'ada' | 'mel' | 'bob', string>
  let sessionIds: Record<'ada' | 'mel' | 'bob', string>
  before(async () => {
    server = await startServer()
    const people = await populate(server)
    const { origin } = server
    const [ada, mel, bob] = await Promise.all([
      signIn(origin, { email: 'ada@example.com' }),
      signIn(origin, { email: 'mel@example.com' }),
      signIn(origin, { email: 'bob@example.com', organization: 'globex' }),
    ])
    tokens = { ada: ada.access_token, mel: mel.access_token, bob: bob.access_token }
    const newestOf = async (user: { id: string }, organization: typeof people.acme) => {
      const membership = { organization, role: 'member' as const }
      const [session] = await server.domain.clientSessions.listFor(membership, user.id)
      return session?.id ?? ''
    }
    sessionIds = {
      ada: await newestOf(people.ada, people.acme),
      mel: await newestOf(people.mel, people.acme),
      bob: await newestOf(people.bob, people.globex),
    }
  })
  after(() => server.stop())

  it('shows admins everybody’s and members only their own', async () => {
    const forAda = await (await openAs(server.origin, 'ada')).open(acme)
    const forMel = await (await openAs(server.origin, 'mel')).open(acme)
    assert.match(forAda.html, /mel@example\.com/)
    assert.match(forAda.html, new RegExp(sessionIds.ada))
    assert.match(forMel.html, new RegExp(sessionIds.mel))
    assert.doesNotMatch(forMel.html, new RegExp(`${sessionIds.ada}|ada@example`))
    assert.match(forMel.html, /The clients you connected to Acme/)
    assert.match(forAda.html, /<strong>Test client<\/strong> on <span class="fixed">(127\.0\.0\.1|::1)</)
    assert.match(forAda.html, /Unverified/)
    assert.match(
      forAda.html,
      /<time datetime="[^"]+Z" title="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC">just now<\/time>/,
    )
  })

  it('does not revoke without the form’s token', async () => {
    const ada = await openAs(server.origin, 'ada')
    const page = await ada.open(`${acme}/${sessionIds.mel}/revoke`, {
      method: 'POST',
      body: new URLSearchParams(),
    })
    assert.equal(page.status, 403)
    assert.equal((await callTool(server.origin, tokens.mel)).status, 200)
  })

  it('answers the session of another person or organization as one that does not exist', async () => {
    const mel = await openAs(server.origin, 'mel')
    const page = await mel.open(acme)
    const answers = await Promise.all(
      [sessionIds.ada, sessionIds.bob, 'no-such-session'].map((id) =>
        mel.submit(
          { ...page, html: page.html.replaceAll(sessionIds.mel, id) },
          {},
          new RegExp(`${id}/revoke$`),
        ),
      ),
    )
    assert.deepEqual(
      answers.map(({ status, html }) => [status, /There is no such session/.test(html)]),
      Array.from({ length: 3 }, () => [404, true]),
    )
    assert.equal((await callTool(server.origin, tokens.ada)).status, 200)
    assert.equal((await callTool(server.origin, tokens.bob)).status, 200)
  })

  it('revokes at the next request, says so, and lists the session no more', async () => {
    const ada = await openAs(server.origin, 'ada')
    const page = await ada.open(acme)
    const revoked = await ada.submit(page, {}, new RegExp(`${sessionIds.mel}/revoke`))
    assert.match(revoked.html, /role="status">1 session revoked/)
    assert.doesNotMatch(revoked.html, new RegExp(sessionIds.mel))
    const refused = await callTool(server.origin, tokens.mel)
    assert.equal(refused.status, 401)
    assert.match(await refused.text(), /revoked by an administrator of Acme/)
    assert.equal((await callTool(server.origin, tokens.ada)).status, 200)
  })

  it('invites whoever has none to connect one', async () => {
    const ada = await openAs(server.origin, 'ada')
    const page = await ada.open('/organizations/globex/sessions')
    assert.match(page.html, /No client is connected/)
    assert.match(page.html, /href="\/organizations\/globex\/connect"/)
  })
})
