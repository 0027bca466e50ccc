import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createBrowser } from '../support/browser.ts'
import { password, startServer, type TestServer } from '../support/server.ts'

const fields = {
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  password,
  organization: 'Acme Shop',
  slug: '',
}

describe('First run in the browser (/setup)', () => {
  let server: TestServer
  let setupPath: string
  before(async () => {
    server = await startServer()
    setupPath = `/setup?token=${await server.domain.firstRun.issueToken()}`
  })
  after(() => server.stop())

  it('answers an unknown token with a page that says what to do', async () => {
    const page = await createBrowser(server.origin).open('/setup?token=guessed')
    assert.equal(page.status, 404)
    assert.match(page.html, /setup link is not valid/)
  })

  it('refuses the form without its token (OWASP CSRF)', async () => {
    const browser = createBrowser(server.origin)
    await browser.open(setupPath)
    const page = await browser.open(setupPath, { method: 'POST', body: new URLSearchParams(fields) })
    assert.equal(page.status, 403)
    assert.equal(await server.domain.firstRun.isDone(), false)
  })

  it('says beside each field what is wrong, and keeps what was typed but the password', async () => {
    const browser = createBrowser(server.origin)
    const wrong = {
      name: 'Ada "<b>"',
      email: 'ada',
      password: 'short-one',
      organization: 'Acme',
      slug: 'Аcme',
    }
    const page = await browser.submit(await browser.open(setupPath), { ...wrong, sample: 'yes' })
    assert.equal(page.status, 422)
    for (const field of ['email', 'password', 'slug']) {
      assert.match(
        page.html,
        new RegExp(`name="${field}"[^>]*aria-invalid="true" aria-describedby="${field}-note"`),
      )
      assert.match(page.html, new RegExp(`class="field-error" id="${field}-note"`))
    }
    assert.match(page.html, /value="Ada &quot;&lt;b&gt;&quot;"/)
    assert.match(page.html, /name="sample"[^>]* checked/)
    assert.doesNotMatch(page.html, /short-one/)
    assert.equal(await server.domain.firstRun.isDone(), false)
  })

  it('makes owner, organization and sample, signs in, and works once', async () => {
    const browser = createBrowser(server.origin)
    const form = await browser.open(setupPath)
    const connect = await browser.submit(form, { ...fields, sample: 'yes' })
    assert.equal(connect.url, `${server.origin}/organizations/acme-shop/connect`)
    assert.match(connect.html, /Signed in as <\/span>Ada Lovelace/)
    assert.match(
      connect.html,
      new RegExp(`claude mcp add --transport http opentrace ${server.origin}/o/acme-shop/mcp/v1 &amp;&amp;`),
    )
    const home = await browser.open('/')
    assert.match(home.html, /<strong>sample<\/strong>/)

    const again = await browser.submit(form, fields)
    assert.equal(again.status, 404)
    assert.match(again.html, /already set up/)
  })
})
