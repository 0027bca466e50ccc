import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import {
  assertWellMade,
  collectComplaints,
  findChromium,
  launchChromium,
  listenForCallback,
} from '../support/browser-pages.ts'
import { authorizationUrl, claudeCode, pkce } from '../support/oauth-client.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'

const executable = findChromium()
const skip = executable === undefined && 'PATH has no Chromium: the pages were NOT tested in a browser'

describe('The pages in Chromium', { skip }, () => {
  let browser: Browser
  before(async () => {
    browser = await launchChromium(executable ?? '')
  })
  after(() => browser.close())

  for (const javaScriptEnabled of [true, false]) {
    it(`lead from setup to a revoked session ${javaScriptEnabled ? 'with' : 'without'} script`, async () => {
      const server = await startServer()
      const callback = await listenForCallback()
      const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 1440, height: 800 } })
      try {
        context.setDefaultTimeout(10_000)
        const page = await context.newPage()
        const complaints = collectComplaints(page)
        await setUp(page, server)
        await connect(page, javaScriptEnabled)
        await signOutAndIn(page, server)
        await authorizeClient(page, server, callback.redirectUri)
        await lookAround(page, server)
        await inviteMember(page, server)
        await revokeSession(page, server)
        assert.deepEqual(complaints, [])
      } finally {
        await context.close()
        await callback.stop()
        await server.stop()
      }
    })
  }

  it('keep a mistake apart from the page: errors stand beside fields and in their own page', async () => {
    const server = await startServer()
    const page = await browser.newPage()
    try {
      await page.goto(`${server.origin}/setup?token=${await server.domain.firstRun.issueToken()}`)
      await fillSetup(page, { password: 'too short' })
      await page.getByRole('button').click()
      const field = page.getByLabel('Password')
      assert.equal(await field.getAttribute('aria-invalid'), 'true')
      const note = page.locator(`#${await field.getAttribute('aria-describedby')}`)
      assert.match((await note.textContent()) ?? '', /at least 10 characters/)
      assert.equal(await page.getByLabel('E-mail address').inputValue(), 'ada@example.com')
      await assertWellMade(page)

      await page.goto(`${server.origin}/organizations/nowhere/else`)
      await assertWellMade(page)
      await page.goto(`${server.origin}/setup?token=wrong`)
      await page.getByText('setup link is not valid').waitFor()
      await assertWellMade(page)

      const { ada } = await populate(server)
      await page.goto(`${server.origin}/sign-in`)
      await page.getByRole('link', { name: 'Sign in with your organization' }).click()
      await page.getByLabel('E-mail address').fill('ada@example.com')
      await page.keyboard.press('Enter')
      await page.getByText('No organization here has connected a provider').waitFor()
      await assertWellMade(page)
      await page.goto(`${server.origin}/forgot-password`)
      await page.getByText('This server sends no mail').waitFor()
      await assertWellMade(page)
      const token = await server.domain.passwordResets.issue(ada, 60_000)
      await page.goto(`${server.origin}/reset-password?token=${token}`)
      await page.getByLabel('New password').fill('too short')
      await page.keyboard.press('Enter')
      await page.getByText('Use at least 10 characters').waitFor()
      await assertWellMade(page)
    } finally {
      await page.close()
      await server.stop()
    }
  })
})

async function fillSetup(page: Page, fields: { password: string }): Promise<void> {
  await page.getByRole('group', { name: 'You', exact: true }).getByLabel('Name').fill('Ada Lovelace')
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByLabel('Password').fill(fields.password)
  await page
    .getByRole('group', { name: 'Your organization' })
    .getByLabel('Name', { exact: true })
    .fill('Acme')
  await page.getByLabel('Add the sample architecture').check()
}

async function setUp(page: Page, server: TestServer): Promise<void> {
  await page.goto(`${server.origin}/setup?token=${await server.domain.firstRun.issueToken()}`)
  await assertWellMade(page)
  await fillSetup(page, { password })
  await page.keyboard.press('Enter')
  await page.waitForURL('**/organizations/acme/connect')
}

async function connect(page: Page, script: boolean): Promise<void> {
  await assertWellMade(page)
  const copy = page.getByRole('button', { name: 'Copy' }).first()
  assert.equal(await copy.isVisible(), script)
  if (!script) return
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await copy.click()
  await page
    .getByRole('status')
    .filter({ hasText: 'Copied to the clipboard.' })
    .first()
    .waitFor({ state: 'attached' })
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(
    copied,
    /^claude mcp add --transport http opentrace http:\S+\/mcp\/v1 && claude mcp login opentrace$/,
  )
}

async function signOutAndIn(page: Page, server: TestServer): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL('**/sign-in')
  await assertWellMade(page)
  await page.goto(`${server.origin}/organizations/acme`)
  await page.getByLabel('E-mail address').focus()
  await page.keyboard.type('ada@example.com')
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/organizations/acme')
  await page.getByRole('link', { name: 'Connect Claude Code' }).waitFor()
  await assertWellMade(page)
}

