import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { architectureVisits } from './architecture-visits.ts'
import { prepareForFaults } from './page-faults.ts'
import { send, type Visit, type Visits } from './page-visit.ts'
import type { Person, PopulatedSite } from './populated-site.ts'
import { signInVisits } from './sign-in-visits.ts'

/**
 * Every page, and how it is come by. A new route belongs here, or a test says so: with one visit for each state that
 * looks different, the empty ones and those with an error among them.
 */
export const visits: Visits = {
  ...signInVisits,
  'GET /account': [
    {
      as: 'ada',
      shows: 'Remove it from the device as well',
      first: (page) => page.locator('summary', { hasText: 'Remove' }).click(),
    },
    {
      as: 'eve',
      shows: 'Use at least 10 characters',
      first: (page) => send(page, { current_password: 'wrong', new_password: 'short' }),
    },
  ],
  'GET /account/passkeys/new': [{ as: 'ada', shows: 'Make the passkey' }],
  'GET /account/passkeys/options': 'none: for script',
  'GET /account/sessions': [
    { as: 'ada', shows: 'this browser' },
    {
      as: 'eve',
      shows: 'No client is connected',
      first: (page) => page.locator('summary', { hasText: 'Sign out everywhere' }).click(),
    },
  ],
  'GET /account/sessions/revoke': [
    { as: 'ada', shows: 'Keep it', path: () => '/account/sessions/revoke?match=all' },
  ],
  'GET /account/organizations/new': [
    { as: 'ada', shows: 'You become its owner' },
    {
      as: 'ada',
      shows: 'Another organization has this address',
      first: (page) => send(page, { name: 'Acme', slug: 'acme' }),
    },
  ],
  'GET /organizations/:slug': [
    { as: 'ada', shows: 'At a glance', first: (page) => page.locator('.switcher > summary').click() },
    { as: 'mel', shows: 'live sessions of yours' },
    { as: 'bob', shows: 'No architecture yet', path: () => '/organizations/globex' },
    { as: 'ada', shows: 'One more step', path: () => '/organizations/globex', status: 403 },
    { as: 'ada', shows: 'Restore it', path: () => '/organizations/initech', status: 410 },
    { as: 'mel', shows: 'Ask one of them', path: () => '/organizations/initech', status: 410 },
    { as: 'ada', shows: 'Error 404', path: () => '/organizations/nowhere', status: 404 },
  ],
  ...architectureVisits,
  'GET /organizations/:slug/audit-log': [
    {
      as: 'ada',
      shows: 'whoami',
      first: (page) => page.locator('.facts-of > summary').first().click(),
    },
    {
      as: 'ada',
      shows: 'Nothing matches',
      path: () => '/organizations/acme/audit-log?who=nobody%40example.com&from=2020-01-01&to=2020-01-02',
    },
  ],
  'GET /organizations/:slug/audit-log.csv': 'none: a file',
  'GET /organizations/:slug/audit-log.jsonl': 'none: a file',
  'GET /organizations/:slug/connect': [{ as: 'ada', shows: 'When it does not work' }],
  'GET /organizations/:slug/connect/check': [
    {
      as: 'ada',
      shows: 'Clients that can reach this address can connect',
      first: (page) => page.getByRole('button', { name: 'Check now' }).click(),
    },
  ],
  'GET /organizations/:slug/members': [
    {
      as: 'ada',
      shows: 'works no more',
      first: (page) => page.locator('summary', { hasText: 'Revoke' }).first().click(),
    },
    { as: 'mel', shows: 'You are a member' },
  ],
  'GET /organizations/:slug/members/:id': [
    {
      as: 'ada',
      shows: 'is refused at the next request',
      path: ({ ids }) => `/organizations/acme/members/${ids.user}`,
      first: (page) => page.locator('summary', { hasText: 'Remove' }).click(),
    },
    { as: 'ada', shows: 'Leave Acme', path: ({ ids }) => `/organizations/acme/members/${ids.own}` },
  ],
  'GET /organizations/:slug/members/invite': [
    {
      as: 'ada',
      shows: 'is a member of Acme already',
      first: (page) => send(page, { email: 'mel@example.com', role: 'admin' }),
    },
    {
      as: 'ada',
      shows: 'The link is on its way by mail',
      first: (page) => send(page, { email: 'somebody.else@example.com', role: 'member' }),
    },
  ],
  'GET /organizations/:slug/members/leave': [
    { as: 'mel', shows: 'You come back only by invitation' },
    { as: 'ada', shows: 'Leave Acme?' },
  ],
  'GET /organizations/:slug/service-accounts': [
    { as: 'ada', shows: 'What is wanted of tokens' },
    { as: 'bob', shows: 'No service account', path: () => '/organizations/globex/service-accounts' },
  ],
  'GET /organizations/:slug/service-accounts/new': [{ as: 'ada', shows: 'One for each machine' }],
  'GET /organizations/:slug/service-accounts/:id': [
    {
      as: 'ada',
      shows: 'This cannot be undone',
      path: ({ ids }) => `/organizations/acme/service-accounts/${ids.machine}`,
      first: (page) => page.locator('summary', { hasText: 'Delete' }).click(),
    },
  ],
  'GET /organizations/:slug/service-accounts/:id/trust': [
    {
      as: 'ada',
      shows: 'No job is trusted yet',
      path: ({ ids }) => `/organizations/acme/service-accounts/${ids.machine}/trust`,
    },
  ],
  'GET /organizations/:slug/service-accounts/:id/tokens/new': [
    {
      as: 'ada',
      shows: 'It is shown once, on the next page',
      path: ({ ids }) => `/organizations/acme/service-accounts/${ids.machine}/tokens/new`,
    },
    {
      as: 'ada',
      shows: 'Keep it where your machine keeps secrets',
      path: ({ ids }) => `/organizations/acme/service-accounts/${ids.machine}/tokens/new`,
      first: (page) => send(page, { name: 'nightly' }),
    },
  ],
  'GET /organizations/:slug/service-accounts/:id/tokens/:token/rotate': [
    {
      as: 'ada',
      shows: 'Makes a new token',
      path: ({ ids }) => `/organizations/acme/service-accounts/${ids.machine}/tokens/${ids.token}/rotate`,
    },
  ],
  'GET /organizations/:slug/sessions': [
    {
      as: 'ada',
      shows: 'block this client',
      first: (page) => page.locator('summary', { hasText: 'Revoke' }).first().click(),
    },
    { as: 'ada', shows: 'Nothing matches', path: () => '/organizations/acme/sessions?q=nobody' },
    { as: 'bob', shows: 'No client is connected', path: () => '/organizations/globex/sessions' },
  ],
  'GET /organizations/:slug/sessions/block': [
    {
      as: 'ada',
      shows: 'until you lift the block',
      path: ({ ids }) => `/organizations/acme/sessions/block?subject=client&session=${ids.session}`,
    },
  ],
  'GET /organizations/:slug/sessions/revoke': [
    { as: 'ada', shows: 'Keep them', path: () => '/organizations/acme/sessions/revoke?match=all' },
  ],
  'GET /organizations/:slug/settings': [
    { as: 'ada', shows: 'Delete this organization' },
    { as: 'mel', shows: 'You are a member' },
  ],
  'GET /organizations/:slug/settings/delete': [{ as: 'ada', shows: 'Type Acme to confirm' }],
  'GET /organizations/:slug/settings/sign-in': [
    { as: 'ada', shows: 'Not proved yet' },
    {
      as: 'bob',
      shows: 'Nobody signs in through it any more',
      path: () => '/organizations/globex/settings/sign-in',
      first: (page) => page.locator('summary', { hasText: 'Remove' }).click(),
    },
  ],
}

