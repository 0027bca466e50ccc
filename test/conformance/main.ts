import { createBrowser } from '../support/browser.ts'
import { register, signIn, signInAt } from '../support/oauth-client.ts'
import { freePort, populate, startServer } from '../support/server.ts'
import { startTokenProxy } from '../support/token-proxy.ts'
import { runRequiredScenarios } from './required-scenarios.ts'
import { findRunner, type RunResult, type Runner } from './runner.ts'

/** Scenarios of the official suite that need no fixture tools and so run against the product itself, by protocol revision. */
const serverScenarios = {
  '2025-11-25': [
    'server-initialize',
    'server-session-lifecycle',
    'ping',
    'tools-list',
    'dns-rebinding-protection',
  ],
  '2026-07-28': [
    'tools-list',
    'dns-rebinding-protection',
    'http-header-validation',
    'input-required-result-unsupported-methods',
  ],
}

const run = await findRunner()
let failures = 0
await runRequiredScenarios(run, report)
const proxyPort = await freePort()
const origin = `http://localhost:${proxyPort}`
const server = await startServer({ environment: { PUBLIC_URL: origin } })
const proxy = await startTokenProxy({ port: proxyPort, target: server.port, path: '/mcp/v1' })
try {
  await populate(server)
  proxy.useToken((await signIn(origin)).access_token)
  report('authorization', await runAuthorization(run))
  for (const [revision, scenarios] of Object.entries(serverScenarios)) {
    for (const scenario of scenarios) {
      const args = ['--url', server.mcpUrl, '--spec-version', revision, '--scenario', scenario]
      report(`server ${revision} ${scenario}`, await run(['server', ...args]))
    }
  }
  process.exitCode = failures === 0 ? 0 : 1
} finally {
  await proxy.stop()
  await server.stop()
}

function report(name: string, { passed, output }: RunResult): void {
  console.log(`${passed ? 'pass' : 'FAIL'} ${name}`)
  if (passed) return
  failures++
  console.log(output)
}

/** The runner prints an authorization URL and waits for its callback; this is the person at the browser. */
async function runAuthorization(runner: Runner): Promise<RunResult> {
  const port = await freePort()
  const callback = `http://127.0.0.1:${port}/callback`
  const clientId = await register(origin, { redirect_uris: [callback] })
  const args = ['--url', origin, '--client-id', clientId, '--resource', server.mcpUrl, '--port', String(port)]
  return runner(['authorization', ...args, '--spec-version', '2026-07-28'], (line) => {
    if (!line.startsWith(`${origin}/oauth/authorize?`)) return
    void allow(line)
      // Else the runner would wait for five minutes.
      .catch(
        (error: unknown) => `${callback}?error=failed&error_description=${encodeURIComponent(String(error))}`,
      )
      .then((answer) => fetch(answer))
  })
}

async function allow(authorizationUrl: string): Promise<string> {
  const browser = createBrowser(origin)
  const consent = await signInAt(browser, await browser.open(authorizationUrl))
  const { url } = await browser.submit(consent, { organization: 'acme', decision: 'allow' })
  return url
}
