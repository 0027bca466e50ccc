import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createBrowser } from '../support/browser.ts'
import { invite, linkOn, requireLink } from '../support/invitations.ts'
import { startMailServer } from '../support/mail-server.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { password, populate, startServer, type TestServer, prepareUser } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'

const members = '/organizations/acme/members'
const day = 24 * 60 * 60 * 1000

for (const engine of ['SQLite', 'Redis'] as const) {
  const skip = engine === 'Redis' && redisSkipReason()
  describe(`Invitations on ${engine}`, { skip }, () => {
    let clock = 0
    let server: TestServer
    let people: Awaited<ReturnType<typeof populate>>
    let mail: Awaited<ReturnType<typeof startMailServer>>
    let redis: Awaited<ReturnType<typeof startRedis>>
    before(async () => {
      redis = engine === 'Redis' ? await startRedis() : undefined
      mail = await startMailServer()
      server = await startServer({
        redisUrl: redis?.url,
        environment: { SMTP_URL: mail.url },
        now: () => Date.now() + clock,
      })
      people = await populate(server)
    })
    after(async () => {
      await server.stop()
      await mail.stop()
      await redis?.stop()
    })

    const roleOf = async (email: string) => {
      const user = await server.domain.users.findByEmail(email)
      return user && (await server.domain.members.find(people.acme.id, user.id))?.role
    }

    it('make an account of exactly the invited address, once, and are mailed', async () => {
      const ada = await openAs(server.origin, 'ada')
      const { page, link } = await invite(ada, ' New@example.com', 'admin')
      assert.match(page.html, /The link is on its way by mail/)
      const [sent] = mail.received.splice(0)
      assert.deepEqual(sent?.to, ['New@example.com'])
      assert.ok(sent?.text.includes(`\r\n${link}\r\n`))
      assert.match(sent?.text ?? '', /Ada Lovelace invites you to join Acme in OpenTrace as admin/)
      assert.match((await ada.open(members)).html, /<strong>New@example\.com<\/strong>/)
      assert.ok(!(await ada.open(members)).html.includes(link), 'shown once')

      const browser = createBrowser(server.origin)
      const form = await browser.open(link)
      const short = await browser.submit(form, { name: 'Nia', password: 'short' })
      assert.equal(short.status, 422)
      assert.match(short.html, /value="Nia"[\s\S]+at least 10 characters/)
      const done = await browser.submit(form, {
        name: 'Nia',
        password,
        email: 'eve@evil.example',
        role: 'owner',
      })
      assert.equal(done.url, `${server.origin}/organizations/acme?notice=joined`)
      assert.match(done.html, /You are an admin here/)
      assert.equal(await roleOf('new@example.com'), 'admin')
      assert.equal(await server.domain.users.findByEmail('eve@evil.example'), undefined)

      const again = await createBrowser(server.origin).open(link)
      assert.equal(again.status, 410)
      assert.match(again.html, /was used, revoked or replaced[\s\S]+ask for a new one/)
      assert.equal((await browser.submit(form, { name: 'Eve', password })).status, 410)
      const token = link.split('/').at(-1) ?? ''
      assert.ok(!server.log.some((line) => line.includes(token)), 'in no log')
    })

    it('are accepted by an existing user, who is led through sign-in or another account', async () => {
      const link = await requireLink(await openAs(server.origin, 'ada'), 'BOB@example.com')
      const mel = await openAs(server.origin, 'mel')
      const asMel = await mel.open(link)
      assert.match(asMel.html, /signed in as <strong>mel@example\.com<\/strong>/)
      const forced = { ...asMel, html: asMel.html.replace('/switch"', '"') }
      assert.equal((await mel.submit(forced, {})).status, 409, 'not as somebody else')
      const signedOut = await mel.submit(asMel, {}, /switch/)
      const href = /href="(\/sign-in\?return_to=[^"]+)"/.exec(signedOut.html)?.[1] ?? ''
      const page = await mel.submit(await mel.open(href), { email: 'bob@example.com', password })
      assert.equal(page.url, link)
      const joined = await mel.submit(page, {})
      assert.equal(joined.url, `${server.origin}/organizations/acme?notice=joined`)
      assert.equal(await roleOf('bob@example.com'), 'member')
      const acts = await server.domain.auditLog.page(people.acme.id, { limit: 20 })
      const ofInvitations = acts.filter(({ type }) => /^invitation\.|^member\./.test(type))
      assert.deepEqual(
        ofInvitations.slice(0, 2).map(({ type, actor }) => [type, 'id' in actor && actor.id]),
        [
          ['invitation.accepted', people.bob.id],
          ['member.invited', people.ada.id],
        ],
      )
      const { page: refused } = await invite(await openAs(server.origin, 'ada'), 'bob@example.com')
      assert.equal(refused.status, 409)
      assert.match(refused.html, /bob@example\.com is a member of Acme already/)
      await server.domain.memberChanges.leave(
        { organization: people.acme, role: 'member' },
        { id: people.bob.id, address: '127.0.0.1' },
      )
    })

    it('end after 7 days, when revoked, and when made anew', async () => {
      const ada = await openAs(server.origin, 'ada')
      const first = await requireLink(ada, 'late@example.com')
      const second = await requireLink(ada, 'late@example.com')
      const opened = async (link: string) => (await createBrowser(server.origin).open(link)).status
      assert.deepEqual([await opened(first), await opened(second)], [410, 200])
      const third = linkOn(await ada.submit(await ada.open(members), {}, /\/renew$/))
      assert.deepEqual([await opened(second), await opened(third)], [410, 200])

      clock = 7 * day - 60_000
      assert.equal(await opened(third), 200)
      clock = 7 * day
      const late = await createBrowser(server.origin).open(third)
      assert.equal(late.status, 410)
      assert.match(late.html, /has expired: a link works for 7 days/)
      const later = await openAs(server.origin, 'ada')
      assert.match((await later.open(members)).html, /late@example\.com[\s\S]+Expired/)
      const fourth = linkOn(await later.submit(await later.open(members), {}, /\/renew$/))
      assert.equal(await opened(fourth), 200)
      const revoked = await later.submit(await later.open(members), {}, /\/revoke$/)
      assert.match(revoked.html, /The invitation is revoked/)
      assert.equal(await opened(fourth), 410)
      clock = 0
    })

    it('make one member of two acceptances at once, and none beside a revocation', async () => {
      const ada = await openAs(server.origin, 'ada')
      const link = await requireLink(ada, 'twin@example.com')
      const token = link.split('/').at(-1) ?? ''
      const { invitationAcceptance, invitations } = server.domain
      const account = { name: 'Twin', password }
      const both = await Promise.allSettled([
        invitationAcceptance.acceptAsNew(token, account, '127.0.0.1'),
        invitationAcceptance.acceptAsNew(token, account, '127.0.0.1'),
      ])
      assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
      assert.equal(await roleOf('twin@example.com'), 'member')

      const owner = { organization: people.acme, role: 'owner' } as const
      const by = { id: people.ada.id, address: '127.0.0.1' }
      const bob = await invitations.invite(owner, by, { email: 'bob@example.com', role: 'member' })
      const raced = await Promise.allSettled([
        invitationAcceptance.accept(bob.token, people.bob, '127.0.0.1'),
        invitations.revoke(owner, by, bob.invitation.id),
      ])
      const [accepted, revoked] = raced.map(({ status }) => status === 'fulfilled')
      assert.notEqual(accepted, revoked, 'one of the two came first')
      assert.equal((await roleOf('bob@example.com')) !== undefined, accepted)
    })

    it('stand when the mail cannot be sent, and the page says so', async () => {
      const ada = await openAs(server.origin, 'ada')
      const { page, link } = await invite(ada, 'nobody@example.com')
      assert.match(page.html, /role="alert">The invitation stands, but its mail could not be sent/)
      assert.equal((await createBrowser(server.origin).open(link)).status, 200)
      const line = server.log.find((text) => text.includes('invitation not mailed')) ?? ''
      assert.match(line, /EENVELOPE, the server answered 550/)
      assert.ok(!server.log.some((text) => text.includes('nobody@')))
    })
  })
}

