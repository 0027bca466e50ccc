import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { refresh, signIn } from '../support/oauth-client.ts'
import { redisSkipReason, startRedis } from '../support/redis.ts'
import { freePort, password } from '../support/server.ts'
import { mainFile, runCommand, spawnServer, testSecretKey } from '../support/server-process.ts'

/** Tells on SIGUSR2 whether promises have ids, which they only have while somebody follows contexts through them. */
const probe = `
const { executionAsyncId } = require('node:async_hooks')
process.on('SIGUSR2', async () => {
  await null
  console.log('promises are ' + (executionAsyncId() === 0 ? 'untracked' : 'tracked'))
})
`

test(
  'promises are tracked only while somebody signs in or refreshes',
  { skip: redisSkipReason() },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'opentrace-'))
    const redis = await startRedis()
    assert.ok(redis)
    const port = await freePort()
    const origin = `http://localhost:${port}`
    const environment = {
      PUBLIC_URL: origin,
      REDIS_URL: redis.url,
      SECRET_KEY: testSecretKey,
      PORT: String(port),
    }
    const preloaded = join(folder, 'probe.cjs')
    await writeFile(preloaded, probe)
    const setup = ['setup', '--email', 'ada@example.com', '--organization', 'Acme']
    assert.equal((await runCommand(setup, environment, `${password}\n`)).code, 0)
    const server = await spawnServer(environment, ['--require', preloaded, mainFile, 'serve'])
    after(async () => {
      await server.stop()
      await redis.stop()
      await rm(folder, { recursive: true, force: true })
    })

    const { clientId, refresh_token } = await signIn(origin)
    assert.equal((await refresh(origin, clientId, refresh_token)).status, 200)
    server.child.kill('SIGUSR2')
    for (let tries = 0; tries < 200 && !server.output().includes('promises are'); tries += 1) await sleep(25)
    assert.match(server.output(), /promises are untracked/)
  },
)
