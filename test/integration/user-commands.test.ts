import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createBrowser } from '../support/browser.ts'
import { runCommandHere } from '../support/command-line.ts'
import { populate, startServer } from '../support/server.ts'
import { testSecretKey } from '../support/server-process.ts'
import { openAs } from '../support/signed-in-browser.ts'

describe('opentrace users, beside a running server', () => {
  it('makes a link that sets a password once, suspends, and restores', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'opentrace-'))
    const server = await startServer({ environment: { DATA_DIR: dataDir } })
    after(async () => {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    })
    await populate(server)
    const environment = { PUBLIC_URL: server.origin, DATA_DIR: dataDir, SECRET_KEY: testSecretKey }
    const run = (...args: string[]) => runCommandHere(['users', ...args], environment)

    const { code, stdout } = await run('reset-password', 'Mel@example.com')
    assert.equal(code, 0)
    const link = /http\S+/.exec(stdout)?.[0] ?? ''
    const browser = createBrowser(server.origin)
    const form = await browser.open(link)
    assert.match(form.html, /mel@example\.com/)
    const done = await browser.submit(form, { password: 'a password of another kind' })
    assert.match(done.html, /Your password is set/)
    assert.equal((await browser.open(link)).status, 404)

    const ada = await openAs(server.origin, 'ada')
    assert.equal((await run('suspend', 'ada@example.com')).code, 0)
    assert.match((await ada.open('/account')).url, /\/sign-in\?/)
    assert.match((await run('reset-password', 'ada@example.com')).stderr, /is suspended/)
    assert.equal((await run('restore', 'ada@example.com')).code, 0)
    assert.equal((await (await openAs(server.origin, 'ada')).open('/account')).status, 200)

    const unknown = await run('suspend', 'nobody@example.com')
    assert.equal(unknown.code, 1)
    assert.match(unknown.stderr, /no user with the address nobody@example\.com/)
  })
})