/** A page that each person of a site comes to, with what their browser keeps. A browser for each would be a process more. */
export async function openPage(browser: Browser, site: PopulatedSite) {
  const context = await browser.newContext()
  context.setDefaultTimeout(10_000)
  await prepareForFaults(context)
  const page = await context.newPage()
  // A page with a secret asks before it is left.
  page.on('dialog', (dialog) => void dialog.accept())
  const kept = new Map<Person, Awaited<ReturnType<typeof context.cookies>>>()
  let present: Person | undefined

  async function come(person: Person): Promise<void> {
    if (person === present) return
    if (present) kept.set(present, await context.cookies())
    await context.clearCookies()
    await context.addCookies(kept.get(person) ?? site.cookiesOf(person))
    present = person
  }

  async function goto(person: Person, path: string) {
    await come(person)
    return page.goto(new URL(path, site.originFor(person)).href)
  }

  return {
    page,
    close: () => context.close(),
    goto,
    /** Goes there and brings the page to its state. @throws {AssertionError} when another page is shown */
    async visit(route: string, { as, path, first, shows, status = 200 }: Visit): Promise<void> {
      const target = path?.(site) ?? route.slice('GET '.length).replace(':slug', 'acme')
      const response = await goto(as, target)
      await first?.(page)
      await waitForText(page, shows)
      if (!first) assert.equal(response?.status(), status, target)
    },
  }
}

/** As a locator does, whose script would take as long to get into each page as the page itself. */
async function waitForText(page: Page, text: string): Promise<void> {
  const until = Date.now() + 10_000
  for (;;) {
    // It is gone in the middle when a form has just been sent.
    const shown = await page.evaluate(() => document.body.innerText).catch(() => '')
    if (shown.replace(/\s+/g, ' ').toLowerCase().includes(text.toLowerCase())) return
    assert.ok(Date.now() < until, `${page.url()} does not show "${text}": ${shown}`)
    await sleep(20)
  }
}
