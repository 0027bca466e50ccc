import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { administrationBy } from '../../src/domain/administration.ts'
import { TrustRuleForm } from '../../src/domain/trust-rules.ts'
import { tools } from '../../src/mcp/tools/tools.ts'
import { type Browser, formsOf } from '../support/browser.ts'
import { declaredRoutes } from '../support/declared-routes.ts'
import { invite } from '../support/invitations.ts'
import { service } from '../support/kubernetes-manifests.ts'
import { mcpHeaders, post } from '../support/mcp-endpoint.ts'
import { callTool, signIn, type Tokens } from '../support/oauth-client.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { password, startServer, type TestServer, prepareUser } from '../support/server.ts'
import { openAs } from '../support/signed-in-browser.ts'
import { upload } from '../support/uploads.ts'

/** What is somebody's; a test asks for another's, and for what is nobody's. Each is as long for both. */
interface Belongings {
  slug: string
  user: string
  session: string
  signInUid: string
  passkey: string
  block: string
  invitation: string
  serviceAccount: string
  apiToken: string
  trustRule: string
  entity: string
  source: string
  pending: string
}

/** How a page or form is asked for what `of` names. `:slug` is filled in everywhere. */
interface Attempt {
  /** For the other parameters of the path. */
  path?: (of: Belongings) => Record<string, string>
  query?: (of: Belongings) => Record<string, string>
  form?: (of: Belongings) => Record<string, string>
}

/** A route that names nothing of an organization or of a person: why there is nothing to try. */
type Exemption = `none: ${string}`

/**
 * Every route of the dashboard and how it is tried with another's ids. A new route belongs here, or the test says so:
 * `{}` where the slug is the only id it takes.
 */
