import type { Page } from 'playwright-core'
import type { Person, PopulatedSite } from './populated-site.ts'

/** A page in one of its states. */
export interface Visit {
  as: Person
  /** What it says in this state, and in no other. */
  shows: string
  /** Absent: the route with acme for its slug. */
  path?: (site: PopulatedSite) => string
  /** Absent: 200. */
  status?: number
  /** Done before it is looked at, such as sending a form with a mistake or opening a menu. */
  first?: (page: Page) => Promise<void>
}

/** A route without a page of its own. */
type Exemption = `none: ${string}`

/** By route; one visit for each state that looks different. */
export type Visits = Record<string, Visit[] | Exemption>

/** Fills fields by name and sends their form, as Enter does. */
export async function send(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`[name=${name}]:not([type=hidden])`)
    if ((await field.count()) > 1) await page.locator(`[name=${name}][value=${value}]`).check()
    else await field.fill(value)
  }
  await page.locator(`[name=${Object.keys(fields)[0]}]:not([type=hidden])`).press('Enter')
}
