import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { createDomain } from '../../src/domain/domain.ts'
import { openStore } from '../../src/storage/open.ts'
import { raceOnce } from '../faults/race.ts'
import { createBrowser } from '../support/browser.ts'
import {
  authorize,
  callTool,
  exchangeFields,
  post,
  refresh,
  signIn,
  type Tokens,
} from '../support/oauth-client.ts'
import { answerOf, beginSession, post as postMessage, toolCall } from '../support/mcp-endpoint.ts'
import { runCommandHere } from '../support/command-line.ts'
import { redisServerSkipReason, startRedis } from '../support/redis.ts'
import { freePort, password, populate } from '../support/server.ts'
import { runCommand, spawnServer, startRoundRobin, testSecretKey } from '../support/server-process.ts'

const manifest = (name: string, calls: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers: [{ name: main, image: ${name}:1, env: [{ name: TARGET_ADDR, value: "${calls}:80" }] }]
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ port: 80 }] }
`

/** An owner of acme, made as the first command of an operator makes one. */
async function owner(environment: Record<string, string>): Promise<void> {
  const args = ['setup', '--email', 'ada@example.com', '--organization', 'Acme']
  const { code, stderr } = await runCommand(args, environment, `${password}\n`)
  assert.equal(code, 0, stderr)
}

async function laptop() {
  const dataDir = await mkdtemp(join(tmpdir(), 'opentrace-'))
  const port = await freePort()
  after(() => rm(dataDir, { recursive: true, force: true }))
  return {
    origin: `http://localhost:${port}`,
    environment: { PUBLIC_URL: `http://localhost:${port}`, DATA_DIR: dataDir },
  }
}

/** Calls a tool in a protocol session, under a token that may be newer than the session. */
async function callInSession(origin: string, session: Record<string, string>, token: string): Promise<void> {
  const headers = { ...session, authorization: `Bearer ${token}` }
  const response = await postMessage(`${origin}/mcp/v1`, toolCall('whoami'), headers)
  assert.equal(response.status, 200)
  assert.equal((await answerOf(response)).result?.isError ?? false, false)
}

async function tokensOf(response: Response): Promise<Tokens> {
  assert.equal(response.status, 200)
  return (await response.json()) as Tokens
}

describe(
  'two processes on one Redis behind a balancer without stickiness',
  { skip: redisServerSkipReason() },
  () => {
    test('serve one sign-in, its refresh and its revocation together, and either may be killed in between', async () => {
      const redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
      assert.ok(redis)
      const port = await freePort()
      const origin = `http://localhost:${port}`
      const environment = { PUBLIC_URL: origin, REDIS_URL: redis.url, SECRET_KEY: testSecretKey }
      const store = await openStore(parseConfig(environment))
      await populate({ store, domain: createDomain({ store, now: Date.now }) })
      await store.close()
      let [first, second] = await Promise.all([spawnServer(environment), spawnServer(environment)])
      const balancer = await startRoundRobin(port, () => [first.port, second.port])
      after(async () => {
        await balancer.stop()
        await Promise.all([first.stop(), second.stop()])
        await redis.stop()
      })

      // Each page of this sign-in comes from the other process than the one before.
      const grant = await authorize(origin)
      await first.stop('SIGKILL')
      const tokens = await tokensOf(await post(`${origin}/oauth/token`, exchangeFields(grant)))
      assert.equal((await callTool(origin, tokens.access_token)).status, 200)
      const session = await beginSession(`${origin}/mcp/v1`, tokens.access_token)

      first = await spawnServer(environment)
      await second.stop('SIGKILL')
      assert.equal((await callTool(origin, tokens.access_token)).status, 200)
      const renewed = await tokensOf(await refresh(origin, grant.clientId, tokens.refresh_token))
      await callInSession(origin, session, renewed.access_token)

      second = await spawnServer(environment)
      const shared = { origin, clientId: grant.clientId, tokens: renewed }
      for (let round = 0; round < 3; round++) {
        assert.equal(await raceOnce(shared, [first.port, second.port]), undefined)
      }
      const sessions = await grant.browser.open('/organizations/acme/sessions')
      await grant.browser.submit(sessions, {}, /revoke/)
      for (const { port: process } of [first, second]) {
        const direct = await fetch(`http://127.0.0.1:${process}/healthz`)
        assert.equal(direct.status, 200)
        const refused = await callTool(origin, renewed.access_token)
        assert.equal(refused.status, 401, 'the next request is refused on every process')
        assert.match(
          await refused.text(),
          /This session was revoked by its user on .* Run \/mcp to sign in again\./,
        )
      }
      const dead = await refresh(origin, grant.clientId, shared.tokens.refresh_token)
      assert.equal(((await dead.json()) as { error: string }).error, 'invalid_grant')
    })
  },
)