const routes: Record<string, Attempt | Exemption> = {
  'GET /': 'none: the viewer’s own',
  'GET /setup': 'none: before there is anybody',
  'POST /setup': 'none: before there is anybody',
  'GET /sign-in': 'none: takes no id',
  'POST /sign-in': 'none: takes no id',
  'GET /sign-in/oidc': 'none: takes no id',
  'GET /sign-in/oidc/callback': 'none: bound to the browser that began',
  'GET /sign-in/oidc/:organization': 'none: for whoever knows the mail domain',
  'GET /sign-in/oidc/:organization/callback': 'none: bound to the browser that began',
  'GET /sign-in/organization': 'none: takes no id',
  'POST /sign-in/organization': 'none: answers every address of a domain alike',
  'GET /sign-in/confirm': 'none: the viewer’s own',
  'POST /sign-in/confirm': 'none: the viewer’s own',
  'POST /sign-out': 'none: the viewer’s own',
  'GET /invitations/:token': 'none: whoever has the link is meant',
  'POST /invitations/:token': 'none: whoever has the link is meant',
  'POST /invitations/:token/switch': 'none: whoever has the link is meant',
  'GET /sign-in/passkey/options': 'none: takes no id',
  'POST /sign-in/passkey': 'none: whoever has the passkey is meant',
  'GET /forgot-password': 'none: takes no id',
  'POST /forgot-password': 'none: answers every address alike',
  'GET /reset-password': 'none: whoever has the link is meant',
  'POST /reset-password': 'none: whoever has the link is meant',
  'GET /leaked-token': 'none: whoever has the token is meant',
  'POST /leaked-token': 'none: whoever has the token is meant',
  'POST /.well-known/leak-report': 'none: whoever has the token is meant',
  'GET /account': 'none: the viewer’s own',
  'POST /account/profile': 'none: the viewer’s own',
  'POST /account/password': 'none: the viewer’s own',
  'GET /account/passkeys/new': 'none: the viewer’s own',
  'GET /account/passkeys/options': 'none: the viewer’s own',
  'POST /account/passkeys': 'none: the viewer’s own',
  'POST /account/passkeys/:id/rename': {
    path: ({ passkey }) => ({ id: passkey }),
    form: () => ({ name: 'Mine' }),
  },
  'POST /account/passkeys/:id/remove': { path: ({ passkey }) => ({ id: passkey }) },
  'POST /account/sign-ins/:uid/end': { path: ({ signInUid }) => ({ uid: signInUid }) },
  'GET /account/sessions': 'none: the viewer’s own',
  'GET /account/sessions/revoke': { query: ({ session }) => ({ session }) },
  'POST /account/sessions/revoke': { form: ({ session }) => ({ sessions: session }) },
  'POST /account/sessions/:id/revoke': { path: ({ session }) => ({ id: session }) },
  'POST /account/sign-ins/end': 'none: the viewer’s own',
  'GET /account/organizations/new': 'none: takes no id',
  'POST /account/organizations/new': 'none: takes no id',
  'GET /organizations/:slug': {},
  'GET /organizations/:slug/architecture': {},
  'GET /organizations/:slug/architecture/entities': { query: ({ entity }) => ({ q: entity }) },
  'GET /organizations/:slug/architecture/diagram': { query: ({ entity }) => ({ focus: entity }) },
  'GET /organizations/:slug/architecture/diagram.svg': { query: ({ entity }) => ({ focus: entity }) },
  'GET /organizations/:slug/architecture/diagram.mermaid': { query: ({ entity }) => ({ focus: entity }) },
  'GET /organizations/:slug/architecture/diagram.json': { query: ({ entity }) => ({ focus: entity }) },
  'GET /organizations/:slug/architecture/paths': {
    query: ({ entity }) => ({ from: entity, to: entity }),
  },
  'GET /organizations/:slug/architecture/impact': { query: ({ entity }) => ({ ref: entity }) },
  'GET /organizations/:slug/architecture/changes': {},
  'GET /organizations/:slug/architecture/import': {},
  'POST /organizations/:slug/architecture/import': {},
  'GET /organizations/:slug/architecture/import/review': { query: ({ pending }) => ({ upload: pending }) },
  'POST /organizations/:slug/architecture/import/apply': {
    form: ({ pending }) => ({ upload: pending, revision: '1' }),
  },
  'GET /organizations/:slug/architecture/sources/:source/remove': { path: ({ source }) => ({ source }) },
  'POST /organizations/:slug/architecture/sources/:source/remove': { path: ({ source }) => ({ source }) },
  'POST /organizations/:slug/architecture/decisions': {
    form: ({ entity }) => ({ ref: entity, other: entity, verdict: 'same' }),
  },
  'GET /organizations/:slug/architecture/:ref': { path: ({ entity }) => ({ ref: entity }) },
  'GET /organizations/:slug/audit-log': {},
  'GET /organizations/:slug/audit-log.csv': {},
  'GET /organizations/:slug/audit-log.jsonl': {},
  'POST /organizations/:slug/audit-log/retention': {},
  'GET /organizations/:slug/connect': {},
  'GET /organizations/:slug/connect/check': {},
  'POST /organizations/:slug/connect/check': {},
  'GET /organizations/:slug/members': {},
  'GET /organizations/:slug/members/:id': { path: ({ user }) => ({ id: user }) },
  'POST /organizations/:slug/members/:id/remove': { path: ({ user }) => ({ id: user }) },
  'POST /organizations/:slug/members/:id/role': {
    path: ({ user }) => ({ id: user }),
    form: () => ({ role: 'member' }),
  },
  'POST /organizations/:slug/members/invitations/:id/renew': {
    path: ({ invitation }) => ({ id: invitation }),
  },
  'POST /organizations/:slug/members/invitations/:id/revoke': {
    path: ({ invitation }) => ({ id: invitation }),
  },
  'GET /organizations/:slug/members/invite': {},
  'POST /organizations/:slug/members/invite': {},
  'GET /organizations/:slug/members/leave': {},
  'POST /organizations/:slug/members/leave': {},
  'POST /organizations/:slug/restore': {},
  'POST /organizations/:slug/sample': {},
  'GET /organizations/:slug/service-accounts': {},
  'POST /organizations/:slug/service-accounts': {},
  'GET /organizations/:slug/service-accounts/new': {},
  'POST /organizations/:slug/service-accounts/policy': {},
  'GET /organizations/:slug/service-accounts/:id': { path: ofAccount },
  'POST /organizations/:slug/service-accounts/:id': {
    path: ofAccount,
    form: () => ({ name: 'Mine', description: '' }),
  },
  'POST /organizations/:slug/service-accounts/:id/disable': { path: ofAccount },
  'POST /organizations/:slug/service-accounts/:id/enable': { path: ofAccount },
  'POST /organizations/:slug/service-accounts/:id/delete': { path: ofAccount },
  'GET /organizations/:slug/service-accounts/:id/trust': { path: ofAccount },
  'POST /organizations/:slug/service-accounts/:id/trust': {
    path: ofAccount,
    form: () => ({ provider: 'github', repository: 'acme/shop' }),
  },
  'POST /organizations/:slug/service-accounts/:id/trust/:rule/remove': { path: ofAccount },
  'GET /organizations/:slug/service-accounts/:id/tokens/new': { path: ofAccount },
  'POST /organizations/:slug/service-accounts/:id/tokens': {
    path: ofAccount,
    form: () => ({ name: 'Mine', expiry: '30' }),
  },
  'GET /organizations/:slug/service-accounts/:id/tokens/:token/rotate': { path: ofAccount },
  'POST /organizations/:slug/service-accounts/:id/tokens/:token/rotate': {
    path: ofAccount,
    form: () => ({ overlap: '0', expiry: '30' }),
  },
  'POST /organizations/:slug/service-accounts/:id/tokens/:token/revoke': { path: ofAccount },
  'GET /organizations/:slug/sessions': {},
  'POST /organizations/:slug/sessions/:id/revoke': { path: ({ session }) => ({ id: session }) },
  'GET /organizations/:slug/sessions/block': { query: ({ session }) => ({ session, subject: 'user' }) },
  'POST /organizations/:slug/sessions/block': { form: ({ session }) => ({ session, subject: 'client' }) },
  'POST /organizations/:slug/sessions/blocks/:id/lift': { path: ({ block }) => ({ id: block }) },
  'GET /organizations/:slug/sessions/revoke': { query: ({ session }) => ({ session }) },
  'POST /organizations/:slug/sessions/revoke': { form: ({ session }) => ({ sessions: session }) },
  'GET /organizations/:slug/settings': {},
  'POST /organizations/:slug/settings': {},
  'GET /organizations/:slug/settings/delete': {},
  'POST /organizations/:slug/settings/delete': {},
  'GET /organizations/:slug/settings/sign-in': {},
  'POST /organizations/:slug/settings/sign-in/domain': {},
  'POST /organizations/:slug/settings/sign-in/verify': {},
  'POST /organizations/:slug/settings/sign-in/provider': {},
  'POST /organizations/:slug/settings/sign-in/remove': {},
}