describe('Inviting', () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
    const people = await populate(server)
    const { user, change } = prepareUser(server.domain, { email: 'al@example.com', name: 'Al' })
    await server.store.documents.commit([
      change,
      server.domain.members.prepare(people.acme.id, user.id, 'admin'),
    ])
  })
  after(() => server.stop())

  it('is for administrators, and owners are invited by owners alone', async () => {
    const [al, mel, ada] = [
      await openAs(server.origin, 'al'),
      await openAs(server.origin, 'mel'),
      await openAs(server.origin, 'ada'),
    ]
    const form = await al.open(`${members}/invite`)
    assert.doesNotMatch(form.html, /value="owner"/)
    const refused = await al.submit(form, { email: 'x@example.com', role: 'owner' }, /\/invite$/)
    assert.equal(refused.status, 403)
    assert.match(refused.html, /You may invite people as admin or member/)
    assert.equal((await al.submit(form, { email: 'x', role: 'member' }, /\/invite$/)).status, 422)
    assert.equal((await mel.open(`${members}/invite`)).status, 403)
    assert.doesNotMatch((await mel.open(members)).html, /Pending invitations|Invite somebody/)

    await requireLink(ada, 'owner@example.com', 'owner')
    const list = await ada.open(members)
    const seen = await al.open(members)
    assert.match(seen.html, /owner@example\.com[\s\S]+for owners to manage/)
    const csrf = /name="csrf" value="([^"]+)"/.exec(seen.html)?.[1] ?? ''
    const forged = {
      ...list,
      html: list.html.replaceAll(/name="csrf" value="[^"]+"/g, `name="csrf" value="${csrf}"`),
    }
    for (const action of [/\/renew$/, /\/revoke$/]) {
      assert.equal((await al.submit(forged, {}, action)).status, 403)
    }
    // Nor may an admin replace it: the new link would show that the old one was theirs to end.
    assert.equal((await invite(al, 'owner@example.com')).page.status, 403)
  })

  it('says that nothing was mailed where no mail server is configured', async () => {
    const { page } = await invite(await openAs(server.origin, 'ada'), 'plain@example.com')
    assert.match(page.html, /Pass this link on yourself/)
  })

  it('is limited for an address over all organizations, with 429 and Retry-After', async () => {
    const ada = await openAs(server.origin, 'ada')
    for (let times = 0; times < 10; times++) await requireLink(ada, 'spam@example.com')
    const { page } = await invite(ada, 'spam@example.com')
    assert.equal(page.status, 429)
    assert.ok(Number(page.headers.get('retry-after')) > 0)
  })
})
