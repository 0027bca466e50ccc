import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { createDomain } from '../../src/domain/domain.ts'
import { type Browser, createBrowser } from '../support/browser.ts'
import {
  authorizationUrl,
  callTool,
  pkce,
  refresh,
  register,
  signIn,
  signInAt,
} from '../support/oauth-client.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { populate, startServer, type TestServer, prepareUser } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'

const week = 7 * 24 * 60 * 60 * 1000

const stores: { name: string; skip: string | false; start: () => ReturnType<typeof startRedis> }[] = [
  { name: 'the embedded store', skip: false, start: async () => undefined },
  { name: 'Redis', skip: redisSkipReason(), start: () => startRedis() },
]

for (const store of stores) {
  describe(`Several organizations, on ${store.name}`, { skip: store.skip }, () => {
    let redis: Awaited<ReturnType<typeof startRedis>>
    let server: TestServer
    let people: Awaited<ReturnType<typeof populate>>
    let ada: Browser
    let bob: Browser

    before(async () => {
      redis = await store.start()
      server = await startServer({ redisUrl: redis?.url })
      people = await populate(server)
      ada = await openAs(server.origin, 'ada')
      bob = await openAs(server.origin, 'bob')
    })
    after(async () => {
      await server.stop()
      await redis?.stop()
    })

    async function lastEvent(organizationId: string) {
      return (await server.domain.auditLog.page(organizationId, { limit: 1 }))[0]
    }

    it('are made by any user, who becomes the owner; the slug comes from the name', async () => {
      const made = await ada.submit(
        await ada.open('/account/organizations/new'),
        { name: 'Initech GmbH', slug: '' },
        /organizations\/new/,
      )
      assert.match(made.url, /\/organizations\/initech-gmbh\?/)
      assert.match(
        made.html,
        /class="name">Initech GmbH<\/span><span class="muted"><span[^>]*>, you are <\/span>owner/,
      )
      const organization = await server.domain.organizations.findBySlug('initech-gmbh')
      assert.equal((await lastEvent(organization?.id ?? ''))?.type, 'organization.created')
    })

    it('have addresses of their own: a taken one is refused beside its field, and of two at once one wins', async () => {
      const form = await ada.open('/account/organizations/new')
      const taken = await ada.submit(form, { name: 'My Acme', slug: 'acme' }, /organizations\/new/)
      assert.equal(taken.status, 422)
      assert.match(taken.html, /value="My Acme"[\s\S]+id="slug-note">Another organization has this address/)
      const race = await Promise.all(
        [ada, bob].map(async (browser) =>
          browser.submit(
            await browser.open('/account/organizations/new'),
            { name: 'Race', slug: 'race' },
            /organizations\/new/,
          ),
        ),
      )
      assert.deepEqual(
        race.map(({ status }) => status).toSorted((a, b) => a - b),
        [200, 422],
      )
    })

    it('keep former addresses: pages lead on, clients and their refreshes work on, nobody else can take them', async () => {
      const resource = `${server.origin}/o/globex/mcp/v1`
      const earlier = await signIn(server.origin, {
        email: 'bob@example.com',
        organization: 'globex',
        parameters: { resource },
      })
      const settings = await bob.open('/organizations/globex/settings')
      const renamed = await bob.submit(settings, { name: 'Globex Corp', slug: 'globex-corp' }, /settings$/)
      assert.match(renamed.url, /\/organizations\/globex-corp\/settings\?/)
      const { type, formerSlug } = (await lastEvent(people.globex.id)) as {
        type: string
        formerSlug?: string
      }
      assert.deepEqual([type, formerSlug], ['organization.renamed', 'globex'])

      assert.equal(
        (await bob.open('/organizations/globex/sessions?client=x')).url,
        `${server.origin}/organizations/globex-corp/sessions?client=x`,
      )
      const renewed = await refresh(server.origin, earlier.clientId, earlier.refresh_token, { resource })
      const { access_token } = (await renewed.json()) as { access_token: string }
      for (const token of [earlier.access_token, access_token]) {
        const answer = await callTool(server.origin, token, 'whoami', {}, '/o/globex/mcp/v1')
        assert.match(await answer.text(), /"slug":"globex-corp"/)
      }
      for (const slug of ['globex', 'globex-corp']) {
        const parameters = { resource: `${server.origin}/o/${slug}/mcp/v1` }
        await signIn(server.origin, { email: 'bob@example.com', organization: slug, parameters })
        const form = await ada.open('/account/organizations/new')
        const taken = await ada.submit(form, { name: 'X', slug }, /organizations\/new/)
        assert.equal(taken.status, 422, slug)
      }
      const back = await bob.submit(
        await bob.open('/organizations/globex/settings'),
        { name: 'Globex', slug: 'globex' },
        /settings$/,
      )
      assert.match(back.url, /\/organizations\/globex\/settings\?/)
    })

    it('are renamed by administrators and deleted by owners only', async () => {
      const settings = await ada.open('/organizations/globex/settings')
      assert.doesNotMatch(settings.html, /name="slug"|settings\/delete/)
      assert.equal((await ada.open('/organizations/globex/settings/delete')).status, 403)
      for (const path of ['settings', 'settings/delete']) {
        const action = `/organizations/globex/${path}`
        const forged = { ...settings, html: settings.html.replace('/sign-out', action) }
        const answer = await ada.submit(forged, { name: 'Globex', slug: 'mine' }, new RegExp(`${path}$`))
        assert.equal(answer.status, 403, path)
      }
    })

    it('remember the choice at sign-in, and tell where the client is connected already', async () => {
      const clientId = await register(server.origin)
      await signIn(server.origin, { clientId, organization: 'globex' })
      const url = authorizationUrl(server.origin, { client_id: clientId, code_challenge: pkce().challenge })
      const { html } = await ada.open(url)
      assert.match(html, /value="globex" required checked>[\s\S]+Connected: 1 session of this client/)
      assert.doesNotMatch(html, /value="acme" required checked/)
      assert.equal(html.match(/Connected: /g)?.length, 1)
    })

    it('let another account go on with the same authorization', async () => {
      const browser = await openAs(server.origin, 'mel')
      const { challenge } = pkce()
      const clientId = await register(server.origin)
      const resource = `${server.origin}/o/globex/mcp/v1`
      const page = await browser.open(
        authorizationUrl(server.origin, { client_id: clientId, code_challenge: challenge, resource }),
      )
      assert.match(page.html, /You are not a member of “globex”/)
      const anew = await browser.submit(page, {}, /sign-out$/)
      assert.match(anew.html, /name="password"/)
      const consent = await signInAt(browser, anew, 'bob@example.com')
      const answer = await browser.submit(consent, { decision: 'allow' })
      const callback = new URL(answer.url).searchParams
      assert.equal(callback.get('state'), 'st')
      assert.ok(callback.get('code'))
      assert.equal((await browser.open(page.url)).status, 400)
    })

    it('can be made in the middle of an authorization by a user who is in none', async () => {
      const { change } = prepareUser(server.domain, { email: 'new@example.com', name: 'New' })
      await server.store.documents.commit([change])
      const browser = createBrowser(server.origin)
      const clientId = await register(server.origin)
      const url = authorizationUrl(server.origin, { client_id: clientId, code_challenge: pkce().challenge })
      const page = await signInAt(browser, await browser.open(url), 'new@example.com')
      assert.match(page.html, /invite <strong>new@example\.com<\/strong>/)
      const [, href = ''] = /href="(\/account\/organizations\/new[^"]+)"/.exec(page.html) ?? []
      const consent = await browser.submit(
        await browser.open(href.replaceAll('&amp;', '&')),
        { name: 'Newco', slug: '' },
        /organizations\/new/,
      )
      assert.equal(consent.url, page.url)
      const answer = await browser.submit(consent, { organization: 'newco', decision: 'allow' })
      assert.ok(new URL(answer.url).searchParams.get('code'))
    })

    it('end at once when they are deleted with the name typed, say so, and can be restored', async () => {
      const member = await signIn(server.origin, { organization: 'globex' })
      const path = '/organizations/globex/settings/delete'
      const page = await bob.open(path)
      assert.match(page.html, /\d client sessions?<\/strong> now/)
      const wrong = await bob.submit(page, { name: 'globex' }, /delete$/)
      assert.equal(wrong.status, 422)
      assert.match(wrong.html, /value="globex"[\s\S]+Type the name exactly: Globex/)
      const deleted = await bob.submit(wrong, { name: 'Globex' }, /delete$/)
      assert.equal(deleted.status, 410)
      assert.match(deleted.html, /Restore Globex/)

      const refused = await callTool(server.origin, member.access_token)
      assert.equal(refused.status, 401)
      assert.match(await refused.text(), /Globex was deleted by one of its owners/)
      const stale = await refresh(server.origin, member.clientId, member.refresh_token)
      assert.match(await stale.text(), /invalid_grant.+Globex was deleted/)

      const forMember = await ada.open('/organizations/globex/architecture')
      assert.equal(forMember.status, 410)
      assert.doesNotMatch(forMember.html, /restore"/)
      const forged = {
        ...forMember,
        html: forMember.html.replace('/sign-out', '/organizations/globex/restore'),
      }
      assert.equal((await ada.submit(forged, {}, /restore$/)).status, 403)
      const stranger = await openAs(server.origin, 'mel')
      assert.equal((await stranger.open('/organizations/globex')).status, 404)
      const clientId = await register(server.origin)
      const url = authorizationUrl(server.origin, { client_id: clientId, code_challenge: pkce().challenge })
      assert.doesNotMatch((await ada.open(url)).html, /Globex/)

      assert.match((await bob.open('/')).html, /Deleted[\s\S]+organizations\/globex"/)
      const restored = await bob.submit(deleted, {}, /restore$/)
      assert.match(restored.html, /The organization is back/)
      assert.equal((await lastEvent(people.globex.id))?.type, 'organization.restored')
      const again = await signIn(server.origin, { organization: 'globex' })
      assert.equal((await callTool(server.origin, again.access_token)).status, 200)
    })

    it('are erased after a week, once, by however many processes, and free their addresses then', async () => {
      const { id } = people.globex
      const { documents, blobs } = server.store
      await createArchitecture({ blobs, now: Date.now }).importSample(id)
      await bob.submit(await bob.open('/organizations/globex/settings/delete'), { name: 'Globex' }, /delete$/)
      const at = (now: () => number) => createDomain({ store: server.store, now }).organizationDeletion
      const { erase } = createArchitecture({ blobs, now: Date.now })
      assert.deepEqual(await at(Date.now).eraseDue(erase), [])

      const later = () => Date.now() + week + 1
      const rounds = await Promise.all([at(later).eraseDue(erase), at(later).eraseDue(erase)])
      assert.ok(rounds.flat().length >= 1)
      assert.equal(await documents.get('organization', id), undefined)
      assert.equal(await blobs.get(`graph:${id}`), undefined)
      assert.deepEqual(await server.domain.auditLog.page(id, { limit: 1 }), [])
      for (const [kind, index] of [
        ['client-session', 'tenant'],
        ['client-session', 'organization'],
        ['member', 'organization'],
      ] as const) {
        assert.deepEqual((await documents.list(kind, index, id)).items, [], kind)
      }
      assert.equal((await bob.open('/organizations/globex')).status, 404)
      const form = await ada.open('/account/organizations/new')
      const reused = await ada.submit(form, { name: 'Globex', slug: 'globex' }, /organizations\/new/)
      assert.match(reused.url, /\/organizations\/globex\?/)
    })

    it('cannot be restored any more when erasing is due', async () => {
      const organization = await server.domain.organizations.findBySlug('race')
      assert.ok(organization)
      const by = { id: people.bob.id, address: '127.0.0.1' }
      await server.domain.organizationDeletion.remove({ organization, role: 'owner' }, 'Race', by)
      const later = createDomain({ store: server.store, now: () => Date.now() + week + 1 })
      await assert.rejects(later.organizationDeletion.restore({ organization, role: 'owner' }, by), {
        code: 'conflict',
      })
    })
  })
}

describe('Where only the operator makes organizations (ORGANIZATION_CREATION=operator)', () => {
  it('no page offers it, and the form is refused', async () => {
    const server = await startServer({ environment: { ORGANIZATION_CREATION: 'operator' } })
    try {
      await populate(server)
      const browser = await openAs(server.origin, 'ada')
      const home = await browser.open('/')
      assert.doesNotMatch(home.html, /organizations\/new/)
      assert.equal((await browser.open('/account/organizations/new')).status, 403)
      const forged = { ...home, html: home.html.replace('/sign-out', '/account/organizations/new') }
      assert.equal((await browser.submit(forged, { name: 'X', slug: 'x' }, /new$/)).status, 403)
    } finally {
      await server.stop()
    }
  })
})
