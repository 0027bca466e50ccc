import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { type Browser, formsOf } from '../support/browser.ts'
import { service, workload } from '../support/kubernetes-manifests.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'
import { multipart, upload } from '../support/uploads.ts'

const base = '/organizations/acme/architecture'
const cart = [
  service('cart'),
  workload('cart', {
    env: [
      { name: 'PRICES_URL', value: 'http://prices:80' },
      { name: 'PASSWORD', value: 'hunter2hunter2' },
    ],
  }),
].join('\n---\n')
const prices = [service('prices'), workload('prices')].join('\n---\n')

const stores: { name: string; skip: string | false; start: () => ReturnType<typeof startRedis> }[] = [
  { name: 'the embedded store', skip: false, start: async () => undefined },
  { name: 'Redis', skip: redisSkipReason(), start: () => startRedis() },
]

for (const store of stores) {
  describe(`An upload, on ${store.name}`, { skip: store.skip }, () => {
    let redis: Awaited<ReturnType<typeof startRedis>>
    let server: TestServer
    let people: Awaited<ReturnType<typeof populate>>
    let ada: Browser
    let clock = 0
    before(async () => {
      redis = await store.start()
      server = await startServer({ redisUrl: redis?.url, now: () => Date.now() + clock })
      people = await populate(server)
      ada = await openAs(server.origin, 'ada')
    })
    after(async () => {
      await server.stop()
      await redis?.stop()
    })

    const architecture = () => createArchitecture({ blobs: server.store.blobs, now: Date.now })
    const refs = async () => (await architecture().load(people.acme.id)).graph.entities.map(({ ref }) => ref)

    it('shows what it would change, changes it when somebody says so, and only once', async () => {
      const review = await upload(ada, `${base}/import`, { 'cart.yaml': cart, 'notes.txt': 'Some notes' })
      assert.equal(review.status, 200)
      assert.match(review.html, /2 entities and 1 relation added[\s\S]+notes\.txt[\s\S]+prices/)
      assert.deepEqual(await refs(), [])
      const done = await ada.submit(review, {}, /apply$/)
      assert.equal(done.url, `${server.origin}${base}?notice=architecture-imported`)
      assert.deepEqual(await refs(), ['service:default/cart', 'unresolved:default/prices'])
      const [event] = await server.domain.auditLog.page(people.acme.id, { limit: 1 })
      assert.ok(event?.type === 'architecture.imported')
      assert.deepEqual(
        [event.source, event.revision, event.actor],
        ['kubernetes', 1, { kind: 'user', id: people.ada.id }],
      )
      const again = await ada.submit(review, {}, /apply$/)
      assert.equal(again.status, 410)
      assert.match(again.html, /imported already/)
    })

    it('is compared anew when the architecture was changed meanwhile', async () => {
      const review = await upload(ada, `${base}/import`, { 'more.yaml': prices }, { source: 'more' })
      const files = [{ path: 'other.yaml', content: [service('other'), workload('other')].join('\n---\n') }]
      await architecture().importFiles(people.acme.id, files, { source: 'other' })
      const stale = await ada.submit(review, {}, /apply$/)
      assert.equal(stale.status, 409)
      assert.match(stale.html, /Somebody changed the architecture while you looked/)
      assert.ok(!(await refs()).includes('service:default/prices'))
      assert.equal((await ada.submit(stale, {}, /apply$/)).status, 200)
      assert.ok((await refs()).includes('service:default/prices'))
    })

    it('says that nothing would change, and may be applied for the source to count as fresh', async () => {
      const review = await upload(ada, `${base}/import`, { 'more.yaml': prices }, { source: 'more' })
      assert.match(review.html, /Nothing would change/)
      assert.match((await ada.submit(review, {}, /apply$/)).html, /It says what was known already/)
    })

    it('is kept for its owner in its organization alone, encrypted, and for ten minutes', async () => {
      await server.store.documents.commit([
        server.domain.members.prepare(people.globex.id, people.mel.id, 'admin'),
      ])
      const review = await upload(ada, `${base}/import`, { 'cart.yaml': cart }, { source: 'kept' })
      const owner = `${people.acme.id}:${people.ada.id}`
      const kept = await server.store.artifacts.get('PendingImport', owner)
      assert.ok(kept && !JSON.stringify(kept).includes('hunter2'))
      const mel = await openAs(server.origin, 'mel')
      const { search } = new URL(review.url)
      const elsewhere = await mel.open(`/organizations/globex/architecture/import/review${search}`)
      assert.equal(elsewhere.status, 410)
      assert.equal((await mel.open(`${base}/import/review${search}`)).status, 403)
      clock = 11 * 60 * 1000
      assert.equal((await ada.open(review.url)).status, 410)
      clock = 0
    })

    it('takes the place of the one before', async () => {
      const first = await upload(ada, `${base}/import`, { 'cart.yaml': cart }, { source: 'first' })
      const second = await upload(ada, `${base}/import`, { 'prices.yaml': prices }, { source: 'second' })
      assert.equal((await ada.submit(first, {}, /apply$/)).status, 410)
      assert.equal((await ada.submit(second, {}, /apply$/)).status, 200)
    })
  })
}