const blankRule = { issuer: '', repositoryId: '', ref: '', environment: '', audience: '' }

function ofAccount({ serviceAccount, apiToken, trustRule }: Belongings): Record<string, string> {
  return { id: serviceAccount, token: apiToken, rule: trustRule }
}

/** The arguments with which each tool is asked for another's entity; `undefined` for a tool that takes none. */
const toolArguments: Record<string, ((of: Belongings) => Record<string, unknown>) | undefined> = {
  analyze_impact: ({ entity }) => ({ ref: [entity] }),
  compare_dependencies: ({ entity }) => ({ refs: [entity, entity] }),
  explain_relation: ({ entity }) => ({ from: entity, to: entity }),
  find_issues: ({ entity }) => ({ scope: entity }),
  find_paths: ({ entity }) => ({ from: entity, to: entity }),
  find_similar: ({ entity }) => ({ ref: entity }),
  get_changes: ({ entity }) => ({ scope: entity }),
  get_dependencies: ({ entity }) => ({ ref: entity }),
  get_entity: ({ entity }) => ({ ref: entity }),
  get_overview: ({ entity }) => ({ focus: entity }),
  rank_critical: ({ entity }) => ({ scope: entity }),
  search_entities: ({ entity }) => ({ query: entity }),
  whoami: undefined,
}

const nobodys: Belongings = {
  slug: 'nowhere',
  user: 'f'.repeat(32),
  session: 'f'.repeat(32),
  signInUid: 'f'.repeat(21),
  passkey: 'f'.repeat(32),
  block: 'f'.repeat(43),
  invitation: 'f'.repeat(32),
  serviceAccount: 'f'.repeat(32),
  apiToken: 'f'.repeat(32),
  trustRule: 'f'.repeat(32),
  entity: 'service:default/ffffffff',
  source: 'ffffffff',
  pending: 'f'.repeat(43),
}

/** A person who owns one organization and belongs to no other. */
interface Tenant {
  browser: Browser
  csrf: string
  tokens: Tokens
  belongings: Belongings
}

const stores: { name: string; skip: string | false; start: () => ReturnType<typeof startRedis> }[] = [
  { name: 'the embedded store', skip: false, start: async () => undefined },
  { name: 'Redis', skip: redisSkipReason(), start: () => startRedis() },
]

