import { type Browser, createBrowser } from './browser.ts'
import { password } from './server.ts'

/** A browser in which one of the people of `populate` is signed in to the dashboard. */
export async function openAs(origin: string, name: string): Promise<Browser> {
  const browser = createBrowser(origin)
  await browser.submit(await browser.open('/sign-in'), { email: `${name}@example.com`, password })
  return browser
}