describe('one process on the embedded store', () => {
  test('the first start prints a setup link that works once, and how to connect Claude Code; SIGTERM ends it in order', async () => {
    const { origin, environment } = await laptop()
    const server = await spawnServer({ ...environment, SECRET_KEY: '', PORT: new URL(origin).port })
    after(() => server.stop())
    const [link] = /http:\/\/localhost:\d+\/setup\?token=[\w-]+/.exec(server.output()) ?? []
    assert.ok(link, server.output())
    assert.ok(server.output().includes(`claude mcp add --transport http opentrace ${origin}/mcp/v1`))
    assert.ok(server.output().includes('claude mcp login opentrace'))
    const browser = createBrowser(origin)
    const form = await browser.open(link)
    const fields = {
      name: 'Ada',
      email: 'ada@example.com',
      password,
      organization: 'Acme',
      slug: 'acme',
      sample: 'on',
    }
    const done = await browser.submit(form, fields)
    assert.equal(done.status, 200)
    assert.ok(done.html.includes(`${origin}/mcp/v1`))
    assert.equal((await createBrowser(origin).open(link)).status, 404)
    const tokens = await signIn(origin)
    const answer = await (await callTool(origin, tokens.access_token, 'search_entities')).text()
    assert.match(answer, /total/)

    const stopped = Date.now()
    const exit = server.stop('SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.equal((await fetch(`${origin}/readyz`)).status, 503)
    assert.equal((await callTool(origin, tokens.access_token)).status, 200, 'what still comes is served')
    assert.equal(await exit, 0)
    assert.ok(Date.now() - stopped < 30_000)
    assert.match(server.output(), /"msg":"stopped"/)
  })

  test('kill -9 loses nothing acknowledged, and an import beside the running server is seen by its next answer', async () => {
    const { origin, environment } = await laptop()
    await owner(environment)
    const port = new URL(origin).port
    const killed = await spawnServer({ ...environment, PORT: port })
    const grant = await authorize(origin)
    const first = await signIn(origin)
    const session = await beginSession(`${origin}/mcp/v1`, first.access_token)
    await killed.stop('SIGKILL')
    const server = await spawnServer({ ...environment, PORT: port })
    after(() => server.stop())
    await tokensOf(await post(`${origin}/oauth/token`, exchangeFields(grant)))
    const renewed = await tokensOf(await refresh(origin, first.clientId, first.refresh_token))
    await callInSession(origin, session, renewed.access_token)

    const file = join(environment.DATA_DIR, 'shop.yaml')
    await writeFile(file, `${manifest('shop', 'stock')}---${manifest('stock', 'prices')}`)
    // This process is another one than the server.
    const imported = await runCommandHere(['import', '--organization', 'acme', file], {
      ...environment,
      SECRET_KEY: testSecretKey,
    })
    assert.equal(imported.code, 0, imported.stderr)
    const paths = await (
      await callTool(origin, renewed.access_token, 'find_paths', { from: 'shop', to: 'stock' })
    ).text()
    assert.match(paths, /shop -calls-> stock/)

    await writeFile(file, 'kind: Deployment\nmetadata: {name: x\n')
    const refused = await runCommandHere(['import', '--organization', 'acme', file], {
      ...environment,
      SECRET_KEY: testSecretKey,
    })
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /shop\.yaml:\d+: /)
    const same = await (
      await callTool(origin, renewed.access_token, 'find_paths', { from: 'shop', to: 'stock' })
    ).text()
    assert.match(same, /shop -calls-> stock/, 'a refused import leaves the graph as it was')
  })

  test('wrong variables are all reported at once, and the start is refused', async () => {
    const wrong = {
      PUBLIC_URL: 'http://auth.example.com',
      PORT: 'many',
      REDIS_URL: 'localhost',
      SECRET_KEY: 'short',
    }
    const { code, stderr } = await runCommand(['serve'], wrong)
    assert.equal(code, 1)
    for (const variable of Object.keys(wrong)) assert.match(stderr, new RegExp(`error: ${variable} `))
  })
})
