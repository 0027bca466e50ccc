import assert from 'node:assert/strict'
import { after, before, describe, it, mock } from 'node:test'
import { type DocumentChange, StoreUnavailable } from '../../src/storage/contract.ts'
import type { Role } from '../../src/domain/principal.ts'
import { createBrowser, type Page } from '../support/browser.ts'
import { requireLink } from '../support/invitations.ts'
import { callTool, refresh, signIn } from '../support/oauth-client.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { freePort, password, populate, startServer, type TestServer, prepareUser } from '../support/server.ts'
import { startRoundRobin } from '../support/server-process.ts'
import { openAs } from '../support/signed-in-browser.ts'

const members = '/organizations/acme/members'

/** One server on the embedded store; two that share a Redis, each next request going to the other. */
async function start(engine: 'SQLite' | 'Redis') {
  if (engine === 'SQLite') {
    const server = await startServer()
    return { server, stop: server.stop }
  }
  const redis = await startRedis()
  const port = await freePort()
  const options = { redisUrl: redis?.url, environment: { PUBLIC_URL: `http://localhost:${port}` } }
  const [server, other] = [await startServer(options), await startServer(options)]
  const balancer = await startRoundRobin(port, () => [server.port, other.port])
  return {
    server,
    async stop() {
      await balancer.stop()
      await Promise.all([server.stop(), other.stop()])
      await redis?.stop()
    },
  }
}

