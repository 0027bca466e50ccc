import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { TrustRuleForm } from '../../src/domain/trust-rules.ts'
import { StoreUnavailable } from '../../src/storage/contract.ts'
import { engines, type RunningEngine } from '../contract/engines.ts'
import { administrationOf, createAccount } from '../support/api-tokens.ts'
import {
  type Claims,
  githubClaims,
  githubIssuer,
  gitlabClaims,
  gitlabIssuer,
  type IdentityIssuer,
  startIdentityIssuers,
} from '../support/identity-issuer.ts'
import { service } from '../support/kubernetes-manifests.ts'
import { mcpHeaders, post } from '../support/mcp-endpoint.ts'
import { populate, startServer, type TestServer } from '../support/server.ts'

const minute = 60 * 1000
const blank = { issuer: '', repositoryId: '', ref: '', environment: '', audience: '' }
const shopOnMain = { ...blank, provider: 'github', repository: 'acme/shop', ref: 'main' }

for (const engine of engines.filter(({ name }) => name === 'SQLite file' || name === 'Redis')) {
  describe(`The exchange of identity tokens of CI on ${engine.name}`, { skip: engine.skip }, () => {
    let clock = 0
    let running: RunningEngine
    let server: TestServer
    let issuers: IdentityIssuer
    let people: Awaited<ReturnType<typeof populate>>
    let account: Awaited<ReturnType<typeof createAccount>>
    const now = () => Date.now() + clock

    before(async () => {
      running = await engine.start()
      issuers = await startIdentityIssuers(now)
      const store = await running.open()
      server = await startServer({ store, now, publicFetch: issuers.publicFetch })
      people = await populate(server)
      const architecture = createArchitecture({ blobs: store.blobs, now })
      await architecture.importFiles(people.acme.id, [{ path: 'a.yaml', content: service('checkout') }])
    })
    after(async () => {
      await server.stop()
      await issuers.stop()
      await running.stop()
    })
    beforeEach(async ({ name }) => {
      account = await createAccount(server, people, name.slice(0, 60))
      issuers.requests.length = 0
    })

    function trust(rule: Record<string, string> = {}) {
      const form = TrustRuleForm.parse({ ...shopOnMain, ...rule })
      return server.domain.trustRules.add(administrationOf(people), account, form)
    }

    function sign(claims: Claims = {}, options?: Parameters<IdentityIssuer['sign']>[1]) {
      return issuers.sign({ aud: server.origin, ...githubClaims, ...claims }, options)
    }

    function exchange(token: string, parameters: Record<string, string> = {}): Promise<Response> {
      return fetch(`${server.origin}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          subject_token: token,
          service_account: account.id,
          ...parameters,
        }),
      })
    }

    async function accessTokenFor(token: string, parameters?: Record<string, string>): Promise<string> {
      const response = await exchange(token, parameters)
      assert.equal(response.status, 200, await response.clone().text())
      return ((await response.json()) as { access_token: string }).access_token
    }

    /** Asks three tools with what an exchange answered, as a CI job does. */
    async function runJob(response: Response): Promise<void> {
      assert.equal(response.headers.get('cache-control'), 'no-store')
      const { access_token: token, ...rest } = (await response.json()) as Record<string, unknown>
      // RFC 8693 §2.2.1
      assert.deepEqual(rest, {
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 900,
        scope: 'architecture:read',
      })
      const client = new Client({ name: 'ci', version: '1.0.0' })
      const headers = { Authorization: `Bearer ${String(token)}` }
      await client.connect(
        new StreamableHTTPClientTransport(new URL(server.mcpUrl), { requestInit: { headers } }),
      )
      const whoami = await client.callTool({ name: 'whoami', arguments: {} })
      await client.callTool({ name: 'search_entities', arguments: { query: 'checkout' } })
      const entity = await client.callTool({ name: 'get_entity', arguments: { ref: 'checkout' } })
      await client.close()
      assert.match(JSON.stringify(whoami), /acme\/shop on refs\/heads\/main/)
      assert.ok(!entity.isError, JSON.stringify(entity))
    }

    function present(token: string, path = '/mcp/v1'): Promise<Response> {
      return post(server.origin + path, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, mcpHeaders(token))
    }

    async function assertTurnedAway(token: string, sentence: RegExp, path?: string): Promise<void> {
      const response = await present(token, path)
      assert.equal(response.status, 401)
      assert.doesNotMatch(response.headers.get('www-authenticate') ?? '', /resource_metadata/)
      assert.match(await response.text(), sentence)
    }

    it('GitLab: a project and its branch, in the claims GitLab has', async () => {
      await trust({ provider: 'gitlab', repository: 'acme/platform/shop', repositoryId: '22' })
      const claims = { iss: gitlabIssuer, aud: server.origin, ...gitlabClaims }
      assert.equal((await present(await accessTokenFor(await issuers.sign(claims)))).status, 200)
      const ofMergeRequest = { ...claims, pipeline_source: 'merge_request_event' }
      await assertRefused(await exchange(await issuers.sign(ofMergeRequest)), /for a pull or merge request/)
      const child = { ...claims, pipeline_source: 'parent_pipeline', ref_protected: 'false' }
      await assertRefused(await exchange(await issuers.sign(child)), /No rule of this service account/)
      const ofTag = { ...claims, ref_type: 'tag' }
      await assertRefused(await exchange(await issuers.sign(ofTag)), /on refs\/tags\/main/)
    })

    it('what a rule does not name is refused, in words that name what came', async () => {
      await trust({ repositoryId: '74', environment: 'production' })
      const good = { environment: 'production' }
      assert.equal((await exchange(await sign(good))).status, 200)
      const refusals: [Claims, RegExp][] = [
        [{ ...good, repository: 'acme/shop-2' }, /trusts acme\/shop-2 on refs\/heads\/main in production\.$/],
        [{ ...good, repository_id: '75' }, /No rule/],
        [{ ...good, ref: 'refs/heads/feature' }, /on refs\/heads\/feature in production\.$/],
        [{ ...good, ref: 'refs/heads/main2' }, /No rule/],
        [{ environment: 'staging' }, /in staging\.$/],
        [{}, /on refs\/heads\/main\.$/],
        [{ ...good, ref: 'refs/pull/7/merge', event_name: 'pull_request' }, /for a pull or merge request/],
        // Of a stranger's pull request, with the branch it wants to go to.
        [{ ...good, event_name: 'pull_request_target' }, /for a pull or merge request/],
        [
          { ...good, aud: 'https://elsewhere.example' },
          /for the audience https:\/\/elsewhere.example; request one for/,
        ],
        [{ ...good, repository: 'a"\\\u00e9\nb/shop' }, /trusts a\?\?\?\?b\/shop/],
      ]
      for (const [claims, sentence] of refusals) {
        await assertRefused(await exchange(await sign(claims)), sentence)
      }
    })

    it('several rules; a beginning of refs; an audience of the rule', async () => {
      await trust()
      await trust({ ref: 'release/*', audience: 'opentrace-ci' })
      assert.equal((await exchange(await sign())).status, 200)
      const release = { ref: 'refs/heads/release/7', aud: ['opentrace-ci'] }
      assert.equal((await exchange(await sign(release))).status, 200)
      await assertRefused(
        await exchange(await sign({ ...release, aud: server.origin })),
        /request one for opentrace-ci/,
      )
    })

    it('signatures: no secret algorithm, none, no key of another (RFC 8725 §3.1), and nobody is asked for keys', async () => {
      await trust()
      const secret = new TextEncoder().encode(JSON.stringify(issuers.publicKey()))
      const confused = await sign({}, { header: { alg: 'HS256' }, signedWith: secret })
      const [, payload = ''] = (await sign()).split('.')
      const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
      for (const token of [confused, unsigned]) {
        await assertRefused(await exchange(token), /must be signed with one of RS256/)
      }
      assert.deepEqual(issuers.requests, [])
      const [head = '', , signature = ''] = (await sign()).split('.')
      await assertRefused(await exchange(`${head}.${payload}.${signature}`), /signature/)
      await assertRefused(await exchange('$OPENTRACE_ID_TOKEN'), /no identity token.*Is its variable set\?/)
    })

    it('a new key is found, and inventing keys does not make us ask an issuer more than twice a minute', async () => {
      clock += 20 * minute
      await trust()
      assert.equal((await exchange(await sign())).status, 200)
      assert.equal(issuers.requests.length, 2)
      clock += minute
      await issuers.rotate('second')
      assert.equal((await exchange(await sign())).status, 200)
      assert.equal(issuers.requests.length, 4)
      for (let round = 0; round < 5; round++) {
        const invented = await sign({}, { header: { kid: `invented-${round}` } })
        await assertRefused(await exchange(invented), /a key that its issuer does not publish/)
      }
      assert.equal(issuers.requests.length, 4)
      clock += minute
      issuers.fail(true)
      const unknown = await exchange(await sign({}, { header: { kid: 'invented' } }))
      assert.equal(unknown.status, 503)
      assert.equal((await exchange(await sign())).status, 200, 'the keys that were good go on')
      issuers.fail(false)
    })

    it('an issuer that cannot be asked is 503, and told so', async () => {
      clock += 20 * minute
      await trust()
      issuers.fail(true)
      const response = await exchange(await sign())
      issuers.fail(false)
      assert.equal(response.status, 503)
      assert.equal(response.headers.get('retry-after'), '5')
      assert.match(await response.text(), /temporarily_unavailable.*cannot be fetched right now/)
      clock += minute
    })

    it('an issuer that no rule of the account names is never contacted', async () => {
      await trust()
      const token = await sign({ iss: 'https://evil.example' })
      await assertRefused(await exchange(token), /trusts the issuer https:\/\/evil\.example/)
      assert.deepEqual(issuers.requests, [])
    })

    it('times: expired, not yet, older than an hour; a minute of difference is fine', async () => {
      await trust()
      const seconds = Math.floor(now() / 1000)
      await assertRefused(await exchange(await sign({ exp: seconds - 90 })), /has expired/)
      await assertRefused(await exchange(await sign({ nbf: seconds + 90 })), /nbf is missing, wrong, or lies/)
      await assertRefused(await exchange(await sign({ iat: seconds + 90 })), /iat is missing, wrong, or lies/)
      await assertRefused(await exchange(await sign({ iat: seconds - 3700 })), /older than an hour/)
      await assertRefused(await exchange(await sign({ exp: undefined })), /claim exp is missing/)
      await assertRefused(await exchange(await sign({ aud: undefined })), /claim aud is missing/)
      assert.equal((await exchange(await sign({ exp: seconds - 30, iat: seconds + 30 }))).status, 200)
    })

    it('an identity token counts once, but for a repetition within a minute', async (t) => {
      await trust()
      for (const token of [await sign(), await sign({ jti: undefined, nonce: account.id })]) {
        const parallel = await Promise.all([exchange(token), exchange(token)])
        assert.deepEqual(
          parallel.map(({ status }) => status),
          [200, 200],
        )
        // The store has its own clock: as if the minute were over.
        const artifacts = server.store.artifacts as { consume: TestServer['store']['artifacts']['consume'] }
        const consume = artifacts.consume.bind(artifacts)
        const late = t.mock.method(artifacts, 'consume', (model: string, id: string) =>
          consume(model, id, { graceSeconds: 0 }),
        )
        await assertRefused(await exchange(token), /was exchanged already/)
        assert.deepEqual(late.mock.calls[0]?.arguments.at(2), { graceSeconds: 60 })
        late.mock.restore()
      }
    })

    it('the access token ends after 15 minutes, and leads nobody to a sign-in', async () => {
      await trust()
      const token = await accessTokenFor(await sign())
      clock += 14 * minute
      assert.equal((await present(token)).status, 200)
      clock += minute
      await assertTurnedAway(token, /lives for 15 minutes. Exchange another/)
      await assertTurnedAway(`"${token}"`, /unknown or has expired/)
    })

    it('it ends at once when its rule is removed, its account disabled or deleted', async () => {
      const by = administrationOf(people)
      const rule = await trust()
      const token = await accessTokenFor(await sign())
      await server.domain.serviceAccounts.disable(by, account.id)
      await assertTurnedAway(token, /was disabled by Ada Lovelace/)
      await assertRefused(await exchange(await sign()), /was disabled by Ada Lovelace/)
      await server.domain.serviceAccounts.enable(by, account.id)
      assert.equal((await present(token)).status, 200)
      await server.domain.trustRules.remove(by, account, rule.id)
      await assertTurnedAway(token, /rule that trusted this CI job was removed/)
      await assertRefused(await exchange(await sign()), /No rule of this service account trusts the issuer/)
      await trust()
      const other = await accessTokenFor(await sign())
      await server.domain.serviceAccounts.remove(by, account.id)
      await assertTurnedAway(other, /service account of this CI job was deleted/)
      await assertRefused(await exchange(await sign()), /no such service account/)
      assert.deepEqual(await server.domain.trustRules.list(account.id), [])
    })

    it('it works at the address it was made for, and nowhere else (RFC 8707)', async () => {
      await trust()
      const pinned = `${server.origin}/o/acme/mcp/v1`
      const token = await accessTokenFor(await sign(), { resource: pinned })
      assert.equal((await present(token, '/o/acme/mcp/v1')).status, 200)
      await assertTurnedAway(token, /Exchange an identity token with resource=/)
      for (const slug of ['globex', 'nowhere']) {
        const resource = `${server.origin}/o/${slug}/mcp/v1`
        await assertRefused(await exchange(await sign(), { resource }), /of another organization/)
      }
      const elsewhere = { resource: 'https://elsewhere.example/mcp' }
      await assertRefused(await exchange(await sign(), elsewhere), /resource/, 'invalid_target')
    })

    it('malformed requests are told what is missing (RFC 8693 §2.1)', async () => {
      const token = await sign()
      const wrong: [Record<string, string>, RegExp][] = [
        [{ subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, /subject_token_type must be/],
        [{ subject_token: '' }, /subject_token is missing or empty/],
        [{ service_account: '' }, /service_account is missing or empty/],
        [{ actor_token: 'x' }, /actor_token/],
        [{ requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, /only access tokens/],
      ]
      for (const [parameters, sentence] of wrong) {
        await assertRefused(await exchange(token, parameters), sentence, 'invalid_request')
      }
      await assertRefused(await exchange(token, { scope: 'everything' }), /scope/, 'invalid_scope')
    })

    it('a store out of reach is 503, never invalid_grant, and the identity token is good afterwards', async (t) => {
      await trust()
      const token = await sign()
      const { consume } = server.store.artifacts
      const failing = t.mock.method(server.store.artifacts as { consume: typeof consume }, 'consume', () =>
        Promise.reject(new StoreUnavailable('out of reach')),
      )
      const response = await exchange(token)
      failing.mock.restore()
      assert.equal(response.status, 503)
      assert.match(await response.text(), /temporarily_unavailable/)
      assert.equal((await exchange(token)).status, 200)
    })

    it('the audit log tells of exchanges and refusals, without any token', async () => {
      const { id: trustRuleId } = await trust()
      const [good, bad] = [await sign(), await sign({ ref: 'refs/heads/feature' })]
      const secret = await accessTokenFor(good)
      await exchange(bad)
      const { entries } = await server.domain.auditLog.search(
        people.acme.id,
        { who: { kind: 'service_account', id: account.id } },
        { limit: 10 },
      )
      const [refused, exchanged, added] = entries
      assert.deepEqual(
        entries.map(({ type }) => type),
        ['identity_token.refused', 'identity_token.exchanged', 'trust_rule.added', 'service_account.created'],
      )
      const job = { issuer: githubIssuer, repository: 'acme/shop', serviceAccountId: account.id }
      for (const [entry, facts] of [
        [exchanged, { ...job, ref: 'refs/heads/main', trustRuleId }],
        [refused, { ...job, ref: 'refs/heads/feature' }],
        [added, { ...job, ref: 'refs/heads/main' }],
      ] as const) {
        assert.deepEqual({ ...entry, ...facts }, { ...entry })
      }
      const kept = JSON.stringify(entries) + server.log.join('\n') + ((await running.dump?.()) ?? '')
      for (const token of [good, bad, secret]) assert.ok(!kept.includes(token.slice(-40)))
    })

    it('a whole CI run: exchange, then three tools by the official client, takes under two seconds', async () => {
      await trust()
      // What else a machine does may slow one run; the promise is of what a run itself takes.
      let fastest = Infinity
      for (let runs = 0; fastest >= 2000 && runs < 5; runs += 1) {
        const identityToken = await sign()
        const started = performance.now()
        await runJob(await exchange(identityToken))
        fastest = Math.min(fastest, performance.now() - started)
      }
      assert.ok(fastest < 2000, `${fastest} ms`)
    })
  })
}

/** RFC 6749 §5.2 */
async function assertRefused(response: Response, sentence: RegExp, error = 'invalid_grant') {
  assert.equal(response.status, 400, await response.clone().text())
  const body = (await response.json()) as { error: string; error_description: string }
  assert.equal(body.error, error)
  assert.match(body.error_description, sentence)
}
