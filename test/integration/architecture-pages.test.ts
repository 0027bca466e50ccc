import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Architecture, createArchitecture } from '../../src/architecture/architecture.ts'
import { type Browser, formsOf, type Page } from '../support/browser.ts'
import { service, workload } from '../support/kubernetes-manifests.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'

const base = '/organizations/acme/architecture'
const pageOf = (ref: string) => `${base}/${encodeURIComponent(ref)}`

/** A workload with its Service that calls others. */
function manifests(name: string, ...calls: string[]): string {
  const env = calls.map((other) => ({ name: `${other.toUpperCase()}_URL`, value: `http://${other}:80` }))
  return [service(name), workload(name, { env })].join('\n---\n')
}

describe('Architecture pages (/organizations/{slug}/architecture)', () => {
  let server: TestServer
  let architecture: Architecture
  let people: Awaited<ReturnType<typeof populate>>
  let ada: Browser
  let mel: Browser
  before(async () => {
    server = await startServer()
    people = await populate(server)
    architecture = createArchitecture({ blobs: server.store.blobs, now: Date.now })
    ada = await openAs(server.origin, 'ada')
    mel = await openAs(server.origin, 'mel')
  })
  after(() => server.stop())

  const load = async (source: string, documents: string[], environment?: string) =>
    architecture.importFiles(
      people.acme.id,
      [{ path: `${source}.yaml`, content: documents.join('\n---\n') }],
      { source, environment },
    )
  const lastEvent = async () => (await server.domain.auditLog.page(people.acme.id, { limit: 1 }))[0]

  it('say what to do next while there is nothing: upload, command or sample', async () => {
    const page = await ada.open(base)
    assert.match(page.html, /No architecture yet[\s\S]+architecture\/import"[\s\S]+--organization acme/)
    const forMel = await mel.open(base)
    assert.match(forMel.html, /An administrator imports it/)
    assert.doesNotMatch(forMel.html, /architecture\/import|acme\/sample/)
    assert.equal((await ada.submit(page, {}, /sample$/)).status, 200)
  })

  it('draw a diagram whose boxes are links, of everything or around one entity, and give it as files', async () => {
    const { html } = await mel.open(`${base}/diagram`)
    assert.match(html, /29 entities, 39 relations/)
    const boxes = [...html.matchAll(/<a class="node [^"]*"[^>]* href="([^"]+)"/g)].map(([, href]) => href)
    assert.equal(boxes.length, 29)
    assert.ok(boxes.includes(pageOf('database:lanternpost/parcels-db')))
    assert.equal((await mel.open(boxes[0] ?? '')).status, 200)
    const around = await mel.open(`${base}/diagram?focus=parcels-db&depth=1`)
    assert.match(around.html, /Around <a [^>]+>parcels-db<\/a>: 4 entities, 3 relations/)
    assert.match((await mel.open(`${base}/diagram?focus=parcelsdb`)).html, /Did you mean|parcels-db/)
    const svg = await mel.open(`${base}/diagram.svg?focus=parcels-db&depth=1`)
    assert.match(svg.html, /^<svg [^>]*aria-label="parcels-db and what is up to 1 steps away"[\s\S]+<style>/)
    assert.match((await mel.open(`${base}/diagram.mermaid`)).html, /^flowchart LR\n[\s\S]+parcels-db/)
    const json = JSON.parse((await mel.open(`${base}/diagram.json?focus=parcels-db&depth=1`)).html) as {
      entities: { name: string }[]
    }
    assert.deepEqual(json.entities.map(({ name }) => name).toSorted(), [
      'drivers',
      'invoice-export',
      'parcels',
      'parcels-db',
    ])
    const stranger = await (await openAs(server.origin, 'bob')).open(`${base}/diagram.svg`)
    assert.equal(stranger.status, 404)
  })

  it('give an overview: kinds, sources, what is critical, issues, entry points and gaps', async () => {
    const { html } = await mel.open(base)
    assert.match(html, /entities\?kind=queue">2</)
    assert.match(html, /Most critical[\s\S]+depend on it, \d+ directly/)
    assert.match(html, /Issues found[\s\S]+Single point of failure/)
    assert.match(html, /Entry points[\s\S]+>tracking-site</)
    assert.match(html, /What is not known[\s\S]+without an owner/)
    assert.match(html, /<strong>sample<\/strong>/)
    assert.doesNotMatch(html, /sources\/sample\/remove/)
    assert.match((await ada.open(base)).html, /sources\/sample\/remove/)
  })

  it('find entities by words, kind, owner and tag, and forgive typing errors', async () => {
    const all = rows(await ada.open(`${base}/entities`))
    assert.ok(all.length >= 15)
    const gateway = pageOf('service:lanternpost/gateway')
    assert.deepEqual(rows(await ada.open(`${base}/entities?q=gateway&kind=service`)), [gateway])
    const queues = await ada.open(`${base}/entities?kind=queue`)
    assert.ok(rows(queues).length > 0 && rows(queues).every((href) => href.includes('queue%3A')))
    const misspelt = await ada.open(`${base}/entities?q=gatewya`)
    assert.match(misspelt.html, /Nothing matches “gatewya” exactly/)
    assert.ok(rows(misspelt).includes(gateway))
    assert.match((await ada.open(`${base}/entities?q=%22%3E%3Cscript%3E`)).html, /Nothing matches/)
    assert.deepEqual(rows(await ada.open(`${base}/entities?owner=nobody`)), [])
    assert.deepEqual(rows(await ada.open(`${base}/entities?tag=nothing`)), [])
    assert.deepEqual(rows(await ada.open(`${base}/entities?page=99&kind=nonsense`)), all)
  })

  it('show an entity with what it depends on, what depends on it, and where that was read', async () => {
    const page = await mel.open(pageOf('service:lanternpost/gateway'))
    assert.equal(page.status, 200)
    const [, dependsOn = '', dependedOnBy = ''] = page.html.split('<section')
    assert.match(dependsOn, />accounts<[\s\S]+declared[\s\S]+\.yaml:\d+<\/span> env ACCOUNTS_ADDR/)
    assert.match(dependedOnBy, /Is depended on by[\s\S]+>tracking-site</)
    assert.doesNotMatch(page.html, /redis:\/\/|Join them/)
    assert.match(page.html, /impact\?ref=service%3Alanternpost%2Fgateway"/)
    assert.equal((await mel.open(pageOf('service:nowhere'))).status, 404)
  })

  it('find paths and what all of them pass, and help where a name or a path is not there', async () => {
    const { html } = await mel.open(`${base}/paths?from=tracking-site&to=ledger-db&k=3&max_hops=6`)
    assert.match(html, /1 path<|\d paths</)
    assert.match(html, /Every way passes[\s\S]+>payments<\/a>/)
    const unknown = await mel.open(`${base}/paths?from=gatewya&to=ledger-db`)
    assert.match(
      unknown.html,
      /No entity is called “gatewya”[\s\S]+paths\?from=service%3Alanternpost%2Fgateway&amp;to=ledger-db/,
    )
    const none = await mel.open(`${base}/paths?from=ledger-db&to=gateway`)
    assert.match(none.html, /Nothing that is known leads from ledger-db to gateway[\s\S]+other way round/)
    const short = await mel.open(`${base}/paths?from=tracking-site&to=ledger-db&max_hops=3`)
    assert.match(short.html, /No path of at most 3 steps[\s\S]+but one of at most 6 does/)
  })

  it('tell who would feel a failure, and how', async () => {
    const { html } = await mel.open(`${base}/impact?ref=ledger-db&change=failure`)
    assert.match(html, /When ledger-db fails, \d+ others would feel it/)
    assert.match(html, /Directly[\s\S]+>payments<[\s\S]+down[\s\S]+After 2 steps[\s\S]+through payments/)
    const alone = await mel.open(`${base}/impact?ref=tracking-site&change=removal`)
    assert.match(alone.html, /When tracking-site is removed, nothing else that is known would feel it/)
    assert.match((await mel.open(`${base}/impact?ref=nothing-like-it`)).html, /No entity is called/)
  })

  it('show the graph of a former revision and of one environment, and stay with them', async () => {
    await load('shop', [manifests('cart', 'prices'), manifests('prices')], 'production')
    await load('shop', [manifests('cart')], 'production')
    const former = await mel.open(`${base}/entities?as_of=2&environment=production`)
    assert.match(former.html, /You look at revision 2/)
    const prices = `${pageOf('service:default/prices@production')}?environment=production&as_of=2`
    assert.ok(rows(former).includes(prices.replaceAll('&', '&amp;')))
    assert.match((await mel.open(prices)).html, /Is depended on by[\s\S]+>cart</)
    assert.equal((await mel.open(pageOf('service:default/prices@production'))).status, 404)
    assert.doesNotMatch(former.html, /lanternpost.*@/)
    assert.equal((await mel.open(`${base}?environment=nowhere`)).status, 404)
    assert.equal((await mel.open(`${base}?as_of=99`)).status, 404)
  })

  it('list the revisions, and compare any two of them', async () => {
    const list = await mel.open(`${base}/changes`)
    assert.match(list.html, /Revision 3[\s\S]+Import of shop[\s\S]+1 entity and 1 relation removed/)
    const { html } = await mel.open(`${base}/changes?from=1&to=3`)
    assert.match(html, /From revision 1 to 3: 1 entity added/)
    assert.match(html, /service%3Adefault%2Fcart%40production/)
    assert.match(
      (await mel.open(`${base}/changes?from=0&to=1`)).html,
      /\d\d entities and \d\d relations added/,
    )
    assert.match((await mel.open(`${base}/changes?from=1&to=99`)).html, /There is no revision 99 here/)
    assert.match(
      (await mel.open(pageOf('service:default/cart@production'))).html,
      /Revision 2[\s\S]+appeared/,
    )
  })

  it('let administrators separate what was joined by name, join what was not, and take both back', async () => {
    await load('elsewhere', [manifests('cart'), manifests('basket')])
    const ref = 'service:default/cart@production'
    const joined = await ada.open(pageOf(ref))
    assert.match(joined.html, /service:default\/cart<\/span>[^<]*<span[^>]*>in elsewhere: same name/)
    assert.doesNotMatch((await mel.open(pageOf(ref))).html, /Separate/)

    const separated = await ada.submit(joined, {}, /decisions$/)
    assert.match(separated.html, /Your decision holds from now on[\s\S]+is kept apart from/)
    assert.equal((await ada.open(pageOf('service:default/cart'))).status, 200)
    assert.deepEqual((await lastEvent())?.type, 'architecture.join_decided')
    const back = await ada.submit(separated, {}, /decisions$/)
    assert.doesNotMatch(back.html, /is kept apart from/)
    assert.equal((await ada.open(pageOf('service:default/cart'))).status, 404)

    const basket = await ada.open(pageOf('service:default/basket'))
    const same = await ada.submit(basket, { other: ref }, /decisions$/)
    assert.equal(new URL(same.url).pathname, pageOf(ref))
    assert.match(
      same.html,
      /service:default\/basket<\/span>[^<]*<span[^>]*>in elsewhere: somebody here decided/,
    )
    const undone = { ...same, html: same.html.slice(same.html.indexOf('taken_back') - 900) }
    assert.match((await ada.submit(undone, {}, /decisions$/)).html, /Your decision holds/)
    assert.equal((await ada.open(pageOf('service:default/basket'))).status, 200)
  })

  it('refuse a decision of members, and one that makes no sense', async () => {
    const page = await mel.open(base)
    const csrf = formsOf(page.html)[0]?.hidden['csrf'] ?? ''
    const decide = (browser: Browser, token: string, fields: Record<string, string>) =>
      browser.open(`${base}/decisions`, {
        method: 'POST',
        body: new URLSearchParams({ csrf: token, ...fields }),
      })
    const ref = 'service:default/cart@production'
    assert.equal((await decide(mel, csrf, { ref, other: 'basket', verdict: 'same' })).status, 403)
    const own = formsOf((await ada.open(base)).html)[0]?.hidden['csrf'] ?? ''
    const { graph } = await architecture.load(people.acme.id)
    assert.equal((await decide(ada, own, { ref, other: 'nothing-like-it', verdict: 'same' })).status, 404)
    assert.equal((await decide(ada, own, { ref, other: 'x', verdict: 'different' })).status, 409)
    assert.equal((await decide(ada, own, { ref, other: 'x', verdict: 'taken_back' })).status, 409)
    assert.equal((await decide(ada, own, { ref, other: ref, verdict: 'same' })).status, 422)
    assert.equal((await decide(ada, own, { ref, other: 'basket', verdict: 'maybe' })).status, 422)
    assert.equal((await architecture.load(people.acme.id)).graph.revision, graph.revision)
  })

  it('show what goes with a source before administrators remove it', async () => {
    const path = `${base}/sources/sample/remove`
    assert.equal((await mel.open(path)).status, 403)
    assert.equal((await ada.open(`${base}/sources/nothing/remove`)).status, 404)
    const confirm = await ada.open(path)
    assert.match(confirm.html, /Remove sample\?[\s\S]+\d\d entities and \d\d relations removed/)
    const forged = formsOf((await mel.open(base)).html)[0]?.hidden ?? {}
    const body = new URLSearchParams(forged)
    assert.equal((await mel.open(path, { method: 'POST', body })).status, 403)
    assert.ok((await architecture.load(people.acme.id)).index.ordinals.has('service:lanternpost/gateway'))

    const removed = await ada.submit(confirm, {}, /remove$/)
    assert.match(removed.html, /The source is removed/)
    const event = await lastEvent()
    assert.ok(event?.type === 'architecture.source_removed' && event.source === 'sample')
    assert.ok(!(await architecture.load(people.acme.id)).index.ordinals.has('service:lanternpost/gateway'))
    assert.match((await mel.open(`${base}/changes`)).html, /Source removed: sample/)
  })

  it('show why the newest import of a source failed', async () => {
    const bad = [{ path: 'shop.yaml', content: '{ kind: Service' }]
    await assert.rejects(
      architecture.importFiles(people.acme.id, bad, { source: 'shop', type: 'kubernetes' }),
    )
    assert.match((await mel.open(base)).html, /The newest import failed[\s\S]+shop\.yaml:1: /)
  })
})

/** Where the entities of a page lead. */
function rows({ html }: Page): string[] {
  const table = html.slice(html.indexOf('<tbody>'))
  return [...table.matchAll(/<a class="named" href="([^"]+)"/g)].map(([, href = '']) => href)
}