for (const engine of ['SQLite', 'Redis'] as const) {
  const skip = engine === 'Redis' && redisSkipReason()
  describe(`Members on ${engine}${engine === 'Redis' ? ' and two servers' : ''}`, { skip }, () => {
    let server: TestServer
    let stop: () => Promise<void>
    let people: Awaited<ReturnType<typeof populate>>
    before(async () => {
      ;({ server, stop } = await start(engine))
      people = await populate(server)
    })
    after(() => stop())

    const roleOf = async (userId: string) => (await server.domain.members.find(people.acme.id, userId))?.role

    /** Somebody new in Acme. */
    async function add(name: string, role: Role): Promise<string> {
      const email = `${name}@example.com`
      const { user, change } = prepareUser(server.domain, { email, name })
      const member = server.domain.members.prepare(people.acme.id, user.id, role)
      await server.store.documents.commit([change, member])
      return user.id
    }

    /** Sends the form of a member's page, whether the page offers it or not. */
    async function send(name: string, path: string, fields: Record<string, string> = {}): Promise<Page> {
      const browser = await openAs(server.origin, name)
      const page = await browser.open(members)
      const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
      return browser.open(`${members}/${path}`, {
        method: 'POST',
        body: new URLSearchParams({ csrf, ...fields }),
      })
    }

    /** What a client of this person is told, at both servers where there are two. */
    async function assertRefused(tokens: Awaited<ReturnType<typeof signIn>>, sentence: RegExp) {
      for (let times = 0; times < 2; times++) {
        const answer = await callTool(server.origin, tokens.access_token)
        assert.equal(answer.status, 401)
        assert.match(await answer.text(), sentence)
      }
      const renewed = await refresh(server.origin, tokens.clientId, tokens.refresh_token)
      const text = await renewed.text()
      assert.equal(renewed.status, 400)
      assert.match(text, /"invalid_grant"/)
      assert.match(text, sentence)
    }

    it('who are removed are refused at their next call and told why, and what they sent is void', async () => {
      const rex = await add('rex', 'admin')
      const tokens = await signIn(server.origin, { email: 'rex@example.com' })
      const link = await requireLink(await openAs(server.origin, 'rex'), 'friend@example.com')
      assert.equal((await callTool(server.origin, tokens.access_token)).status, 200)
      const ada = await openAs(server.origin, 'ada')
      const page = await ada.open(`${members}/${rex}`)
      assert.match(page.html, /1 client session ends and 1 pending invitation is revoked/)
      const answer = await ada.submit(page, {}, /\/remove$/)
      assert.match(answer.html, /The member is removed/)
      const told =
        /You were removed from Acme by an administrator on \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Ask them for an/
      await assertRefused(tokens, told)
      assert.equal((await createBrowser(server.origin).open(link)).status, 410)
      assert.equal((await (await openAs(server.origin, 'rex')).open('/organizations/acme')).status, 404)
      const acts = await server.domain.auditLog.page(people.acme.id, { limit: 20 })
      const removal = acts.find(({ type }) => type === 'member.removed')
      assert.deepEqual(removal?.actor, { kind: 'user', id: people.ada.id })
      assert.ok(acts.some(({ type }) => type === 'invitation.revoked'))
    })

    it('whose role is lowered sign in anew, and what they sent is void; a higher role ends nothing', async () => {
      const lou = await add('lou', 'member')
      const tokens = await signIn(server.origin, { email: 'lou@example.com' })
      await send('ada', `${lou}/role`, { role: 'admin' })
      assert.equal(await roleOf(lou), 'admin')
      assert.equal((await callTool(server.origin, tokens.access_token)).status, 200)
      const link = await requireLink(await openAs(server.origin, 'lou'), 'pal@example.com')
      const page = await send('ada', `${lou}/role`, { role: 'member' })
      assert.match(page.html, /The role is changed/)
      await assertRefused(tokens, /Your role in Acme was changed to member on /)
      assert.equal((await createBrowser(server.origin).open(link)).status, 410)
      const again = await signIn(server.origin, { email: 'lou@example.com' })
      assert.equal((await callTool(server.origin, again.access_token)).status, 200)
    })

    it('may leave, which ends their sessions there and nowhere else', async () => {
      const here = await signIn(server.origin, { email: 'ada@example.com', organization: 'acme' })
      const there = await signIn(server.origin, { email: 'ada@example.com', organization: 'globex' })
      const olive = await add('olive', 'owner')
      const left = await send('ada', 'leave')
      assert.equal(left.url, `${server.origin}/organizations/globex`)
      await assertRefused(here, /You left Acme on /)
      assert.equal((await callTool(server.origin, there.access_token)).status, 200)
      // Back by invitation; what ended stays so.
      const link = await requireLink(await openAs(server.origin, 'olive'), 'ada@example.com', 'owner')
      const ada = await openAs(server.origin, 'ada')
      await ada.submit(await ada.open(link), {})
      assert.equal(await roleOf(people.ada.id), 'owner')
      assert.equal((await callTool(server.origin, here.access_token)).status, 401)
      await send('ada', `${olive}/remove`)
      assert.equal(await roleOf(olive), undefined)
    })

    it('always include an owner, also when two owners lower each other or leave at once', async () => {
      for (const [path, fields] of [
        ['leave', {}],
        [`${people.ada.id}/role`, { role: 'admin' }],
      ] as const) {
        const page = await send('ada', path, fields)
        assert.equal(page.status, 409)
        assert.match(page.html, /An organization needs an owner\. Make somebody else an owner first/)
      }
      const olga = await add('olga', 'owner')
      const owner = { organization: people.acme, role: 'owner' } as const
      const ada = { id: people.ada.id, address: '127.0.0.1' }
      const other = { id: olga, address: '127.0.0.1' }
      const { memberChanges } = server.domain
      const lowered = await Promise.allSettled([
        memberChanges.changeRole(owner, ada, olga, 'member'),
        memberChanges.changeRole(owner, other, people.ada.id, 'member'),
      ])
      assert.deepEqual(lowered.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
      const [kept, changed] = (await roleOf(olga)) === 'owner' ? [other, ada] : [ada, other]
      await memberChanges.changeRole(owner, kept, changed.id, 'owner')
      const gone = await Promise.allSettled([
        memberChanges.leave(owner, ada),
        memberChanges.leave(owner, other),
      ])
      assert.deepEqual(gone.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
      const last = (await roleOf(olga)) === 'owner' ? olga : people.ada.id
      assert.equal(await roleOf(last), 'owner')
      if (last === olga)
        await server.store.documents.commit([server.domain.members.prepare(people.acme.id, ada.id, 'owner')])
      await memberChanges.leave(owner, other).catch(() => undefined)
    })

    it('are managed by administrators, and owners by owners', async () => {
      const [al, amy, mo] = [await add('al', 'admin'), await add('amy', 'admin'), await add('mo', 'member')]
      const owner = await add('otto', 'owner')
      const status = async (name: string, path: string, fields?: Record<string, string>) =>
        (await send(name, path, fields)).status
      assert.equal(await status('mo', `${mo}/role`, { role: 'owner' }), 403)
      assert.equal(await status('mo', `${al}/remove`), 403)
      assert.equal(await status('al', `${al}/role`, { role: 'owner' }), 403)
      assert.equal(await status('al', `${owner}/role`, { role: 'member' }), 403)
      assert.equal(await status('al', `${owner}/remove`), 403)
      assert.equal(await status('al', `${amy}/role`, { role: 'chief' }), 400)
      assert.deepEqual(
        [await roleOf(mo), await roleOf(al), await roleOf(owner)],
        ['member', 'admin', 'owner'],
      )
      assert.equal(await status('al', `${amy}/role`, { role: 'member' }), 200)
      assert.equal(await status('al', `${amy}/remove`), 200)
      assert.deepEqual([await roleOf(amy)], [undefined])
      const mel = await openAs(server.origin, 'mel')
      const list = await mel.open(members)
      assert.match(list.html, /al@example\.com/)
      assert.doesNotMatch(list.html, /Manage<span|Client last used/)
      assert.equal((await mel.open(`${members}/${al}`)).status, 403)
    })

    it('and invitations of other organizations are answered exactly as ids that do not exist', async () => {
      const owner = { organization: people.globex, role: 'owner' } as const
      const bob = { id: people.bob.id, address: '127.0.0.1' }
      const { invitation } = await server.domain.invitations.invite(owner, bob, {
        email: 'far@example.com',
        role: 'member',
      })
      const none = 'x'.repeat(32)
      const ada = await openAs(server.origin, 'ada')
      const foreign = await ada.open(`${members}/${people.bob.id}`)
      assert.equal(foreign.status, 404)
      assert.equal(bare(foreign), bare(await ada.open(`${members}/${none}`)))
      for (const [path, id] of [
        ['role', people.bob.id],
        ['remove', people.bob.id],
        ['renew', invitation.id],
        ['revoke', invitation.id],
      ] as const) {
        const pathOf = (target: string) => `${id === invitation.id ? 'invitations/' : ''}${target}/${path}`
        const answer = await send('ada', pathOf(id), { role: 'member' })
        assert.equal(answer.status, 404)
        assert.equal(bare(answer), bare(await send('ada', pathOf(none), { role: 'member' })))
      }
      assert.equal((await server.domain.members.find(people.globex.id, people.bob.id))?.role, 'owner')
      assert.equal((await server.domain.invitations.list(owner)).length, 1)
    })

    it('are out even while the store fails half way, and what was left ends before they come back', async () => {
      const sam = await add('sam', 'member')
      const tokens = await signIn(server.origin, { email: 'sam@example.com' })
      const failing = mock.method(server.store.artifacts, 'revokeGrant', () =>
        Promise.reject(new StoreUnavailable('cut')),
      )
      const { memberChanges, invitations, invitationAcceptance, members: list } = server.domain
      const owner = { organization: people.acme, role: 'owner' } as const
      const by = { id: people.ada.id, address: '127.0.0.1' }
      assert.equal(await memberChanges.remove(owner, by, sam), 'incomplete')
      failing.mock.restore()
      const refused = await callTool(server.origin, tokens.access_token)
      assert.equal(refused.status, 401)
      assert.match(await refused.text(), /You are no longer a member of Acme/)
      const { token } = await invitations.invite(owner, by, { email: 'sam@example.com', role: 'member' })
      const user = await server.domain.users.find(sam)
      assert.ok(user)
      await invitationAcceptance.accept(token, user, '127.0.0.1')
      assert.ok(await list.find(people.acme.id, sam))
      assert.equal((await callTool(server.origin, tokens.access_token)).status, 401)
    })
  })
}

describe('The list of members', () => {
  let clock = 0
  let server: TestServer
  let people: Awaited<ReturnType<typeof populate>>
  before(async () => {
    server = await startServer({ now: () => Date.now() + clock })
    people = await populate(server)
    const changes = Array.from({ length: 60 }, (_, number): DocumentChange[] => {
      const id = `user-${number}`
      const email = `p${number}@example.com`
      // Written past the domain, which would hash sixty passwords.
      const data = { ...people.mel, id, email, name: number === 7 ? 'Zoë <b>' : `Person ${number}` }
      return [
        { op: 'put', kind: 'user', id, version: 0, data, unique: { email } },
        server.domain.members.prepare(people.acme.id, id, 'member'),
      ]
    })
    await server.store.documents.commit(changes.flat())
  })
  after(() => server.stop())

  it('is searched by name and address, and has pages', async () => {
    const mel = await openAs(server.origin, 'mel')
    const first = await mel.open(members)
    assert.match(first.html, /1–50 of 62[\s\S]+rel="next" href="\/organizations\/acme\/members\?page=2"/)
    assert.match((await mel.open(`${members}?page=2`)).html, /51–62 of 62/)
    const found = await mel.open(`${members}?q=${encodeURIComponent('zoë P7@')}`)
    assert.match(found.html, /Zoë &lt;b&gt;[\s\S]+1–1 of 1/)
    assert.match((await mel.open(`${members}?q=nobody`)).html, /Nobody matches/)
  })

  it('asks who one is before somebody is removed, given a role or invited, 15 minutes after the sign-in', async () => {
    const ada = await openAs(server.origin, 'ada')
    const page = await ada.open(`${members}/${people.mel.id}`)
    const form = await ada.open(`${members}/invite`)
    clock = 15 * 60_000
    const member = () => server.domain.members.find(people.acme.id, people.mel.id)
    for (const sent of [
      await ada.submit(page, { role: 'owner' }, /\/role$/),
      await ada.submit(form, { email: 'x@example.com', role: 'owner' }, /\/invite$/),
    ]) {
      assert.equal(sent.status, 403)
      assert.match(sent.html, /name="confirm_password"/)
    }
    const asked = await ada.submit(page, {}, /\/remove$/)
    assert.equal((await member())?.role, 'member')
    const done = await ada.submit(asked, { confirm_password: password })
    assert.match(done.html, /The member is removed/)
    assert.equal(await member(), undefined)
  })
})

/** A page without what is different each time. */
function bare({ html, headers }: Page): string {
  return html.replaceAll(headers.get('x-request-id') ?? '-', '').replaceAll(/nonce="[^"]*"/g, '')
}