for (const store of stores) {
  describe(`Of two organizations with one person each, on ${store.name}`, { skip: store.skip }, () => {
    let redis: Awaited<ReturnType<typeof startRedis>>
    let server: TestServer
    let nora: Tenant
    let saul: Tenant

    before(async () => {
      redis = await store.start()
      server = await startServer({ redisUrl: redis?.url })
      const { user } = await server.domain.firstRun.complete({
        user: { email: 'nora@example.com', name: 'Nora', password },
        organization: { name: 'North', slug: 'northern' },
      })
      const { user: other, change } = prepareUser(server.domain, { email: 'saul@example.com', name: 'Saul' })
      await server.store.documents.commit([change])
      const south = { name: 'South', slug: 'southern' }
      await server.domain.organizationNames.create(other, south, { actor: { kind: 'operator' } })
      nora = await settle('nora', user.id, 'northern', 'nnnnnnnn')
      saul = await settle('saul', other.id, 'southern', 'ssssssss')
    })
    after(async () => {
      await server.stop()
      await redis?.stop()
    })

    /** Gives a person something of every kind. */
    async function settle(name: string, user: string, slug: string, entity: string): Promise<Tenant> {
      const browser = await openAs(server.origin, name)
      const options = { email: `${name}@example.com`, organization: slug }
      const tokens = await signIn(server.origin, options)
      const membership = await server.domain.members.requireMembership(user, slug)
      const { id } = membership.organization
      const architecture = createArchitecture({ blobs: server.store.blobs, now: Date.now })
      const files = [{ path: 'a.yaml', content: service(entity) }]
      await architecture.importFiles(id, files, { source: entity })
      const review = await upload(browser, `/organizations/${slug}/architecture/import`, {
        'a.yaml': service(entity),
      })
      await invite(browser, `guest-of-${name}@example.com`, 'member', slug)
      const act = {
        subject: { kind: 'client', clientId: 'https://blocked.example/' },
        label: 'Blocked',
      } as const
      await server.domain.sessionBlocks.block(membership, { userId: user, address: '127.0.0.1' }, act)
      const home = await browser.open(`/organizations/${slug}/connect`)
      const csrf = formsOf(home.html)[0]?.hidden['csrf'] ?? ''
      const { documents } = server.store
      const [session] = await server.domain.clientSessions.listLive('organization', id)
      const [invitation] = (await documents.list('invitation', 'organization', id)).items
      const [block] = await server.domain.sessionBlocks.list(membership)
      const [browserSession] = (await server.store.artifacts.list('Session', { userId: user })).items
      const account = await server.domain.users.find(user)
      assert.ok(session && invitation && block && browserSession && account)
      const made = {
        credentialId: slug,
        publicKey: '',
        signCount: 0,
        transports: [],
        isSynchronized: false,
        name: 'Key',
      }
      await server.domain.passkeys.add(account, made, '127.0.0.1')
      const [passkey] = await server.domain.passkeys.list(user)
      const by = administrationBy(membership, account, '127.0.0.1')
      const machine = await server.domain.serviceAccounts.create(by, { name: 'ci', description: '' })
      const form = { name: 'ci', expiry: { choice: '30', date: '' }, addresses: '' }
      const { token } = await server.domain.apiTokenIssue.issue(by, machine, form)
      const trusted = TrustRuleForm.parse({ ...blankRule, provider: 'github', repository: `${name}/shop` })
      const rule = await server.domain.trustRules.add(by, machine, trusted)
      const ids = {
        session: session.id,
        signInUid: String(browserSession.payload['uid']),
        passkey: passkey?.id ?? '',
        invitation: invitation.id,
        serviceAccount: machine.id,
        apiToken: token.id,
        trustRule: rule.id,
        block: block.id,
      }
      return {
        browser,
        csrf,
        tokens,
        belongings: {
          slug,
          user,
          ...ids,
          entity: `service:default/${entity}`,
          source: entity,
          pending: new URL(review.url).searchParams.get('upload') ?? assert.fail('no upload'),
        },
      }
    }

    /** Asks as somebody for what belongs to `of`, under a slug. What comes back has no trace of who was asked for. */
    async function ask({ browser, csrf }: Tenant, route: string, slug: string, of: Belongings) {
      const attempt = routes[route]
      assert.ok(typeof attempt === 'object')
      const [method = '', pattern = ''] = route.split(' ')
      const parameters: Record<string, string> = { ...attempt.path?.(of), slug }
      const path = pattern.replaceAll(/:(\w+)/g, (_all, name: string) =>
        encodeURIComponent(parameters[name] ?? assert.fail(`no ${name} for ${route}`)),
      )
      const query = new URLSearchParams(attempt.query?.(of)).toString()
      const body = new URLSearchParams({ csrf, ...attempt.form?.(of) })
      const response = await browser.request(
        `${path}${query && '?'}${query}`,
        method === 'POST' ? { method, body } : { method },
      )
      const html = await response.text()
      const secrets = [response.headers.get('x-request-id') ?? '-', csrf, slug, ...Object.values(of)]
      const location = response.headers.get('location')
      const text = [...secrets, ...secrets.map(encodeURIComponent)].reduce(
        (rest, secret) => rest.replaceAll(secret, '…'),
        `${response.status} ${location}\n${html.replaceAll(/nonce="[^"]*"/g, '')}`,
      )
      return { status: response.status, text }
    }

    it('every route is in the table above, and nothing else', () => {
      assert.deepEqual(declaredRoutes('dashboard').toSorted(), Object.keys(routes).toSorted())
    })

    for (const [route, attempt] of Object.entries(routes)) {
      if (typeof attempt === 'string') continue
      it(`${route}: what is another’s answers as what is nobody’s, byte for byte`, async () => {
        for (const [asker, owner] of [
          [nora, saul],
          [saul, nora],
        ] as const) {
          if (route.includes('/:slug')) {
            const foreign = await ask(asker, route, owner.belongings.slug, owner.belongings)
            const missing = await ask(asker, route, nobodys.slug, nobodys)
            assert.equal(foreign.status, 404)
            assert.equal(foreign.text, missing.text)
          }
          if (Object.keys(attempt).length > 0) {
            const own = asker.belongings.slug
            const foreign = await ask(asker, route, own, owner.belongings)
            const missing = await ask(asker, route, own, nobodys)
            if (attempt.path) assert.equal(foreign.status, 404)
            assert.equal(foreign.text, missing.text)
          }
        }
      })
    }

    it('every tool answers for another’s entity as for one that is not there', async () => {
      assert.deepEqual(tools.map(({ name }) => name).toSorted(), Object.keys(toolArguments).toSorted())
      for (const [asker, owner] of [
        [nora, saul],
        [saul, nora],
      ] as const) {
        for (const [name, argumentsFor] of Object.entries(toolArguments)) {
          if (!argumentsFor) continue
          const [foreign, missing] = await Promise.all(
            [owner.belongings, nobodys].map(async (of) => {
              const { access_token: token } = asker.tokens
              const text = await (await callTool(server.origin, token, name, argumentsFor(of))).text()
              return text.replaceAll(of.entity, '…').replaceAll(of.entity.slice(-8), '…')
            }),
          )
          assert.equal(foreign, missing, name)
        }
        const whoami = await (await callTool(server.origin, asker.tokens.access_token)).text()
        assert.ok(whoami.includes(asker.belongings.slug) && !whoami.includes(owner.belongings.slug))
      }
    })

    it('resources and completions tell of another’s entity as of one that is not there', async () => {
      const methods: Record<string, (of: Belongings) => object> = {
        'resources/read': ({ entity }) => ({ uri: `architecture://entities/${entity}` }),
        'completion/complete': ({ entity }) => ({
          ref: { type: 'ref/resource', uri: 'architecture://entities/{ref}' },
          argument: { name: 'ref', value: entity.slice(-8) },
        }),
      }
      for (const [method, paramsFor] of Object.entries(methods)) {
        const [foreign, missing] = await Promise.all(
          [saul.belongings, nobodys].map(async (of) => {
            const message = { jsonrpc: '2.0', id: 1, method, params: paramsFor(of) }
            const headers = mcpHeaders(nora.tokens.access_token)
            const text = await (await post(`${server.origin}/mcp/v1`, message, headers)).text()
            return text.replaceAll(of.entity, '…').replaceAll(of.entity.slice(-8), '…')
          }),
        )
        assert.equal(foreign, missing, method)
      }
    })

    it('nothing of either was changed by all of this', async () => {
      for (const { belongings } of [nora, saul]) {
        const membership = await server.domain.members.requireMembership(belongings.user, belongings.slug)
        assert.equal(membership.role, 'owner')
        const session = await server.domain.clientSessions.find(belongings.session)
        assert.equal(session?.ended, undefined)
        assert.equal((await server.domain.sessionBlocks.list(membership)).length, 1)
        assert.ok(await server.store.documents.get('invitation', belongings.invitation))
        assert.equal((await server.domain.passkeys.list(belongings.user))[0]?.name, 'Key')
      }
    })
  })
}
