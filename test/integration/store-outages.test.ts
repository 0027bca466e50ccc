import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createSqliteStore } from '../../src/storage/sqlite/store.ts'
import { type Browser, createBrowser, formsOf, type Page } from '../support/browser.ts'
import { createFailingStore } from '../support/failing-store.ts'
import { authorizationUrl, pkce, register, signInAt } from '../support/oauth-client.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'

const outages = ['one call', 'from one call on'] as const

describe('A store that goes out of reach at any call of a request', () => {
  let server: TestServer
  let failing: ReturnType<typeof createFailingStore>
  let ada: Browser
  let url: string
  before(async () => {
    failing = createFailingStore(await createSqliteStore({ file: ':memory:' }))
    server = await startServer({ store: failing.store })
    await populate(server)
    url = authorizationUrl(server.origin, {
      client_id: await register(server.origin),
      code_challenge: pkce().challenge,
    })
    ada = createBrowser(server.origin)
    await signInAt(ada, await ada.open('/sign-in'))
  })
  after(() => server.stop())

  /**
   * Every call of a request fails, one after the other, each in a new try. An answer is what it would be without (where
   * the call was not needed), a page about what to do, or 503 with Retry-After; never a defect.
   * @param prepare comes up to the request, with the store in reach
   */
  async function assertTold(prepare: () => Promise<() => Promise<Response>>): Promise<void> {
    const answers: string[] = []
    for (const outage of outages) {
      for (let call = 1; ; call += 1) {
        const request = await prepare()
        server.log.length = 0
        failing.failAt(call, outage)
        const response = await request()
        const calls = failing.recover()
        answers.push(`${outage} ${call} of ${calls}: ${judge(response, await response.text())}`)
        if (call > calls) break
      }
    }
    assert.deepEqual(
      answers.filter((answer) => !/: (?:served|told)$/.test(answer)),
      [],
    )
    assert.ok(answers.some((answer) => answer.endsWith(': told')))
  }

  function judge({ status, headers }: Response, text: string): string {
    const defect = server.log.find((line) => line.includes('"msg":"defect"'))
    if (defect !== undefined) return `a defect in the log: ${defect}`
    if (status < 500) return 'served'
    if (status !== 503 || !text.includes('cannot reach its store')) return `${status} ${text}`
    return headers.has('retry-after') ? 'told' : '503 without Retry-After'
  }

  async function signingIn(browser: Browser): Promise<() => Promise<Response>> {
    const page = await browser.open(`${url}&prompt=login`)
    return formOf(browser, page, /sign-in$/, { email: 'ada@example.com', password })
  }

  async function consenting(): Promise<() => Promise<Response>> {
    // Who was signed out by an outage in the middle of a change of the session signs in again.
    const page = await signInAt(ada, await ada.open(url))
    return formOf(ada, page, /consent$/, { organization: 'acme', decision: 'allow' })
  }

  it('is told where an authorization begins', async () => {
    await assertTold(() => Promise.resolve(() => createBrowser(server.origin).request(url)))
    await assertTold(() => Promise.resolve(() => ada.request(url)))
  })

  it('is told on the pages of an authorization', async () => {
    await assertTold(async () => {
      const browser = createBrowser(server.origin)
      return next(browser, () => browser.request(url))
    })
    await assertTold(() => next(ada, () => ada.request(url)))
  })

  it('is told when somebody signs in, and when the authorization goes on after that', async () => {
    await assertTold(() => signingIn(createBrowser(server.origin)))
    await assertTold(async () => {
      const browser = createBrowser(server.origin)
      return next(browser, await signingIn(browser))
    })
    await assertTold(async () => {
      const browser = createBrowser(server.origin)
      const request = await next(browser, await signingIn(browser))
      await server.store.artifacts.delete('Session', browser.cookies.get('session')?.value ?? '')
      return request
    })
  })

  it('is told when somebody consents, and when the code is fetched after that', async () => {
    await assertTold(consenting)
    await assertTold(async () => next(ada, await consenting()))
  })

  it('leaves a browser signed in whose session stands', async () => {
    for (let call = 1; ; call += 1) {
      const request = await next(ada, await consenting())
      const session = ada.cookies.get('session')?.value ?? ''
      failing.failAt(call, 'from one call on')
      const { status } = await request()
      failing.recover()
      if (status !== 503) break
      const stands = (await server.store.artifacts.get('Session', session)) !== undefined
      assert.equal((await ada.request('/account')).status, stands ? 200 : 303, `call ${call}`)
    }
  })

  it('is told on the dashboard', async () => {
    await assertTold(() => Promise.resolve(() => ada.request('/organizations/acme')))
    await assertTold(() => Promise.resolve(() => ada.request('/account/sessions')))
  })
})

/** A form of a page, ready to be sent without following where it leads. */
function formOf(browser: Browser, page: Page, action: RegExp, fields: Record<string, string>) {
  const form = formsOf(page.html).find((candidate) => action.test(candidate.action))
  assert.ok(form, page.html)
  const body = new URLSearchParams({ ...form.hidden, ...fields })
  return () => browser.request(form.action, { method: 'POST', body })
}

/** The request an answer redirects to. */
async function next(browser: Browser, request: () => Promise<Response>): Promise<() => Promise<Response>> {
  const location = (await request()).headers.get('location')
  assert.ok(location)
  return () => browser.request(location)
}
