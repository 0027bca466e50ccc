import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { collectComplaints, findChromium, launchChromium } from '../support/browser-pages.ts'
import { authorizationUrl, claudeCode, pkce } from '../support/oauth-client.ts'
import { password, populate, startServer, type TestServer } from '../support/server.ts'

const executable = findChromium()
const skip = executable === undefined && 'PATH has no Chromium: passkeys were NOT tested in a browser'

/** A platform authenticator that verifies its user, as the lock of a laptop does. */
async function addAuthenticator(page: Page): Promise<{ cdp: CDPSession; authenticatorId: string }> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  })
  return { cdp, authenticatorId }
}

describe('Passkeys in Chromium (WebAuthn Level 3 §7)', { skip }, () => {
  let browser: Browser
  let server: TestServer
  let ahead = 0
  before(async () => {
    browser = await launchChromium(executable ?? '')
    server = await startServer({ now: () => Date.now() + ahead })
    await populate(server)
  })
  after(async () => {
    await browser.close()
    await server.stop()
  })

  it('are added, sign in without a name, go on with an authorization, confirm, and are removed', async () => {
    const context = await browser.newContext()
    try {
      context.setDefaultTimeout(10_000)
      const page = await context.newPage()
      const complaints = collectComplaints(page)
      await addAuthenticator(page)
      await signInWithPassword(page)
      await addPasskey(page)
      await signInWithPasskey(page)
      await authorizeWithPasskey(page)
      assert.deepEqual(complaints, [])
      await removePasskey(page)
      await refuseRemoved(page)
    } finally {
      await context.close()
    }
  })

  it('are refused when their count goes back: they may have been copied (§6.1.1)', async () => {
    const context = await browser.newContext()
    try {
      context.setDefaultTimeout(10_000)
      const page = await context.newPage()
      const { cdp, authenticatorId } = await addAuthenticator(page)
      await signInWithPassword(page)
      await makePasskey(page)
      await signInWithPasskey(page)
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
      const [credential] = credentials
      assert.ok(credential && credential.signCount > 1)
      await cdp.send('WebAuthn.clearCredentials', { authenticatorId })
      await cdp.send('WebAuthn.addCredential', {
        authenticatorId,
        credential: { ...credential, signCount: 0 },
      })
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
      await page.getByRole('alert').filter({ hasText: 'may have been copied' }).waitFor()
    } finally {
      await context.close()
    }
  })

  async function signInWithPassword(page: Page): Promise<void> {
    await page.goto(`${server.origin}/sign-in?return_to=/account`)
    await page.getByLabel('E-mail address').fill('ada@example.com')
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Passkeys' }).waitFor()
  }

  async function addPasskey(page: Page): Promise<void> {
    ahead += 15 * 60_000
    await page.getByRole('link', { name: 'Add a passkey' }).click()
    await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor()
    await page.getByLabel('Password').fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Add a passkey' }).waitFor()
    await page.getByLabel('Name').fill('Laptop of Ada')
    await page.getByRole('button', { name: 'Make the passkey' }).click()
    await page.getByRole('status').filter({ hasText: 'The passkey is added' }).waitFor()
    await page.getByText('never used').waitFor()

    await page.getByRole('link', { name: 'Add a passkey' }).click()
    await page.getByRole('button', { name: 'Make the passkey' }).click()
    await page.getByRole('alert').filter({ hasText: 'already has a passkey' }).waitFor()
  }

  async function makePasskey(page: Page): Promise<void> {
    await page.goto(`${server.origin}/account/passkeys/new`)
    await page.getByRole('button', { name: 'Make the passkey' }).click()
    await page.getByRole('status').filter({ hasText: 'The passkey is added' }).waitFor()
  }

  async function signInWithPasskey(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', { name: 'Organizations' }).waitFor()
    await page.goto(`${server.origin}/account/sessions`)
    await page.getByText('with a passkey').first().waitFor()
  }

  async function authorizeWithPasskey(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/sign-in')
    const redirectUri = 'http://localhost:9/callback'
    const { challenge } = pkce()
    const parameters = { client_id: claudeCode, code_challenge: challenge, redirect_uri: redirectUri }
    await page.goto(authorizationUrl(server.origin, parameters))
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', { name: 'Connect Claude Code' }).waitFor()
  }

  /** A form that comes too late is answered with the question, and done when a passkey answers it. */
  async function removePasskey(page: Page): Promise<void> {
    await page.goto(`${server.origin}/account`)
    ahead += 15 * 60_000
    await page.locator('summary', { hasText: 'Remove' }).press('Enter')
    await page.getByRole('button', { name: 'Remove passkey' }).click()
    await page.getByRole('button', { name: 'Confirm with a passkey' }).click()
    await page.getByRole('status').filter({ hasText: 'The passkey is removed' }).waitFor()
  }
})

async function refuseRemoved(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByRole('alert').filter({ hasText: 'not known here' }).waitFor()
}
