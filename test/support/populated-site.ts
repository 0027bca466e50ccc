import assert from 'node:assert/strict'
import { createArchitecture } from '../../src/architecture/architecture.ts'
import { administrationBy } from '../../src/domain/administration.ts'
import { authorizationUrl, callTool, claudeCode, pkce, register, signIn } from './oauth-client.ts'
import { type Browser, createBrowser } from './browser.ts'
import { populate, prepareUser, startServer } from './server.ts'
import { openAs } from './signed-in-browser.ts'

/**
 * Who looks at a page. Ada owns acme, where everything exists, and is a member of globex, which lets members in through
 * its provider only; `early` is Ada where she signed in an hour ago. Bob owns globex, where nothing exists. Mel is a
 * member of acme, Eve of nothing; a guest is not signed in. `first` opens a server that nobody has set up.
 */
export type Person = 'ada' | 'early' | 'bob' | 'mel' | 'eve' | 'guest' | 'first'

/** Two servers in this process and what a visitor needs of them. */
export interface PopulatedSite {
  originFor: (person: Person) => string
  /** For another browser. */
  cookiesOf: (person: Person) => { name: string; value: string; path: string; domain: string }[]
  /** Of Mel and Ada, and of a client session, a service account and its token in acme. */
  ids: { user: string; own: string; session: string; machine: string; token: string }
  /** What stands in links. */
  tokens: { setup: string; reset: string; guest: string; bob: string }
  /** Ids of clients that only claim their names; one of them has its redirect URI on the web. */
  clients: { stranger: string; web: string }
  /** Where a client sends the browser to; each request is a new one. */
  authorization: (parameters?: Record<string, string>) => string
  stop: () => Promise<void>
}

const hour = 60 * 60 * 1000
const longAddress = 'theodora.maximiliane.von-hohenfels@subsidiary.example-corporation.com'

/** A server with something of every kind, made through the domain, and one that was just started. */
export async function startPopulatedSite(): Promise<PopulatedSite> {
  let ago = 0
  const proofs: string[] = []
  const now = () => Date.now() - ago
  const server = await startServer({
    now,
    mailer: { isConfigured: true, send: () => Promise.resolve() },
    resolveTxt: () => Promise.resolve([proofs]),
    environment: {
      OIDC_ISSUER: 'https://login.example.com',
      OIDC_CLIENT_ID: 'opentrace',
      OIDC_CLIENT_SECRET: 'a secret',
      OIDC_NAME: 'Example Login',
    },
  })
  const unused = await startServer()
  const { domain, store, origin } = server
  ago = 8 * 24 * hour
  const { ada, mel, acme } = await populate(server)
  const asAda = { id: ada.id, address: '127.0.0.1' }
  const theo = prepareUser(domain, {
    email: longAddress,
    name: 'Theodora Maximiliane von Hohenfels-Wittgenstein',
  })
  const eve = prepareUser(domain, { email: 'eve@example.com', name: 'Eve' })
  const member = domain.members.prepare(acme.id, theo.user.id, 'member')
  await store.documents.commit([theo.change, eve.change, member])
  const own = await domain.members.requireMembership(ada.id, 'acme')
  await domain.invitations.invite(own, asAda, { email: `expired.${longAddress}`, role: 'admin' })

  ago = hour
  const early = await openAs(origin, 'ada')
  await createArchitecture({ blobs: store.blobs, now }).importSample(acme.id)
  await deleteOrganization()
  const browsers = { ada: await openAs(origin, 'ada'), mel: await openAs(origin, 'mel') }
  const stranger = await register(origin, { client_name: 'A client with a rather long name of its own' })
  const tokens = await signIn(origin, { clientId: claudeCode, browser: browsers.ada })
  await callTool(origin, tokens.access_token)
  await signIn(origin, { clientId: stranger, browser: browsers.mel })
  const blocked = { kind: 'client', clientId: 'https://blocked.example/' } as const
  const by = { userId: ada.id, address: '127.0.0.1' }
  await domain.sessionBlocks.block(own, by, { subject: blocked, label: 'Blocked client' })
  const passkey = { credentialId: 'a', publicKey: '', signCount: 0, transports: [], isSynchronized: true }
  await domain.passkeys.add(ada, { ...passkey, name: 'Key of the laptop' }, '127.0.0.1')

  ago = 0
  const signedIn: Record<Person, Browser> = {
    early,
    ada: await openAs(origin, 'ada'),
    bob: await openAs(origin, 'bob'),
    mel: browsers.mel,
    eve: await openAs(origin, 'eve'),
    guest: createBrowser(origin),
    first: createBrowser(unused.origin),
  }
  await requireProvider(signedIn.bob)
  await signedIn.ada.submit(
    await signedIn.ada.open('/organizations/acme/settings/sign-in'),
    { domain: 'example.com' },
    /\/domain$/,
  )
  const guest = await domain.invitations.invite(own, asAda, { email: 'guest@example.com', role: 'member' })
  const forBob = await domain.invitations.invite(own, asAda, { email: 'bob@example.com', role: 'member' })
  const administration = administrationBy(own, ada, '127.0.0.1')
  const machine = await domain.serviceAccounts.create(administration, { name: 'ci', description: '' })
  const form = { name: 'deploy', expiry: { choice: '30', date: '' }, addresses: '' } as const
  const { token } = await domain.apiTokenIssue.issue(administration, machine, form)
  const [session] = await domain.clientSessions.listLive('organization', acme.id)
  assert.ok(session)

  /** An organization of Ada and Mel, which Ada has deleted. */
  async function deleteOrganization(): Promise<void> {
    const name = { name: 'Initech', slug: 'initech' }
    const { id } = await domain.organizationNames.create(ada, name, { actor: { kind: 'operator' } })
    await store.documents.commit([domain.members.prepare(id, mel.id, 'member')])
    const membership = await domain.members.requireMembership(ada.id, 'initech')
    await domain.organizationDeletion.remove(membership, 'Initech', asAda)
  }

  /** Makes a provider the only way into globex for its members. */
  async function requireProvider(owner: Browser): Promise<void> {
    const settings = '/organizations/globex/settings/sign-in'
    const named = await owner.submit(await owner.open(settings), { domain: 'globex.example' }, /\/domain$/)
    proofs.push(/opentrace-verification=[\w-]+/.exec(named.html)?.[0] ?? '')
    const proved = await owner.submit(named, {}, /\/verify$/)
    await owner.submit(
      proved,
      {
        name: 'Globex ID',
        issuer: 'https://id.globex.example',
        client_id: 'opentrace',
        client_secret: 'secret',
        is_required: 'yes',
      },
      /\/provider$/,
    )
  }

  function authorization(parameters: Record<string, string> = {}): string {
    const all = { client_id: claudeCode, code_challenge: pkce().challenge, ...parameters }
    return authorizationUrl(origin, all)
  }

  return {
    ids: { user: mel.id, session: session.id, own: ada.id, machine: machine.id, token: token.id },
    tokens: {
      setup: await unused.domain.firstRun.issueToken(),
      reset: await domain.passwordResets.issue(ada, hour),
      guest: guest.token,
      bob: forBob.token,
    },
    clients: {
      stranger,
      web: await register(origin, { client_name: 'Web client', redirect_uris: ['https://app.example/done'] }),
    },
    authorization,
    originFor: (person: Person) => (person === 'first' ? unused.origin : origin),
    cookiesOf: (person: Person) =>
      [...signedIn[person].cookies].map(([name, cookie]) => ({ ...cookie, name, domain: 'localhost' })),
    async stop() {
      await server.stop()
      await unused.stop()
    },
  }
}
