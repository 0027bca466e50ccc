import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { authorizationUrl, pkce, post } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { assertErrorPage } from './refusals.ts'

const documentUrl = 'https://app.example/client.json'

/** Answers in place of the network; `requests` is what would have gone out. */
async function startWith(t: TestContext, answer: typeof globalThis.fetch) {
  const requests: { url: string; options: RequestInit | undefined }[] = []
  const server = await startServer({
    fetch: (url, options) => {
      requests.push({ url: new Request(url).url, options })
      return answer(url, options)
    },
  })
  t.after(() => server.stop())
  const authorize = (clientId: string) =>
    fetch(authorizationUrl(server.origin, { client_id: clientId, code_challenge: pkce().challenge }), {
      redirect: 'manual',
    })
  return { server, requests, authorize }
}

const noNetwork = () => Promise.reject(new Error('no network'))

function clientDocument(members: Record<string, unknown> = {}): Response {
  return Response.json({
    client_id: documentUrl,
    client_name: 'App',
    redirect_uris: ['http://127.0.0.1/callback'],
    token_endpoint_auth_method: 'none',
    ...members,
  })
}

const neverFetched: [title: string, clientId: string][] = [
  ['CIMD-01 a loopback address', 'https://127.0.0.1:8443/c.json'],
  ['CIMD-04 an IPv4-mapped address', 'https://[::ffff:127.0.0.1]/c.json'],
  ['CIMD-05 a loopback address in hexadecimal', 'https://0x7f000001/c.json'],
  ['CIMD-07 the metadata service of a cloud', 'https://169.254.169.254/latest'],
  ['CIMD-08 a private address', 'https://10.0.0.1/x'],
  ['CIMD-10 dot segments', 'https://app.example/a/../c.json'],
  ['CIMD-11 user information', 'https://u:p@app.example/c.json'],
]
for (const [title, clientId] of neverFetched) {
  test(`${title} in a client_id is refused before anything is fetched (CIMD draft §3, §6)`, async (t) => {
    const { authorize, requests } = await startWith(t, noNetwork)
    await assertErrorPage(await authorize(clientId), 'invalid_client')
    assert.deepEqual(requests, [])
  })
}

test('CIMD-02 a name that resolves to loopback is never asked (CIMD draft §6, SSRF)', async (t) => {
  let reached = 0
  const internal = createServer((_request, response) => {
    reached++
    response.end('{}')
  })
  await new Promise<void>((resolve) => {
    internal.listen(0, '127.0.0.1', resolve)
  })
  t.after(() => internal.close())
  const internalUrl = `http://127.0.0.1:${(internal.address() as AddressInfo).port}/`
  // As if DNS said that app.example is this machine; the options carry the guard that has to notice.
  const { authorize, requests } = await startWith(t, (_url, options) => fetch(internalUrl, options))
  await assertErrorPage(await authorize('https://localhost:8443/c.json'), 'invalid_client')
  await assertErrorPage(await authorize('https://localhost/c.json'), 'invalid_client')
  assert.deepEqual(requests, [])
  await assertErrorPage(await authorize(documentUrl), 'invalid_client')
  assert.notEqual(requests.length, 0)
  assert.equal(reached, 0)
  await fetch(internalUrl)
  assert.equal(reached, 1, 'without the guard it can be reached')
})

test('CIMD-13 a redirect of the document is not followed (CIMD draft §6, SSRF)', async (t) => {
  const location = 'https://169.254.169.254/latest'
  const { authorize, requests } = await startWith(t, () =>
    Promise.resolve(new Response(null, { status: 302, headers: { location } })),
  )
  await assertErrorPage(await authorize(documentUrl), 'invalid_client')
  assert.notEqual(requests.length, 0)
  for (const { url, options } of requests) {
    assert.equal(url, documentUrl)
    assert.equal(options?.redirect, 'manual')
  }
})

test('CIMD-14 a document over 5 KB is refused (CIMD draft §6.4)', async (t) => {
  const { authorize } = await startWith(t, () =>
    Promise.resolve(clientDocument({ client_name: 'A'.repeat(6000) })),
  )
  await assertErrorPage(await authorize(documentUrl), 'invalid_client')
})

const refusedDocuments: [title: string, members: Record<string, unknown>][] = [
  ['CIMD-16 a client_id other than its address', { client_id: 'https://other.example/client.json' }],
  ['CIMD-17 a shared secret or a method that needs one', { client_secret: 'x' }],
]
for (const [title, members] of refusedDocuments) {
  test(`${title} in a document is refused (CIMD draft §4.1)`, async (t) => {
    const variants = [
      members,
      ...('client_secret' in members ? [{ token_endpoint_auth_method: 'client_secret_post' }] : []),
    ]
    for (const variant of variants) {
      const { authorize } = await startWith(t, () => Promise.resolve(clientDocument(variant)))
      await assertErrorPage(await authorize(documentUrl), 'invalid_client_metadata')
    }
    // The same document without the fault leads on to the sign-in.
    const { authorize } = await startWith(t, () => Promise.resolve(clientDocument()))
    assert.equal((await authorize(documentUrl)).status, 303)
  })
}

test('CIMD-19 no document makes a client that needs no user (client_credentials)', async (t) => {
  const { server } = await startWith(t, () =>
    Promise.resolve(clientDocument({ grant_types: ['authorization_code', 'client_credentials'] })),
  )
  const response = await post(`${server.origin}/oauth/token`, {
    grant_type: 'client_credentials',
    client_id: documentUrl,
    scope: 'architecture:read',
  })
  assert.ok([400, 401].includes(response.status), `${response.status}`)
  assert.doesNotMatch(await response.text(), /access_token/)
})

test('CIMD-20 a burst of unknown clients causes few fetches (amplification)', async (t) => {
  const { authorize, requests } = await startWith(t, noNetwork)
  await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const response = await authorize(`https://x${n}.example/c.json`)
      assert.ok([400, 429].includes(response.status), `${response.status}`)
      await response.body?.cancel()
    }),
  )
  assert.ok(requests.length > 0 && requests.length <= 10, `${requests.length} fetches`)
})