describe('What is uploaded', () => {
  let server: TestServer
  let ada: Browser
  let csrf: string
  before(async () => {
    server = await startServer()
    await populate(server)
    ada = await openAs(server.origin, 'ada')
    csrf = formsOf((await ada.open(`${base}/import`)).html)[0]?.hidden['csrf'] ?? ''
  })
  after(() => server.stop())

  const post = (body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}) =>
    ada.request(`${base}/import`, { method: 'POST', body, headers })
  it('needs the token of its form before the first file (OWASP CSRF)', async () => {
    assert.equal((await post(multipart({}, { 'cart.yaml': cart }))).status, 403)
    assert.equal((await post(multipart({ csrf: 'wrong' }, { 'cart.yaml': cart }))).status, 403)
    const late = multipart({}, { 'cart.yaml': cart })
    late.append('csrf', csrf)
    assert.equal((await post(late)).status, 403)
    const foreign = multipart({ csrf }, { 'cart.yaml': cart })
    assert.equal((await post(foreign, { 'Sec-Fetch-Site': 'cross-site' })).status, 403)
    assert.equal((await post(new URLSearchParams({ csrf }))).status, 415)
  })

  it('is taken of administrators alone', async () => {
    const mel = await openAs(server.origin, 'mel')
    const token = formsOf((await mel.open(base)).html)[0]?.hidden['csrf'] ?? ''
    const body = multipart({ csrf: token }, { 'cart.yaml': cart })
    assert.equal((await mel.request(`${base}/import`, { method: 'POST', body })).status, 403)
    const elsewhere = multipart({ csrf: token }, { 'cart.yaml': cart })
    const path = '/organizations/globex/architecture/import'
    assert.equal((await mel.request(path, { method: 'POST', body: elsewhere })).status, 404)
  })

  it('is named without folders above, drives, control characters and markup', async () => {
    const files = {
      '../../etc/cart.yaml': cart,
      'C:\\Users\\x\\..\\a\u0007b.yaml': service('a'),
      '<img src=x onerror=alert(1)>.txt': 'x',
    }
    const review = await upload(ada, `${base}/import`, files)
    assert.equal(review.status, 200)
    assert.doesNotMatch(review.html, /\.\.\/|C:|<img src=x/)
    assert.match(review.html, /&lt;img src=x onerror=alert\(1\)&gt;\.txt/)
    const done = await ada.submit(review, {}, /apply$/)
    assert.equal(done.status, 200)
    const page = await ada.open(`${base}/${encodeURIComponent('service:default/cart')}`)
    assert.match(page.html, />etc\/cart\.yaml:\d+</)
  })

  it('is refused as a whole where it is HTML, SVG, an archive, binary or nothing', async () => {
    const refused: [name: string, content: string | Uint8Array, why: RegExp][] = [
      ['page.html', '<!doctype html><script>alert(1)</script>', /page\.html is none of what can be imported/],
      ['logo.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', /logo\.svg is none of/],
      ['k8s.zip', Buffer.from('504b03040a0000000000', 'hex'), /k8s\.zip is an archive\. Unpack it/],
      ['program', Buffer.from('7f454c460201010000000000', 'hex'), /program is none of/],
    ]
    for (const [name, content, why] of refused) {
      const page = await post(multipart({ csrf, source: 'typed' }, { [name]: content }))
      assert.equal(page.status, 422, name)
      assert.match(await errorOf(page), why)
    }
    assert.match(await errorOf(await post(multipart({ csrf }, {}))), /Choose at least one file/)
  })

  it('is refused with file and line, and what was typed stays', async () => {
    const page = await post(
      multipart({ csrf, source: 'shop', environment: 'production' }, { 'k8s/bad.yaml': '{ kind: Service' }),
    )
    assert.equal(page.status, 422)
    const html = await page.text()
    assert.match(html, /k8s\/bad\.yaml:1: [\s\S]+Nothing was imported/)
    assert.match(html, /value="shop"[\s\S]+value="production"/)
    const named = await post(multipart({ csrf, source: 'Not a name' }, { 'cart.yaml': cart }))
    assert.match(await errorOf(named), /A source is named with/)
  })

  it('is bounded in files, sizes and fields', async () => {
    const large = await post(multipart({ csrf }, { 'large.yaml': Buffer.alloc(2 * 1024 * 1024 + 1, 'a') }))
    assert.equal(large.status, 413)
    assert.match(await large.text(), /large\.yaml&quot; is larger than 2 MB/)
    const together = Object.fromEntries(
      Array.from({ length: 5 }, (_, number) => [`${number}.yaml`, Buffer.alloc(1024 * 1024, '#')]),
    )
    assert.equal((await post(multipart({ csrf }, together))).status, 413)
    const files = Object.fromEntries(Array.from({ length: 501 }, (_, number) => [`${number}.yaml`, '#']))
    assert.equal((await post(multipart({ csrf }, files))).status, 413)
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, number) => [`field${number}`, 'x']))
    assert.equal((await post(multipart({ csrf, ...many }, { 'cart.yaml': cart }))).status, 413)
    assert.equal((await post(multipart({ csrf, source: 'x'.repeat(2000) }, {}))).status, 413)
  })

  it('is refused where the body is broken, compressed or of another type', async () => {
    const type = { 'Content-Type': 'multipart/form-data; boundary=b' }
    const begun = `--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n${csrf}\r\n--b\r\nContent-Disposition: form-data; name="files"; filename="a.yaml"\r\n\r\nkind: Ser`
    assert.equal((await post(begun, type)).status, 400)
    assert.equal((await post('x', { 'Content-Type': 'multipart/form-data' })).status, 400)
    assert.equal((await post('x', { ...type, 'Content-Encoding': 'gzip' })).status, 415)
    // And the server still answers.
    assert.equal((await ada.open(`${base}/import`)).status, 200)
  })
})

/** What is said beside the field. */
async function errorOf(response: Response): Promise<string> {
  const html = await response.text()
  return /class="field-error"[^>]*>([^<]*)/.exec(html)?.[1]?.trim() ?? html
}
