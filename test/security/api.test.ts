import assert from 'node:assert/strict'
import { after, describe, it, type TestContext } from 'node:test'
import { newApiToken } from '../../src/domain/api-token-format.ts'
import type { IssuedApiToken } from '../../src/domain/api-token-issue.ts'
import type { ServiceAccount } from '../../src/domain/service-accounts.ts'
import type { Store } from '../../src/storage/contract.ts'
import { engines } from '../contract/engines.ts'
import { administrationOf, createAccount, issueToken } from '../support/api-tokens.ts'
import { answerOf, mcpHeaders, post, toolCall } from '../support/mcp-endpoint.ts'
import { callTool, signIn } from '../support/oauth-client.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const toolsList = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
const day = 24 * 60 * 60 * 1000

for (const engine of engines.filter(({ name }) => name === 'SQLite file' || name === 'Redis')) {
  describe(`API tokens on ${engine.name}`, { skip: engine.skip }, async () => {
    if (engine.skip !== false) return
    let clock = 0
    const running = await engine.start()
    const store = await running.open()
    const neighbourStore = await (running.openNeighbour ?? running.open)()
    const now = () => Date.now() + clock
    const server = await startServer({ store, now })
    const neighbour = await startServer({ store: neighbourStore, now })
    const people = await populate(server)
    const account = await createAccount(server, people)
    after(async () => {
      await server.stop()
      await neighbour.stop()
      await running.stop()
    })

    function present(secret: string, path = '/mcp/v1', at: TestServer = server): Promise<Response> {
      return post(at.origin + path, toolsList, mcpHeaders(secret))
    }

    function make(form: Parameters<typeof issueToken>[3] = {}): Promise<IssuedApiToken> {
      return issueToken(server, people, account, form)
    }

    async function changeAccount(change: Partial<ServiceAccount>): Promise<void> {
      const document = await store.documents.get('service-account', account.id)
      const data = { ...account, ...change }
      const { version } = document ?? { version: 0 }
      await store.documents.commit([{ op: 'put', kind: 'service-account', id: account.id, version, data }])
    }

    it('API-01 a wrong checksum is refused without a store look-up, and offers no sign-in', async (t) => {
      const { secret } = await make()
      const calls = countCalls(t, store)
      for (const wrong of mistypings(secret)) {
        const response = await present(wrong)
        await assertTurnedAway(response, /API token is not whole/)
        assert.match(response.headers.get('www-authenticate') ?? '', /error="invalid_token"/)
      }
      assert.deepEqual(calls, [])
      await present(secret)
      assert.notDeepEqual(calls, [], 'calls are counted')
    })

    it('API-02 a right checksum of a token that never was is refused', async () => {
      await assertTurnedAway(await present(newApiToken()), /unknown here/)
    })

    it('API-04 a revoked token is refused on every process within a second, and told when and by whom', async () => {
      const { secret, token } = await make()
      assert.equal((await present(secret, undefined, neighbour)).status, 200)
      await server.domain.apiTokenIssue.revoke(administrationOf(people), token.id)
      for (const at of [server, neighbour]) {
        const refusal = await present(secret, undefined, at)
        await assertTurnedAway(refusal, /revoked by Ada Lovelace on \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Ask/)
      }
    })

    it('API-05 an expired token is refused, and told when it expired', async () => {
      const { secret } = await make()
      clock = 30 * day
      await assertTurnedAway(await present(secret), /expired on \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Ask/)
      clock = 0
    })

    it('API-07 a token has only the scopes of its account, and is not led to a sign-in for others', async () => {
      const { secret } = await make()
      await changeAccount({ scopes: [] })
      const response = await callTool(server.origin, secret)
      assert.equal(response.status, 403)
      const challenge = response.headers.get('www-authenticate') ?? ''
      assert.match(challenge, /error="insufficient_scope".*scope="architecture:read"/)
      assert.doesNotMatch(challenge, /resource_metadata/)
      await changeAccount({})
    })

    it('API-08 a token of one organization opens no other, whatever header, argument or address names it', async () => {
      const { secret } = await make()
      for (const path of ['/o/globex/mcp/v1', '/o/no-such-organization/mcp/v1']) {
        const response = await present(secret, path)
        assert.equal(response.status, 403)
        assert.match(await response.text(), /of Acme, and the address/)
      }
      assert.equal((await present(secret, '/o/acme/mcp/v1')).status, 200)
      const headers = { ...mcpHeaders(secret), 'X-Org': 'globex' }
      const answer = await answerOf(await post(server.mcpUrl, toolCall('whoami'), headers))
      assert.deepEqual(answer.result?.structuredContent?.['organization'], { slug: 'acme', name: 'Acme' })
      const named = await answerOf(
        await callTool(server.origin, secret, 'whoami', { organization: 'globex' }),
      )
      assert.equal(named.result?.isError, true)
    })

    it('API-10 a token opens nothing of the dashboard', async () => {
      const { secret } = await make()
      const headers = { authorization: `Bearer ${secret}` }
      for (const path of ['/organizations/acme/sessions', '/organizations/acme', '/']) {
        const response = await fetch(server.origin + path, { headers, redirect: 'manual' })
        assert.equal(response.status, 401, path)
      }
    })

    it('API-11 a token makes no tokens', async () => {
      const { secret } = await make()
      const response = await fetch(
        `${server.origin}/organizations/acme/service-accounts/${account.id}/tokens`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}` },
          body: new URLSearchParams({ name: 'x' }),
        },
      )
      assert.equal(response.status, 401)
    })

    it('API-13 the store holds only hashes of API tokens, access tokens and refresh tokens', async () => {
      const { secret } = await make()
      const tokens = await signIn(server.origin)
      assert.equal((await present(secret)).status, 200)
      const dump = (await running.dump?.()) ?? ''
      assert.ok(dump.includes(account.id), 'the dump is readable')
      for (const kept of [secret, tokens.access_token, tokens.refresh_token]) {
        assert.ok(!dump.includes(kept))
      }
    })

    it('API-14 the last use is recorded with its address; the token is in no log and no audit entry', async () => {
      const { secret, token } = await make()
      const headers = { ...mcpHeaders(secret), 'user-agent': 'curl/8' }
      await post(server.mcpUrl, toolCall('whoami'), headers)
      await present(mistypings(secret)[0] ?? '')
      const used = await server.domain.apiTokens.find(token.id)
      assert.ok((used?.lastUsedAt ?? 0) > now() - 10_000)
      assert.deepEqual(
        [used?.lastAddress, used?.lastUserAgent, used?.lastTool],
        ['127.0.0.1', 'curl/8', 'whoami'],
      )
      await server.domain.auditLog.flush()
      const audit = await server.domain.auditLog.page(people.acme.id, { limit: 500 })
      const call = audit.find(({ type }) => type === 'tool.called')
      assert.deepEqual(call?.actor, { kind: 'service_account', id: account.id })
      assert.ok(!JSON.stringify([audit, server.log, neighbour.log]).includes(secret.slice(0, -8)))
    })

    it('API-16 whoever presents a leaked token ends it; nothing else ends any', async () => {
      const { secret } = await make()
      const report = (body: string, type = 'application/json') =>
        fetch(`${server.origin}/.well-known/leak-report`, {
          method: 'POST',
          headers: { 'content-type': type },
          body,
        })
      for (const token of [...mistypings(secret), newApiToken(), '']) {
        assert.equal((await report(JSON.stringify({ token }))).status, 404)
      }
      for (const body of ['{', '[]', '{"token":1}', '{}']) assert.equal((await report(body)).status, 400)
      assert.equal((await report(JSON.stringify({ token: secret }), 'text/plain')).status, 415)
      assert.equal((await present(secret)).status, 200)
      const [first, second] = [
        await report(JSON.stringify({ token: secret })),
        await report(JSON.stringify({ token: secret })),
      ]
      assert.deepEqual([first.status, await first.json()], [200, { status: 'revoked' }])
      assert.deepEqual([second.status, await second.json()], [200, { status: 'had_ended' }])
      await assertTurnedAway(await present(secret), /somebody reported that it had leaked/)
    })
  })
}

/** What people make of a token by accident. */
function mistypings(secret: string): string[] {
  const last = secret.at(-1) === 'A' ? 'B' : 'A'
  return [secret.slice(0, -1) + last, secret.slice(0, -1), `${secret}A`, `"${secret}"`, secret.toLowerCase()]
}

/** Refused with a sentence for people, and nothing that begins a sign-in. */
async function assertTurnedAway(response: Response, sentence: RegExp): Promise<void> {
  const text = await response.text()
  assert.equal(response.status, 401, text)
  const { error, error_description } = JSON.parse(text) as Record<string, string>
  assert.equal(error, 'invalid_token')
  assert.match(error_description ?? '', sentence)
  assert.doesNotMatch(response.headers.get('www-authenticate') ?? '', /resource_metadata|scope=/)
}

/** Notes every call to the store from now on. */
function countCalls(t: TestContext, { documents, artifacts, limiter }: Store): string[] {
  const calls: string[] = []
  for (const part of [documents, artifacts, limiter]) {
    for (const name of Object.keys(part) as (keyof typeof part)[]) {
      const original = part[name] as (...args: unknown[]) => unknown
      t.mock.method(part, name, (...args: unknown[]) => {
        calls.push(name)
        return original(...args)
      })
    }
  }
  return calls
}
