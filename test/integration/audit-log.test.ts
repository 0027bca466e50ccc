import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { AuditEntry } from '../../src/domain/audit-log.ts'
import { type Browser, createBrowser } from '../support/browser.ts'
import { authorizationUrl, callTool, pkce, refresh, register, signIn } from '../support/oauth-client.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { openAs } from '../support/signed-in-browser.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'

const stores = [
  { name: 'SQLite', skip: false, redis: async () => undefined },
  { name: 'Redis', skip: redisSkipReason(), redis: startRedis },
] as const
const page = '/organizations/acme/audit-log'
/** What differs from one error page to the next, whatever they say. */
const withoutId = (html: string) => html.replaceAll(/[\da-f]{8}-[\da-f-]{27}|nonce="[^"]+/g, '')
const day = 24 * 60 * 60 * 1000

for (const { name, skip, redis } of stores) {
  describe(`The audit log on ${name}`, { skip }, () => {
    let clock = 0
    let server: TestServer
    let people: Awaited<ReturnType<typeof populate>>
    let ada: Browser

    let fixture: Awaited<ReturnType<typeof redis>>

    before(async () => {
      fixture = await redis()
      server = await startServer({ redisUrl: fixture?.url, now: () => Date.now() + clock })
      people = await populate(server)
      ada = await openAs(server.origin, 'ada')
    })
    after(async () => {
      await server.stop()
      await fixture?.stop()
    })

    /** What an organization's log says, newest first, as its export gives it. */
    async function entriesOf(browser: Browser, slug: string, query = ''): Promise<AuditEntry[]> {
      await server.domain.auditLog.flush()
      const response = await browser.request(`/organizations/${slug}/audit-log.jsonl${query}`)
      assert.equal(response.status, 200)
      const lines = (await response.text()).trim().split('\n')
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditEntry)
    }

    it('tells what agents asked about an entity, with one filter', async () => {
      await ada.submit(await ada.open('/organizations/acme'), {}, /\/sample$/)
      const { access_token: token, clientId } = await signIn(server.origin, { email: 'mel@example.com' })
      await callTool(server.origin, token, 'get_entity', { ref: 'dispatch' })
      await callTool(server.origin, token, 'get_entity', { ref: 'no-such-thing' })
      await callTool(server.origin, token)
      const [asked, ...others] = await entriesOf(ada, 'acme', '?entity=dispatch&what=tool_calls')
      assert.deepEqual(others, [])
      assert.ok(asked?.type === 'tool.called')
      assert.equal(asked.tool, 'get_entity')
      assert.equal(asked.outcome, 'answered')
      assert.equal(asked.clientName, 'Test client')
      assert.match(asked.entities[0] ?? '', /dispatch/)
      assert.ok(asked.entities.length > 1, 'what stands in the answer was told, too')
      assert.ok(asked.resultBytes > 500)
      assert.deepEqual(asked.actor, {
        kind: 'user',
        id: people.mel.id,
        name: 'Mel',
        email: 'mel@example.com',
      })
      assert.equal(asked.address, '127.0.0.1')

      const today = new Date().toISOString().slice(0, 10)
      const shown = await ada.open(`${page}?who=mel@example.com&entity=dispatch&from=${today}&to=${today}`)
      assert.match(shown.html, /Called a tool[\s\S]*get_entity/)
      assert.match(shown.html, /Test client/)
      assert.equal(shown.html.split('<tr>').length, 3, 'a head and one entry')
      assert.match((await ada.open(`${page}?entity=dispatch&to=2001-01-01`)).html, /Nothing matches/)
      const outcomes = await entriesOf(ada, 'acme', '?who=mel@example.com&what=tool.called')
      assert.deepEqual(
        outcomes.map((entry) => entry.type === 'tool.called' && entry.outcome),
        ['answered', 'refused', 'answered'],
      )
      const text = JSON.stringify(await entriesOf(ada, 'acme'))
      assert.ok(!text.includes('no-such-thing') && !text.includes(token), 'no payloads, no secrets')
      assert.ok(text.includes(`"clientId":"${clientId}"`), 'the consent names its client')
    })

    it('is read by administrators of the organization, and written by nobody', async () => {
      const [mel, bob] = [await openAs(server.origin, 'mel'), await openAs(server.origin, 'bob')]
      for (const path of [page, `${page}.csv`, `${page}.jsonl`]) {
        assert.equal((await mel.open(path)).status, 403)
        const [others, nobodys] = [await bob.open(path), await bob.open(path.replace('acme', 'nowhere'))]
        assert.equal(others.status, 404)
        assert.equal(withoutId(others.html), withoutId(nobodys.html))
      }
      assert.doesNotMatch((await mel.open('/organizations/acme')).html, /audit-log/)
      for (const method of ['DELETE', 'PUT', 'PATCH', 'POST']) {
        assert.equal((await ada.request(page, { method })).status, 405)
        assert.ok([404, 405].includes((await ada.request(`${page}/1-0`, { method })).status))
      }
    })

    it('tells of sign-ins and failures to each organization of a person, and to no other', async () => {
      const stranger = createBrowser(server.origin)
      const form = await stranger.open('/sign-in')
      await stranger.submit(form, { email: 'ada@example.com', password: 'wrong password' })
      await stranger.submit(form, { email: 'nobody@example.com', password: 'wrong password' })
      await stranger.submit(form, { email: 'mel@example.com', password })
      const bob = await openAs(server.origin, 'bob')
      const typesOf = async (browser: Browser, slug: string, query: string) =>
        (await entriesOf(browser, slug, query)).map(({ type, actor }) => [type, actor.kind])
      const failures = [['sign_in.failed', 'unknown']]
      assert.deepEqual(await typesOf(ada, 'acme', '?what=sign_in.failed'), failures)
      assert.deepEqual(await typesOf(bob, 'globex', '?what=sign_in.failed&who=ada@example.com'), failures)
      assert.deepEqual(await typesOf(bob, 'globex', '?what=sign_ins&who=mel@example.com'), [])
      const [latest] = await typesOf(ada, 'acme', '?what=sign_ins&who=mel@example.com')
      assert.deepEqual(latest, ['sign_in.succeeded', 'user'])
      const processLog = server.log.join('\n')
      assert.match(processLog, /sign-in with an address that belongs to nobody/)
      assert.ok(!processLog.includes('nobody@example.com'))
    })

    it('tells of refused consents and refused refreshes', async () => {
      const browser = await openAs(server.origin, 'mel')
      const url = authorizationUrl(server.origin, {
        client_id: await register(server.origin, { client_name: 'Unwanted' }),
        code_challenge: pkce().challenge,
      })
      await browser.submit(await browser.open(url), { decision: 'deny' })
      const [denied] = await entriesOf(ada, 'acme', '?what=consent.denied')
      assert.ok(denied?.type === 'consent.denied')
      assert.equal(denied.clientName, 'Unwanted')

      const tokens = await signIn(server.origin, { email: 'mel@example.com' })
      const [session] = await server.domain.clientSessions.listLive('user', people.mel.id)
      await server.domain.clientSessions.end(session?.id ?? '', { kind: 'operator' })
      for (let round = 0; round < 2; round++) {
        const refused = await refresh(server.origin, tokens.clientId, tokens.refresh_token)
        assert.equal(refused.status, 400)
      }
      const told = await entriesOf(ada, 'acme', `?session=${session?.id}&what=sessions`)
      assert.deepEqual(
        told.map((entry) => [entry.type, entry.type === 'refresh_token.refused' && entry.reason]),
        [
          ['refresh_token.refused', 'session_ended'],
          ['refresh_token.refused', 'session_ended'],
          ['client_session.ended', false],
          ['consent.given', false],
        ],
      )
    })

    it('is paged from new to old, and searched on where few match among many', async () => {
      const { auditLog } = server.domain
      const actor = { kind: 'operator' } as const
      for (let n = 0; n < 120; n++) {
        const facts = { source: `s${n}`, revision: n, entityCount: 0, relationCount: 0 }
        auditLog.note(people.globex.id, { type: 'architecture.imported', ...facts, actor })
      }
      await auditLog.flush()
      const bob = await openAs(server.origin, 'bob')
      const seen: string[] = []
      let next: string | undefined = '/organizations/globex/audit-log?what=architecture'
      for (let pages = 0; next !== undefined && pages < 9; pages++) {
        const { html } = await bob.open(next)
        seen.push(...[...html.matchAll(/<dd>(s\d+)<\/dd>/g)].map(([, source = '']) => source))
        next = /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 120 }, (_, n) => `s${119 - n}`),
      )
    })

    it('is exported as a table that no spreadsheet runs, and the export is in it', async () => {
      const { auditLog } = server.domain
      const actor = { kind: 'user', id: people.ada.id } as const
      for (const clientName of [
        '=HYPERLINK("http://evil.example")',
        '+1',
        '-1',
        '@SUM(A1)',
        'a\n=1',
        '\t=2',
      ]) {
        await auditLog.append(people.acme.id, {
          type: 'consent.denied',
          clientId: 'c',
          clientName,
          actor,
          address: '10.0.0.1',
        })
      }
      const response = await ada.request(`${page}.csv?what=consent.denied`)
      const csv = await response.text()
      assert.match(
        response.headers.get('content-disposition') ?? '',
        /^attachment; filename="audit-log-acme-/,
      )
      assert.equal(csv.trim().split('\r\n').length, 8, 'a head, six of these, one denied before')
      assert.doesNotMatch(csv, /(?:^|[\r\n,]"?)\s*[=+\-@]/)
      assert.match(csv, /"'=HYPERLINK\(""http/)
      const [exported] = await entriesOf(ada, 'acme', '?what=audit_log.exported')
      assert.ok(exported?.type === 'audit_log.exported')
      const [, earlier] = await entriesOf(ada, 'acme', '?what=audit_log.exported')
      assert.equal(exported.actor.kind, 'user')
      assert.equal(earlier?.type, 'audit_log.exported')
    })

    // Redis dates entries by its own clock, which a test cannot move; `test/contract` shortens logs there.
    const keepsTime = name === 'Redis' && 'Redis has its own clock'
    it(
      'is kept as long as an owner says: a shorter time ends older entries at once',
      { skip: keepsTime },
      async () => {
        const countOf = async () => (await entriesOf(ada, 'acme', '?what=architecture.imported')).length
        assert.equal(await countOf(), 1)
        clock += 31 * day
        ada = await openAs(server.origin, 'ada')
        assert.equal(await countOf(), 1)
        const changed = await ada.submit(await ada.open(page), { days: '30' }, /\/retention$/)
        assert.match(changed.html, /kept for 30 days/)
        assert.equal(await countOf(), 0)
        const [entry] = await entriesOf(ada, 'acme', '?what=audit_log.retention_changed')
        assert.ok(entry?.type === 'audit_log.retention_changed')
        assert.deepEqual([entry.fromDays, entry.toDays], [400, 30])
        const refused = await ada.submit(await ada.open(page), { days: '1' }, /\/retention$/)
        assert.equal(refused.status, 422)
        const admin = { organization: people.acme, role: 'admin' as const }
        const act = { days: 90, actor: { kind: 'operator' } as const, address: '' }
        await assert.rejects(server.domain.auditLog.changeRetention(admin, act), { code: 'forbidden' })
      },
    )
  })
}
