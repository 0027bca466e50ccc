import assert from 'node:assert/strict'
import type { Browser, Page } from './browser.ts'

/** Invites an address through the page; gives the link that is shown, or the page that refuses. */
export async function invite(
  browser: Browser,
  email: string,
  role = 'member',
  organization = 'acme',
): Promise<{ page: Page; link: string }> {
  const form = await browser.open(`/organizations/${organization}/members/invite`)
  const page = await browser.submit(form, { email, role }, /\/invite$/)
  return { page, link: linkOn(page) }
}

/** As {@link invite}, where nothing may refuse. */
export async function requireLink(browser: Browser, email: string, role = 'member'): Promise<string> {
  const { page, link } = await invite(browser, email, role)
  assert.equal(page.status, 200, page.html)
  assert.notEqual(link, '')
  return link
}

/** The invitation link that a page shows; empty when there is none. */
export function linkOn({ html }: Page): string {
  return /<pre id="link"[^>]*>([^<]+)</.exec(html)?.[1] ?? ''
}