/** Ends at the loopback callback, which Chromium reaches only if `form-action` names its origin (CSP Level 3 §6.3.1). */
async function authorizeClient(page: Page, server: TestServer, redirectUri: string): Promise<void> {
  const { challenge } = pkce()
  await page.goto(
    authorizationUrl(server.origin, {
      client_id: claudeCode,
      code_challenge: challenge,
      redirect_uri: redirectUri,
    }),
  )
  await page.getByRole('heading', { name: 'Connect Claude Code' }).waitFor()
  await assertWellMade(page)
  const [cancel, allow] = await Promise.all(
    ['Cancel', 'Allow'].map((name) => page.getByRole('button', { name }).boundingBox()),
  )
  assert.deepEqual([cancel?.width, cancel?.height], [allow?.width, allow?.height])
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.waitForURL(`${redirectUri}?**`)
  assert.ok(new URL(page.url()).searchParams.has('code'))
}

async function lookAround(page: Page, server: TestServer): Promise<void> {
  await page.goto(`${server.origin}/`)
  await page.keyboard.press('Tab')
  assert.equal(await page.locator(':focus').textContent(), 'Skip to content')
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Architecture' }).click()
  await assertWellMade(page)
  await page.getByRole('searchbox').fill('gateway')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/architecture?q=gateway&kind=')
  await page.getByRole('link', { name: 'gateway', exact: true }).click()
  await page.getByRole('heading', { name: 'Is depended on by' }).waitFor()
  await assertWellMade(page)
  await page.goto(`${server.origin}/organizations/acme/connect`)
  await page.getByRole('heading', { name: 'VS Code', exact: true }).click()
  await page.locator('#vscode-file').waitFor()
  await assertWellMade(page)
  await page.getByRole('link', { name: 'Check the connection' }).click()
  await page.getByRole('button', { name: 'Check now' }).click()
  await page.getByText('Clients that can reach this address can connect').waitFor()
  await assertWellMade(page)
}

async function inviteMember(page: Page, server: TestServer): Promise<void> {
  const people = `${server.origin}/organizations/acme/members`
  await page.goto(people)
  await page.getByRole('link', { name: 'Invite somebody' }).press('Enter')
  await page.getByRole('textbox', { name: 'E-mail address' }).fill('bob@example.com')
  await page.getByRole('radio', { name: /^Admin/ }).check()
  await assertWellMade(page)
  await page.getByRole('button', { name: 'Invite' }).press('Enter')
  await page.getByRole('heading', { name: 'bob@example.com is invited as admin' }).waitFor()
  await assertWellMade(page)
  const link = (await page.locator('#link').textContent()) ?? ''
  await page.goto(link)
  await page.getByText('You are signed in as ada@example.com').waitFor()
  await assertWellMade(page)

  const bob = await (await page.context().browser()?.newContext())?.newPage()
  assert.ok(bob)
  await bob.goto(link)
  await assertWellMade(bob)
  await bob.getByLabel('Your name').fill('Bob')
  await bob.getByLabel('Password').fill(password)
  await bob.keyboard.press('Enter')
  await bob.getByRole('status').filter({ hasText: 'You are a member here now' }).waitFor()
  await bob.context().close()

  await page.goto(people)
  await assertWellMade(page)
  await page.getByRole('link', { name: 'Manage bob@example.com' }).click()
  await assertWellMade(page)
  await page.locator('summary', { hasText: 'Remove Bob' }).press('Enter')
  await page.getByRole('button', { name: 'Remove bob@example.com' }).press('Enter')
  await page.getByRole('status').filter({ hasText: 'The member is removed' }).waitFor()
}

async function revokeSession(page: Page, server: TestServer): Promise<void> {
  await page.goto(`${server.origin}/account/sessions`)
  await page.getByText('this browser', { exact: true }).waitFor()
  await assertWellMade(page)

  await page.goto(`${server.origin}/organizations/acme/settings/sign-in`)
  await page.getByLabel('What stands after the @').fill('example.com')
  await page.keyboard.press('Enter')
  await page.getByText('Not proved yet').waitFor()
  await assertWellMade(page)

  await page.goto(`${server.origin}/organizations/acme/sessions`)
  await page.getByLabel('Kind of client').selectOption('Verified')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('checkbox', { name: 'Select Claude Code of ada@example.com' }).check()
  await page.getByRole('button', { name: 'Revoke selected' }).click()
  await page.getByRole('heading', { name: 'Revoke 1 session of yours?' }).waitFor()
  await assertWellMade(page)
  await page.getByRole('link', { name: 'Keep it' }).click()

  await page.locator('summary', { hasText: 'Revoke' }).press('Enter')
  await page.getByRole('link', { name: 'block this client' }).click()
  await page.getByRole('heading', { name: 'Block Claude Code?' }).waitFor()
  await assertWellMade(page)
  await page.getByRole('link', { name: 'Cancel' }).click()

  await page.locator('summary', { hasText: 'Revoke' }).press('Enter')
  await page.getByText('stops working at its next request').waitFor()
  await assertWellMade(page)
  await page.getByRole('button', { name: 'Revoke session of yours' }).press('Enter')
  await page.getByRole('status').filter({ hasText: '1 session revoked' }).waitFor()
  await page.getByRole('heading', { name: 'No client is connected' }).waitFor()
  await assertWellMade(page)
}
