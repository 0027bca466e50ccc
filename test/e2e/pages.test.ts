/// <reference lib="dom" />

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import {
  collectComplaints,
  findChromium,
  launchChromium,
  listenForCallback,
} from '../support/browser-pages.ts'
import { declaredRoutes } from '../support/declared-routes.ts'
import { authorizationUrl, claudeCode, pkce } from '../support/oauth-client.ts'
import { createFaultFinder } from '../support/page-faults.ts'
import { openPage, visits } from '../support/page-visits.ts'
import { type PopulatedSite, startPopulatedSite } from '../support/populated-site.ts'
import { password, startServer, type TestServer } from '../support/server.ts'

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
        // Whatever is a form is sent without script in the tests of the dashboard.
        if (javaScriptEnabled) {
          await lookAround(page, server)
          await inviteMember(page, server)
          await generateToken(page, server)
        }
        await revokeSession(page, server)
        assert.deepEqual(complaints, [])
      } finally {
        await context.close()
        await callback.stop()
        await server.stop()
      }
    })
  }

  it('stand in the list of visits, each route of it', () => {
    const routes = [...declaredRoutes('dashboard'), ...declaredRoutes('authorization-server')]
    const pages = routes.filter((route) => route.startsWith('GET '))
    assert.deepEqual(Object.keys(visits).toSorted(), pages.toSorted())
  })

  describe('in each of their states', () => {
    let site: PopulatedSite
    let visitor: Awaited<ReturnType<typeof openPage>>
    before(async () => {
      site = await startPopulatedSite()
      visitor = await openPage(browser, site)
    })
    after(async () => {
      await visitor.close()
      await site.stop()
    })

    it('pass axe-core, fit 360 px and show where the focus is, light and dark', async () => {
      const faults: string[] = []
      const { findFaults } = createFaultFinder()
      for (const [route, ofRoute] of Object.entries(visits)) {
        if (typeof ofRoute === 'string') continue
        for (const visit of ofRoute) {
          await visitor.visit(route, visit)
          faults.push(
            ...(await findFaults(visitor.page)).map((fault) => `${route} (${visit.shows}): ${fault}`),
          )
        }
      }
      assert.deepEqual(faults, [])
    })

    it('are at fault where a text is too pale, though the same page passed before', async () => {
      const { page, goto } = visitor
      const { findFaults } = createFaultFinder()
      await goto('guest', '/sign-in')
      assert.deepEqual(await findFaults(page), [])
      await page.evaluate(() => {
        document.querySelector('h1')?.style.setProperty('color', 'rgb(153 153 153)')
      })
      const [fault, ...more] = await findFaults(page)
      assert.match(fault ?? '', /^light, 1440 px: serious color-contrast: <h1/)
      assert.deepEqual(more, [])
    })

    it('are walked through with Tab alone, from the skip link to the last button', async () => {
      const { page, goto } = visitor
      await page.setViewportSize({ width: 1440, height: 800 })
      await goto('ada', '/organizations/acme/sessions')
      await page.keyboard.press('Tab')
      assert.equal(await page.locator(':focus').textContent(), 'Skip to content')
      assert.ok(((await page.locator(':focus').boundingBox())?.y ?? -1) >= 0, 'the skip link is seen')
      const stops = page
        .locator('a, button, input:not([type=hidden]), select, summary')
        .filter({ visible: true })
      for (const stop of (await stops.all()).slice(1)) {
        // A date has a stop for each of its parts.
        while (await page.locator('input[type=datetime-local]:focus').count()) {
          await page.keyboard.press('Tab')
          if (await stop.evaluate((element) => element === document.activeElement)) break
        }
        if (await stop.evaluate((element) => element === document.activeElement)) continue
        await page.keyboard.press('Tab')
        assert.ok(
          await stop.evaluate((element) => element === document.activeElement),
          `Tab reaches ${await stop.evaluate((element) => element.outerHTML)}`,
        )
      }
    })

    it('skip to the content, and open and close the menu of organizations, with the keyboard', async () => {
      const { page, goto } = visitor
      await goto('ada', '/organizations/acme/sessions')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.keyboard.press('Tab')
      assert.equal(await page.locator(':focus').getAttribute('type'), 'search')

      const menu = page.locator('.switcher')
      await menu.locator('summary').focus()
      await page.keyboard.press('Enter')
      await page.keyboard.press('Tab')
      assert.match((await page.locator(':focus').textContent()) ?? '', /^Globex/)
      await page.keyboard.press('Escape')
      assert.equal(await menu.getAttribute('open'), null)
      assert.ok(await menu.locator('summary:focus').isVisible())
    })
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
  await fillSetup(page, { password })
  await page.keyboard.press('Enter')
  await page.waitForURL('**/organizations/acme/connect')
}

async function connect(page: Page, script: boolean): Promise<void> {
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
  await page.goto(`${server.origin}/organizations/acme`)
  await page.getByLabel('E-mail address').focus()
  await page.keyboard.type('ada@example.com')
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/organizations/acme')
  await page.getByRole('link', { name: 'Connect Claude Code' }).waitFor()
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
  await page.getByRole('searchbox').fill('gateway')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/architecture/entities?q=gateway')
  await page.getByRole('link', { name: 'gateway', exact: true }).click()
  await page.getByRole('heading', { name: 'Is depended on by' }).waitFor()
  await page.goto(`${server.origin}/organizations/acme/connect`)
  await page.getByRole('heading', { name: 'VS Code', exact: true }).click()
  await page.locator('#vscode-file').waitFor()
  await page.getByRole('link', { name: 'Check the connection' }).click()
  await page.getByRole('button', { name: 'Check now' }).click()
  await page.getByText('Clients that can reach this address can connect').waitFor()
}

async function inviteMember(page: Page, server: TestServer): Promise<void> {
  const people = `${server.origin}/organizations/acme/members`
  await page.goto(people)
  await page.getByRole('link', { name: 'Invite somebody' }).press('Enter')
  await page.getByRole('textbox', { name: 'E-mail address' }).fill('bob@example.com')
  await page.getByRole('radio', { name: /^Admin/ }).check()
  await page.getByRole('button', { name: 'Invite' }).press('Enter')
  await page.getByRole('heading', { name: 'bob@example.com is invited as admin' }).waitFor()
  const link = (await page.locator('#link').textContent()) ?? ''
  await page.goto(link)
  await page.getByText('You are signed in as ada@example.com').waitFor()

  const bob = await (await page.context().browser()?.newContext())?.newPage()
  assert.ok(bob)
  await bob.goto(link)
  await bob.getByLabel('Your name').fill('Bob')
  await bob.getByLabel('Password').fill(password)
  await bob.keyboard.press('Enter')
  await bob.getByRole('status').filter({ hasText: 'You are a member here now' }).waitFor()
  await bob.context().close()

  await page.goto(people)
  await page.getByRole('link', { name: 'Manage bob@example.com' }).click()
  await page.locator('summary', { hasText: 'Remove Bob' }).press('Enter')
  await page.getByRole('button', { name: 'Remove bob@example.com' }).press('Enter')
  await page.getByRole('status').filter({ hasText: 'The member is removed' }).waitFor()
}

async function generateToken(page: Page, server: TestServer): Promise<void> {
  await page.goto(`${server.origin}/organizations/acme/settings`)
  await page.getByRole('navigation', { name: 'Main' }).getByText('Service accounts').click()
  await page.getByRole('link', { name: 'Create service account' }).click()
  await page.getByLabel('Name').fill('ci-checkout')
  await page.keyboard.press('Enter')
  await page.getByText('No live token').waitFor()
  await page.getByRole('link', { name: 'Generate token' }).first().click()
  await page.getByLabel('Name').fill('GitHub Actions')
  await page.keyboard.press('Enter')
  await page.getByText('Copy the token now.').waitFor()
  const token = await page.locator('#token').textContent()
  await page.locator('summary', { hasText: 'Done' }).press('Enter')
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await page.getByRole('link', { name: 'Rotate GitHub Actions' }).waitFor()
  await page.goto(`${server.origin}/leaked-token`)
  await page.getByLabel('Token', { exact: true }).fill(token ?? '')
  await page.getByRole('button', { name: 'Revoke this token' }).click()
  await page.getByText('The token is revoked.').waitFor()
}

async function revokeSession(page: Page, server: TestServer): Promise<void> {
  await page.goto(`${server.origin}/account/sessions`)
  await page.getByText('this browser', { exact: true }).waitFor()

  await page.goto(`${server.origin}/organizations/acme/settings/sign-in`)
  await page.getByLabel('What stands after the @').fill('example.com')
  await page.keyboard.press('Enter')
  await page.getByText('Not proved yet').waitFor()

  await page.goto(`${server.origin}/organizations/acme/sessions`)
  await page.getByLabel('Kind of client').selectOption('Verified')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('checkbox', { name: 'Select Claude Code of ada@example.com' }).check()
  await page.getByRole('button', { name: 'Revoke selected' }).click()
  await page.getByRole('heading', { name: 'Revoke 1 session of yours?' }).waitFor()
  await page.getByRole('link', { name: 'Keep it' }).click()

  await page.locator('summary', { hasText: 'Revoke' }).press('Enter')
  await page.getByRole('link', { name: 'block this client' }).click()
  await page.getByRole('heading', { name: 'Block Claude Code?' }).waitFor()
  await page.getByRole('link', { name: 'Cancel' }).click()

  await page.locator('summary', { hasText: 'Revoke' }).press('Enter')
  await page.getByText('stops working at its next request').waitFor()
  await page.getByRole('button', { name: 'Revoke session of yours' }).press('Enter')
  await page.getByRole('status').filter({ hasText: '1 session revoked' }).waitFor()
  await page.getByRole('heading', { name: 'No client is connected' }).waitFor()
}
